/** The closed list of findings: id and title. An id is `area/kebab`, and never changes its meaning. */
export const findingTitles = {
  // YAML files of any kind
  'yaml/encoding': 'a file is not UTF-8, holds NUL bytes, or is larger than 5 MiB',
  'yaml/syntax': 'a file is not valid YAML as Kubernetes reads it',
  // reroot.yaml
  'config/schema': 'reroot.yaml has an unknown key, a missing key, or a value of the wrong shape',
  'config/rule': 'values of reroot.yaml contradict each other',
  // what reroot.yaml says of the mesh
  'mesh/ztunnel': 'a ztunnel that cannot trust two roots at once',
  'mesh/ca-provider': 'workload certificates are not signed by istiod',
  // how a restart reaches a workload
  'restart/owner': 'the chosen delivery is not possible for this owner',
  'restart/unregistered': 'Flux does not pick up what reroot writes',
  'restart/control-plane': 'the control plane would not be restarted',
  'restart/carried': 'the owner would take back what a Job patches',
  'restart/paused': 'a paused Deployment does not replace its pods',
  'restart/on-delete': 'an OnDelete workload does not replace its pods',
  'restart/shell-image': 'no image with a shell is configured',
  'restart/unseen': 'workloads of the mesh that Git does not show',
  // what is in a Secret cacerts
  'ca/cacerts': 'a Secret cacerts that reroot cannot take over',
  'ca/roots': 'root-cert.pem holds roots that are not accounted for',
  'ca/preflight': 'istiod would not take the bundle, or the mesh would break on it',
  // mesh.yaml, record.yaml, restarts.yaml
  'record/schema': 'a file of the record has the wrong shape',
  'record/certificate': 'a fact in the record differs from its certificate',
  'record/bundle': 'the trusted roots do not give the bundle of the record',
  'record/secret': 'the live Secret is not the one that the record describes',
  'record/phase': 'the state in the record does not follow from its transitions',
  // .sops.yaml and sealed files
  'sops/config': 'a .sops.yaml that cannot be read as sops means it',
  'sops/regex': 'a regular expression of .sops.yaml does not compile as RE2',
  'sops/recipient': 'a rule of .sops.yaml names no recipient, or one that is not valid',
  'sops/nested-config': 'a .sops.yaml nearer to a file gives it another rule than the one that reroot follows',
  'sops/no-rule': 'no rule of .sops.yaml covers a file to be sealed',
  'sops/document': 'a sealed file is malformed',
  'sops/settings': 'a sealed file has other recipients or settings than its rule',
  'sops/clear-value': 'a value of a sealed file that must be encrypted is not',
  'sops/encrypted-kind': 'apiVersion, kind or metadata of a sealed object is encrypted',
  // what must never be committed
  'guard/private-key': 'a private key in the clear',
  'guard/age-identity': 'an age identity in the clear',
  'guard/clear-secret': 'a Secret with a value in the clear',
  'guard/unreadable': 'a file to be committed that the guard cannot read',
  // what Flux applies
  'flux/hidden': 'the source of the cluster’s Flux leaves out what reroot writes',
  'flux/source': 'the source from which Flux syncs is not a Git repository',
  'flux/no-kustomization': 'no Flux Kustomization in Git syncs a path of the cluster',
  'flux/path-missing': 'a Flux Kustomization builds a folder that does not exist',
  'flux/suspended': 'a Flux Kustomization is suspended',
  'flux/remote-cluster': 'a Flux Kustomization applies to another cluster',
  'flux/duplicate': 'two files define one Flux Kustomization',
  // how the repository builds its manifests
  'workloads/not-an-object': 'a YAML document is not a Kubernetes object',
  'workloads/template': 'a file holds template markers where YAML is expected',
  'workloads/variable': 'a variable stands where a name or a label is expected, and Git does not show its value',
  'workloads/chart-folder': 'a folder that Flux reads as manifests holds a Helm chart',
  'workloads/kustomization': 'a kustomization file that kustomize would refuse',
  'workloads/kustomization-unread': 'a kustomization uses a field whose effect reroot cannot follow',
  'workloads/missing-file': 'a kustomization names a file or folder that does not exist',
  'workloads/remote-resource': 'a kustomization reads something that is not in this repository',
  'workloads/outside-repository': 'a path of a kustomization leaves the repository',
  'workloads/cycle': 'a kustomization includes itself',
  'workloads/patch': 'a patch that kustomize would refuse',
  'workloads/duplicate': 'one object is defined twice in a build',
  'workloads/two-owners': 'two Flux Kustomizations apply the same object',
  // what is in the mesh
  'workloads/foreign-source': 'a Flux Kustomization applies what is not in this repository',
  'workloads/namespace-missing': 'a workload has no namespace',
  'workloads/namespace-unknown': 'Git does not show the labels of a namespace on which injection depends',
  'workloads/namespace-stated': 'reroot.yaml states other labels of a namespace than Git shows',
  'workloads/revision-unknown': 'a label names a revision of Istio that is not known',
  'workloads/helm-values': 'values of a HelmRelease come from where Git does not show them',
  'workloads/helm-chart': 'the chart of a HelmRelease cannot be told from Git',
  'workloads/opaque': 'a meshed namespace holds workloads that Git does not show',
  'workloads/ca-provider': 'a component that signs workload certificates in place of istiod',
  'workloads/not-restartable': 'a kind of workload in the mesh that reroot cannot restart',
  'workloads/job': 'a Job or CronJob in the mesh',
} as const

export type FindingId = keyof typeof findingTitles
