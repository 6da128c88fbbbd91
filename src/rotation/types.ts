import type { WorkloadId } from '../base/index.ts'

/** `g1`, `g2` …: a root CA of the mesh. A number is used once, ever. */
export type GenerationId = string

/** `g2-staged`, `g2-staged.2`: names one transition of the mesh, never used twice. */
export type RestartId = string

/** `g1-steady`, `g2-staged`, `g2-promoted`, `g2-steady`: which sealed Secret is the live one. */
export type StateId = string

/** How a restart reaches a workload. `none`: it is not restarted, its certificates expire. */
export type Delivery = 'job' | 'owner' | 'merge' | 'none'

/** One line of the frozen list. */
export interface RestartEntry {
  readonly workload: WorkloadId
  readonly delivery: Delivery
  /** `expire` with delivery `none`. */
  readonly drain: 'restart' | 'expire'
  /** The file of the repository that carries the restart, for `owner`. */
  readonly file: string | null
  /** JSON pointer of the place in that file, for readers. */
  readonly at: string | null
  readonly why: string
  /** The workload's `spec.selector.matchLabels`, for `merge` under Flux. */
  readonly selector?: Readonly<Record<string, string>>
}

/** An ordered group of restarts. */
export interface Wave {
  /** DNS-1123 label: `control-plane`, `gateways`, `default`, `default-2`, a tier's name. */
  readonly name: string
  readonly restarts: readonly RestartEntry[]
  /** Namespaces whose workloads Git does not show: the wave's Job restarts what is meshed there at that moment. */
  readonly namespaces: readonly string[]
}

/** A wave of the step before, without what that step left to expire and what is gone since. */
export interface EntryWave {
  readonly name: string
  /** Workloads that must carry the id of the step before and have rolled out: with `job` the entry gate sees to it, else it waits. */
  readonly restarts: readonly { readonly workload: WorkloadId; readonly delivery: Exclude<Delivery, 'none'> }[]
  /** Namespaces in which all that is meshed must carry that id. */
  readonly namespaces: readonly string[]
}

/** What must be true in the cluster before the step may change the Secret. */
export interface EntryGate {
  /** The state that the cluster is in before the step. */
  readonly state: StateId
  /** The restart id of the step before; `null` after `init`. */
  readonly id: RestartId | null
  /** What the step before restarts, in its order: the entry gate finishes what is left of it. Waves without work are left out. */
  readonly waves: readonly EntryWave[]
  /**
   * `false` on a way back: it is enough that the cluster is in the state, or in the one that the step leads to; what is stuck on the
   * way there must not hold the way back. Otherwise `istio-ca-root-cert` must hold the state's roots in every namespace of the mesh.
   */
  readonly roots?: false
}

/** restarts.yaml: the frozen list of the present step. */
export interface RestartList {
  readonly id: RestartId
  /** `null` for `replace`, and for a way back where the step before was seen to be complete: nothing holds it, also not a step before that is stuck. */
  readonly entry: EntryGate | null
  /** Namespaces of the mesh: in each of them `istio-ca-root-cert` must hold the state's roots. Sorted. */
  readonly namespaces: readonly string[]
  readonly waves: readonly Wave[]
}
