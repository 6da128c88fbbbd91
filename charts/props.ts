import type { RestartList, StateId } from '../src/rotation/index.ts'

/** A cluster that Flux applies. */
export interface FluxProps {
  readonly type: 'flux'
  /** Of reroot's Kustomizations: `flux-system`. */
  readonly namespace: string
  readonly source: { readonly kind: string; readonly name: string }
  /** The Secret with the cluster's age key; people create it. `null`: Flux unseals with its own identity, at a KMS. */
  readonly ageKeySecret: string | null
  /** Whom Flux impersonates when it applies; `null`: itself. */
  readonly serviceAccountName: string | null
}

/** A cluster that Argo CD applies. */
export interface ArgocdProps {
  readonly type: 'argocd'
  /** Of reroot's Application: `argocd`. */
  readonly namespace: string
  /** Its name: `mesh-ca-prod`. */
  readonly application: string
  readonly project: string
  readonly repoURL: string
  /** The branch that it reads. */
  readonly branch: string
  readonly destination: { readonly name: string } | { readonly server: string }
}

/** What people have said of the Jobs' pods; where they have not, nothing is written. */
export interface PodProps {
  /** Secrets in istiod's namespace. */
  readonly imagePullSecrets: readonly string[]
  readonly nodeSelector: Readonly<Record<string, string>>
  readonly tolerations: readonly {
    readonly key?: string
    readonly operator: 'Equal' | 'Exists'
    readonly value?: string
    readonly effect?: string
  }[]
  /** And the group; `null`: the cluster says who. */
  readonly runAsUser: number | null
}

/** What one cluster's directory is rendered from. */
export interface ClusterProps {
  /** `prod` */
  readonly cluster: string
  /** `mesh-ca/clusters/prod`, relative to the repository's root. */
  readonly directory: string
  /** `istio-system` */
  readonly istioNamespace: string
  readonly controller: FluxProps | ArgocdProps
  readonly gates: {
    /** An image with `kubectl` on its PATH; it needs no shell. */
    readonly image: string
    /** An image with `kubectl` and a POSIX shell, for namespaces that Git does not show; `null`: there are none. */
    readonly shellImage: string | null
    /** How long Flux waits for a link at a time. */
    readonly timeoutMinutes: number
    /** After how long a Job fails under Argo CD, and the sync with it. */
    readonly deadlineMinutes: number
    readonly pod: PodProps
  }
  readonly cacerts: {
    /** Path of the live sealed Secret. */
    readonly file: string
    readonly managed: 'own' | 'in-place'
  }
  /** What `mesh-ca-state` says after this step. */
  readonly state: StateId
  /** Text of `root-cert.pem` before and after the step; `null`: not checked. */
  readonly roots: { readonly before: string | null; readonly after: string | null }
  /**
   * `replace`: mutual TLS is broken until the last workload has restarted, so behind the control plane no wave waits for the rollouts of the one
   * before; the last gate waits for all of them.
   */
  readonly breaksMutualTls: boolean
  /** `null`: steady after `init`, nothing restarts. */
  readonly step: RestartList | null
}
