import { writeYaml } from '../base/index.ts'
import type { IstioRelease } from '../workloads/index.ts'
import { branchPrefixFor, schemaName } from './layout.ts'

export interface ScaffoldFlux {
  readonly type: 'flux'
  readonly namespace: string
  readonly source: { readonly kind: string; readonly name: string }
  /** The age key Secret that other Kustomizations of the cluster name already, else `sops-age`; `null`: Flux unseals at a KMS, and needs none. */
  readonly ageKeySecret: string | null
}

export interface ScaffoldArgocd {
  readonly type: 'argocd'
  readonly namespace: string
  readonly project: string
  readonly repoURL: string
  readonly destination: { readonly name?: string; readonly server?: string }
  /** Of the cluster Secret, as Git shows them. */
  readonly labels: Readonly<Record<string, string>>
  /** The Application that picks up the register file; `null`: nothing in Git does. */
  readonly registeredBy: string | null
}

/** What `init` found out about a cluster, for the comments of `reroot.yaml`. */
export interface ScaffoldCluster {
  readonly name: string
  readonly paths: readonly string[]
  /** Where the sync is defined: `file:line`. */
  readonly syncAt: string
  readonly istioNamespace: string
  readonly version: string
  readonly versionAt: string
  readonly revisions: readonly string[]
  /** Deployments of istiod that Git does not show. */
  readonly istiod: readonly string[]
  readonly multiRoot: boolean
  readonly ztunnel: string | null
  readonly caProvider: IstioRelease['caProvider']
  readonly cacerts: { readonly file: string; readonly managed: 'own' | 'in-place' }
  readonly controller: ScaffoldFlux | ScaffoldArgocd
  readonly register: string
  readonly meshed: readonly { readonly namespace: string; readonly workloads: number; readonly why: string }[]
}

export interface Scaffold {
  /** reroot's directory. */
  readonly directory: string
  readonly mesh: string
  readonly trustDomain: string
  readonly remote: string
  readonly branch: string
  readonly extraRoots: readonly string[]
  /** The longest that a workload certificate lives, and where Git says so; `null`: nowhere. */
  readonly certificateHours: { readonly hours: number; readonly at: string } | null
  readonly clusters: readonly ScaffoldCluster[]
  /** Meshed namespaces with workloads that Git does not show, and whose they are. */
  readonly unseen: readonly { readonly namespace: string; readonly owner: string; readonly at: string }[]
}

