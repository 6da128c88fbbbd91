import type { RestartList, StateId } from '../src/rotation/index.ts'

/** What one cluster's directory is rendered from. */
export interface ClusterProps {
  /** `prod` */
  readonly cluster: string
  /** `mesh-ca/clusters/prod`, relative to the repository's root. */
  readonly directory: string
  /** `istio-system` */
  readonly istioNamespace: string
  readonly controller: {
    readonly type: 'flux'
    /** Of reroot's Kustomizations: `flux-system`. */
    readonly namespace: string
    readonly source: { readonly kind: string; readonly name: string }
    /** The Secret with the cluster's age key; people create it. */
    readonly ageKeySecret: string
    /** Whom Flux impersonates when it applies; `null`: itself. */
    readonly serviceAccountName: string | null
  }
  readonly gates: {
    /** An image with `kubectl` on its PATH; it needs no shell. */
    readonly image: string
    /** An image with `kubectl` and a POSIX shell, for namespaces that Git does not show; `null`: there are none. */
    readonly shellImage: string | null
    readonly timeoutMinutes: number
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
  /** `null`: steady after `init`, nothing restarts. */
  readonly step: RestartList | null
}
