import type { ControllerId, Destination, Site } from './types.ts'

/** A cluster that syncs this repository, as `init` finds it. */
export type SyncedCluster = FluxCluster | ArgocdCluster

/** A cluster whose Flux syncs this repository, as `flux bootstrap` or the like left it. */
export interface FluxCluster {
  readonly type: 'flux'
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

/** A cluster that Argo CD's Applications of this repository apply to. */
export interface ArgocdCluster {
  readonly type: 'argocd'
  /** The destination's name as a DNS-1123 label. */
  readonly name: string
  /** Folders (or files) of this repository with the Applications, ApplicationSets and projects that lead to the cluster. */
  readonly paths: readonly string[]
  /** Argo CD's own namespace, where Applications live: usually `argocd`. */
  readonly namespace: string
  /** This repository, as the Applications name it. */
  readonly repoURL: string
  /** The branch that they read; `null`: the remote's default branch (`HEAD`). */
  readonly branch: string | null
  /** The project of the Application that delivers the control plane. */
  readonly project: string
  readonly destination: Destination
  /** Labels of Argo CD's cluster Secret, as far as Git shows them. */
  readonly labels: Readonly<Record<string, string>>
  /** Where a file with one more Application would be picked up, and by which Application; `null`: nothing in Git applies Applications. */
  readonly register: { readonly file: string; readonly by: ControllerId } | null
  readonly site: Site
}