/** The text of a first `reroot.yaml`: everything that was found, with where it was found, and what may be set. */
export function scaffoldConfig(scaffold: Scaffold): string {
  const { unseen, certificateHours } = scaffold
  return `# yaml-language-server: $schema=${schemaName}
# How reroot rotates the CA of this mesh. People write this file; \`reroot init\` found what is in it.
# Every key, its values and its default: docs/configuration.md in the repository of reroot. Unknown keys are errors.
version: 1
mesh: ${scalar(scaffold.mesh)} # the O= of every new certificate
trustDomain: ${scalar(scaffold.trustDomain)}
git: ${flow({ remote: scaffold.remote, branch: scaffold.branch, branchPrefix: branchPrefixFor(scaffold.directory) })} # branch: the one that the controllers read
pki: # of new generations; what the mesh has now is in ${scaffold.directory}/mesh.yaml
  algorithm: rsa-4096 # rsa-2048 | rsa-3072 | rsa-4096 | ecdsa-p256 | ecdsa-p384
  root: ${flow({ days: 3650, custody: 'sealed' })} # sealed: ${scaffold.directory}/roots/<generation>.sops.yaml, for its custodians | discard
  intermediate: ${flow({ days: 1825 })}
  backdateMinutes: 60
  renewBeforeDays: 180 # \`reroot status\` warns from then on
  workloadCertificateHours: ${certificateHours?.hours ?? 24} # the longest that a workload certificate lives${certificateHours === null ? '' : `: ${certificateHours.at}`}
extraRoots: ${
    scaffold.extraRoots.length === 0
      ? '[]'
      : `\n${scaffold.extraRoots
          .map((path) => `  - ${scalar(path)}\n`)
          .join('')
          .trimEnd()}`
  } # PEM files of foreign roots, trusted in every phase
clusters: # who can unseal is in .sops.yaml, not here
${scaffold.clusters.map(clusterText).join('')}restarts:
  delivery: auto # auto | job | owner | merge
  drain: ${flow({ stage: 'restart', promote: 'restart', retire: 'restart' })} # restart | expire: wait until certificates have expired
  # Meshed namespaces whose workloads Git does not show: a Job restarts whatever is meshed there. Needs gates.shellImage.
${unseen.map((one) => `  #   ${one.namespace}: ${one.owner} (${one.at})\n`).join('')}  namespaces: ${list([...new Set(unseen.map((one) => one.namespace))].toSorted())}
  tiers: [] # restarted last, in this order: [{ name: payments, namespaces: [payments, ledger] }]
  maxWorkloadsPerWave: 50
  # First match wins: { match: Deployment/legacy/*, drain: expire, reason: "leaves the mesh in March" }
  rules: []
gates:
  image: "registry.k8s.io/kubectl:v1.34.3" # has kubectl on its PATH; no shell needed
  shellImage: null # ${unseen.length === 0 ? 'has kubectl and sh: only for restarts.namespaces' : 'set it before `reroot stage`: an image that has kubectl and sh, for restarts.namespaces above'}
${gateTimes(scaffold.clusters)}pullRequests: auto # auto | one | per-wave | per-cluster
`
}

function clusterText(cluster: ScaffoldCluster): string {
  const { istioNamespace: namespace, version, revisions, istiod, multiRoot, ztunnel, caProvider } = cluster
  const meshed = cluster.meshed
    .map((one) => `    #   ${one.namespace}: ${one.workloads} ${one.workloads === 1 ? 'workload' : 'workloads'}, ${one.why}\n`)
    .join('')
  return `  - name: ${scalar(cluster.name)}
    paths: ${list(cluster.paths)} # ${cluster.controller.type === 'flux' ? "what this cluster's Flux syncs" : 'where its Applications are'}: ${cluster.syncAt}
    controlPlane: own
    # Istio: ${cluster.versionAt}
    # istiod: names of its Deployments, only where Git does not show them${istiod.length === 0 ? '' : ': check them with `kubectl get deployments -l app=istiod`'}
    istio: ${flow({ namespace, version, revisions, istiod, multiRoot, ztunnel, caProvider })}
    # ${cluster.cacerts.managed === 'own' ? `The Secret is delivered by reroot’s own ${cluster.controller.type === 'flux' ? 'Kustomization' : 'Application'}.` : 'The Secret is delivered by whoever does so now; reroot changes its bytes.'}
    cacerts: ${flow(cluster.cacerts)}
    controller:
${controllerText(cluster)}    # Meshed namespaces that were found:
${meshed === '' ? '    #   none\n' : meshed}    namespaces: [] # labels of namespaces that Git does not show: [{ name: legacy, labels: { istio-injection: enabled } }]
    workloads: [] # of the mesh, that nobody in Git defines: [{ workload: Deployment/istio-ingress/gateway, role: gateway }]
`
}

/** Each controller has its own way to wait. */
function gateTimes(clusters: readonly ScaffoldCluster[]): string {
  const has = (type: 'flux' | 'argocd'): boolean => clusters.some(({ controller }) => controller.type === type)
  return [
    ...(has('flux') ? ['  timeoutMinutes: 5 # Flux takes no newer commit while a gate waits; the Jobs wait on regardless\n'] : []),
    ...(has('argocd')
      ? ['  deadlineMinutes: 60 # then a Job fails, and the sync of Argo CD with it, which takes no newer commit while it runs\n']
      : []),
  ].join('')
}

function controllerText({ controller, register }: ScaffoldCluster): string {
  const reference = `      register: ${scalar(register)} # the one reference to reroot's directory`
  if (controller.type === 'flux') {
    return `      type: flux
      namespace: ${scalar(controller.namespace)}
      source: ${flow(controller.source)}
${reference}
      ageKeySecret: ${
        controller.ageKeySecret === null
          ? 'null # Flux unseals with its own identity, at a KMS'
          : `${scalar(controller.ageKeySecret)} # people create it; the pull request of init says how`
      }
      serviceAccountName: null # whom Flux impersonates, where it is locked down
`
  }
  const { namespace, project, repoURL, destination, labels, registeredBy } = controller
  return `      type: argocd
      namespace: ${scalar(namespace)} # Argo CD's own
      project: ${scalar(project)}
      repoURL: ${scalar(repoURL)} # this repository, as Argo CD knows it
      destination: ${flow(destination)}
      labels: ${flow(labels)} # of Argo CD's Secret for the cluster: only where an ApplicationSet asks for them
${reference}; ${registeredBy === null ? 'nothing in Git picks it up: apply it once' : `${registeredBy} picks it up`}
      unseal: ksops
`
}

function scalar(text: string): string {
  return writeYaml(text).trim()
}

function list(items: readonly string[]): string {
  return items.length === 0 ? '[]' : `[${items.map(scalar).join(', ')}]`
}

function flow(value: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(value).map(
    ([key, item]) =>
      `${scalar(key)}: ${Array.isArray(item) ? list(item as string[]) : typeof item === 'string' ? scalar(item) : String(item)}`,
  )
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}
