import type { Finding, Place, WorkloadId } from '../base/index.ts'

/** What a workload is to the mesh; decides its wave. */
export type MeshRole = 'control-plane' | 'ztunnel' | 'gateway' | 'sidecar'

/** `namespace/name` of a Flux Kustomization, or of an Argo CD Application. */
export type ControllerId = string

/**
 * Whoever defines a workload. `undeliverable` is set, in words, if an annotation written there would not reach the pod template:
 * a later patch drops it, or no name-bound patch can address the workload. Such a workload needs the `job` delivery.
 */
export type Owner =
  /** A manifest in a folder without a kustomization: `definition` can be edited in place. */
  | { readonly kind: 'yaml'; readonly controller: ControllerId; readonly undeliverable?: string }
  /** Built by kustomize. `component` is what a Component listed in the overlay would have to name. */
  | {
      readonly kind: 'kustomize'
      readonly controller: ControllerId
      /** The kustomization file that the controller builds, e.g. `apps/overlays/eu/kustomization.yaml`. */
      readonly kustomization: string
      /** The workload's name and namespace as a Component of that kustomization sees them: after the bases, before its own prefix and namespace. */
      readonly component: { readonly name: string; readonly namespace: string | null }
      readonly undeliverable?: string
    }
  /** A Helm chart. `by` is the object that installs it, which the workload's `definition` points to: `HelmRelease istio-system/istiod`, `Application argocd/istiod`. */
  | { readonly kind: 'chart'; readonly controller: ControllerId; readonly by: string; readonly chart: string }
  /** Nobody in this repository: `reroot.yaml` states it. */
  | { readonly kind: 'elsewhere'; readonly controller: null }

/** Where something is written. `document` counts from 0, `line` from 1. */
export interface Site {
  readonly file: string
  readonly document: number
  readonly line: number
  /** Position in `items`, if the document is a List. */
  readonly item?: number
}

/** A workload of the mesh, as Git shows it. */
export interface Workload {
  readonly id: WorkloadId
  readonly cluster: string
  readonly role: MeshRole
  /** Why it is in the mesh, in words: `namespace shop has istio-injection=enabled`. */
  readonly rule: string
  readonly owner: Owner
  readonly definition: Site
  /** Why a restart patch alone would not replace its pods; `null` if it would. */
  readonly hindrance: 'paused' | 'on-delete' | 'partition' | null
  /** Whether a pod of it ends before the one that takes its place is ready. `undefined`: Git does not show its definition. */
  readonly gap?: boolean
  /** The restart that its definition in Git carries; `null` if it carries none. Whatever applies the definition brings it back. */
  readonly carried: string | null
  /** Argo CD's sync wave of the object; 0 where none is written, and under Flux. */
  readonly syncWave: number
  /** Whether its owner replaces the whole object whenever it syncs (Argo CD's `Replace=true`), so that a Job's patch is lost. */
  readonly replaced: boolean
}

/** A controller object, as far as the order of things depends on it. */
export type Controller = FluxKustomizationFacts | ArgocdApplicationFacts

/** A Flux Kustomization. */
export interface FluxKustomizationFacts {
  readonly type: 'flux'
  readonly id: ControllerId
  readonly name: string
  readonly namespace: string
  readonly site: Site
  /** The folder that it builds, relative to the repository's root. */
  readonly path: string
  readonly source: { readonly kind: string; readonly name: string; readonly namespace: string }
  readonly dependsOn: readonly ControllerId[]
  readonly wait: boolean
  readonly suspended: boolean
  /** How it unseals what SOPS has sealed; `null` if it does not. Without a Secret of keys Flux does it with its own identity. */
  readonly decryption: { readonly secret: string | null } | null
}

/** An Argo CD Application that applies to the cluster. */
export interface ArgocdApplicationFacts {
  readonly type: 'argocd'
  readonly id: ControllerId
  readonly name: string
  readonly namespace: string
  readonly site: Site
  readonly project: string
  /** Its folders in this repository, relative to the root; none if all its sources are elsewhere. */
  readonly paths: readonly string[]
  /** What its sources say beside repository, revision and path, e.g. `kustomize`; and `sources`, if there are several. */
  readonly sourceSettings: readonly string[]
  /** A revision of this repository that is not the branch; `null` if it follows the branch. */
  readonly fixedRevision: string | null
  /** It syncs by itself. */
  readonly automated: boolean
  /** Of `spec.syncPolicy.automated`. */
  readonly prune: boolean
  readonly selfHeal: boolean
  readonly allowEmpty: boolean
  readonly syncOptions: readonly string[]
  /** How often a sync that failed is repeated; negative: without an end. */
  readonly retryLimit: number
  /** It has rules of `spec.ignoreDifferences`. */
  readonly ignoresDifferences: boolean
  /** `ApplyOutOfSyncOnly=true`: a retry passes over what a failed wave has applied already. */
  readonly outOfSyncOnly: boolean
  /** `spec.sourceHydrator`: what it renders is pushed to a branch in the clear. */
  readonly hydrated: boolean
}

