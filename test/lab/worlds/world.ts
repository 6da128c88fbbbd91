import type { KeyAlgorithm } from '../../../src/pki/index.ts'
import type { Cluster } from '../cluster.ts'
import type { Handshakes } from '../emulator/handshakes.ts'
import type { Mesh, MeshOptions } from '../emulator/index.ts'
import type { Gitea } from '../gitea.ts'
import type { Journal } from '../journal.ts'
import type { Operator } from '../operator.ts'

/** One cluster of a mesh. */
export interface Member {
  readonly cluster: Cluster
  readonly mesh: Mesh
  readonly journal: Journal
}

/** An example alive: its clusters, its controller, a forge, an operator, and a mesh in which everybody talks to everybody. */
export interface World {
  readonly members: readonly Member[]
  readonly gitea: Gitea
  readonly operator: Operator
  readonly handshakes: Handshakes
  /** The controller looks at the repository now. */
  refresh(): Promise<void>
  /** The controller looks at once. @returns when it has applied the commit everywhere. @throws with what it says, if it has not in time. */
  applied(commit: string, seconds?: number): Promise<void>
  /** Ends everything, and removes the folder, with all keys in it. @param keep the logs stay, without an owner: nobody removes them. */
  stop(keep?: boolean): Promise<void>
}

export interface WorldWishes {
  /** `ISTIO_MULTIROOT_MESH` of istiod. */
  readonly multiRoot?: boolean
  /** Of the CA that was made by hand. */
  readonly algorithm?: KeyAlgorithm
  readonly mesh?: MeshOptions
  /** How many namespaces are added to the example's, and how many workloads to each. */
  readonly namespaces?: number
  readonly workloadsEach?: number
  /** An upper bound; `usualHandshakesPerSecond` unless said. A round that somebody waits for has none. */
  readonly handshakesPerSecond?: number
}

/** Each costs some two milliseconds of a core. */
export const usualHandshakesPerSecond = 20
