import type { Finding, WorkloadId } from '../base/index.ts'

/** What a workload is to the mesh; decides its wave. */
export type MeshRole = 'control-plane' | 'ztunnel' | 'gateway' | 'sidecar'

/** `namespace/name` of a Flux Kustomization. */
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
  /** `release` is `namespace/name` of the HelmRelease object, which the workload's `definition` points to. */
  | { readonly kind: 'helm-release'; readonly controller: ControllerId; readonly release: string; readonly chart: string }
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
  readonly hindrance: 'paused' | 'on-delete' | null
  /** The restart that its definition in Git carries; `null` if it carries none. Whatever applies the definition brings it back. */
  readonly carried: string | null
}

/** A Flux Kustomization, as far as the order of things depends on it. */
export interface Controller {
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
  /** The Secret with the SOPS keys that it unseals with; `null` if it unseals nothing, or with the controller's own keys. */
  readonly decryptsWith: string | null
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

/** What one cluster's controller applies, as Git shows it. Parsed documents are not kept. */
export interface Discovery {
  readonly cluster: string
  /** Workloads of the mesh, sorted by namespace, kind, name. */
  readonly workloads: readonly Workload[]
  /** Workloads outside the mesh, with the reason. */
  readonly outside: readonly { readonly id: WorkloadId; readonly why: string; readonly definition: Site }[]
  readonly namespaces: readonly NamespaceFact[]
  readonly opaque: readonly Opaque[]
  readonly controllers: readonly Controller[]
  readonly istio: readonly IstioRelease[]
  readonly cacerts: readonly CacertsSite[]
  readonly findings: readonly Finding[]
}

/** A cluster whose Flux syncs this repository, as `flux bootstrap` or the like left it. */
export interface FluxCluster {
  /** The last part of the path as a DNS-1123 label: `clusters/prod` → `prod`; with the part before it where two would be alike. */
  readonly name: string
  readonly path: string
  /** The namespace of the source and its Kustomization, usually `flux-system`. */
  readonly namespace: string
  readonly source: { readonly kind: string; readonly name: string }
  /** The branch that the source reads; `null` if it is not a branch. */
  readonly branch: string | null
  readonly url: string | null
  readonly site: Site
}