/** A cluster as Argo CD names it in `spec.destination`; at least one of the two is known. */
export interface Destination {
  readonly name: string | null
  readonly server: string | null
}

/** What Argo CD's own objects in Git allow and set. */
export interface ArgocdSettings {
  readonly projects: readonly ArgocdProject[]
  /** `kustomize.buildOptions` of the ConfigMap argocd-cm, or of the argo-cd chart's values; `null`: Git does not show it. */
  readonly buildOptions: { readonly text: string; readonly site: Site } | null
}

/** An AppProject: what its Applications may apply, and where. Patterns are globs; one that starts with `!` denies. */
export interface ArgocdProject {
  readonly name: string
  readonly site: Site
  readonly sourceRepos: readonly string[]
  readonly destinations: readonly { readonly name: string | null; readonly server: string | null; readonly namespace: string | null }[]
  /** Empty: no cluster-scoped kind is allowed. */
  readonly clusterAllowed: readonly GroupKind[]
  readonly clusterDenied: readonly GroupKind[]
  /** `null`: every kind is allowed. */
  readonly namespacedAllowed: readonly GroupKind[] | null
  readonly namespacedDenied: readonly GroupKind[]
}

export interface GroupKind {
  readonly group: string
  readonly kind: string
}

/** A HelmRelease of one of Istio's charts, with the values that a rotation depends on. */
export interface IstioRelease {
  readonly chart: 'base' | 'istiod' | 'cni' | 'ztunnel' | 'gateway'
  readonly release: string
  readonly namespace: string
  readonly site: Site
  /** As written, e.g. `1.30.3` or `1.30.x`; `null` if Git does not show it. */
  readonly version: string | null
  readonly revision: string
  readonly multiRoot: boolean
  readonly trustDomain: string | null
  /** What signs workload certificates: `istiod`, or the words of the value that says otherwise (an external CA, istio-csr). */
  readonly caProvider: string
}

/** How long workload certificates live, by a value in Git. */
export interface CertificateLifetime {
  /** Rounded up. */
  readonly hours: number
  /** The value, in words. */
  readonly found: string
  readonly place: Place
}

/** A Secret named `cacerts`, wherever Git shows one. */
export interface CacertsSite {
  readonly site: Site
  readonly namespace: string | null
  readonly controller: ControllerId
  /** `sops`: sealed; `clear`: the key is in Git for all to read; `other`: made by something else (SealedSecret, ExternalSecret, secretGenerator …). */
  readonly form: 'sops' | 'clear' | 'other'
  /** The kind that was found, for `other`. */
  readonly kind: string
  /** How many documents its file has. */
  readonly documents: number
  /** Argo CD's sync wave of the Secret; 0 where none is written. */
  readonly syncWave: number
  /** The kustomization by which KSOPS unseals it; `null`: it is listed under `resources`, as Flux wants it. */
  readonly ksops: string | null
  /** How its owner deletes it once it is no longer in Git, in words; `null`: it never does. */
  readonly pruned: string | null
}

/** A namespace with its labels; `null` if Git does not show it and `reroot.yaml` does not state it. */
export interface NamespaceFact {
  readonly name: string
  readonly labels: Readonly<Record<string, string>> | null
  readonly site: Site | null
  /** At least one workload of it is in the mesh, or its labels put pods in it. */
  readonly meshed: boolean
}

/** Something in a meshed namespace whose workloads Git does not show. */
export interface Opaque {
  readonly namespace: string
  readonly owner: string
  readonly site: Site
}

/** A doubt about members of the mesh that `reroot.yaml` settles now. What a step restarted that was planned before, its frozen list says. */
export interface Settled {
  readonly finding: Finding
  /** What settles it, one being enough: namespaces whose meshed workloads are restarted, and workloads as `Kind/namespace/name`. */
  readonly by: readonly string[]
}

/** What makes pods that hold no certificate of the mesh of their own, of any kind, and why they do not. */
export interface Outsider {
  readonly id: { readonly kind: string; readonly namespace: string; readonly name: string }
  readonly why: string
  readonly definition: Site
}

/** What one cluster's controller applies, as Git shows it. Parsed documents are not kept. */
export interface Discovery {
  readonly cluster: string
  /** Workloads of the mesh, sorted by namespace, kind, name. */
  readonly workloads: readonly Workload[]
  /** Sorted like the workloads. */
  readonly outside: readonly Outsider[]
  readonly namespaces: readonly NamespaceFact[]
  readonly opaque: readonly Opaque[]
  readonly settled: readonly Settled[]
  readonly controllers: readonly Controller[]
  readonly istio: readonly IstioRelease[]
  /** How long workload certificates live, wherever Git says so. */
  readonly certificateLifetimes: readonly CertificateLifetime[]
  readonly cacerts: readonly CacertsSite[]
  /** `null` under Flux. */
  readonly argocd: ArgocdSettings | null
  readonly findings: readonly Finding[]
}
