import type { StepFacts } from './evidence.ts'
import { compareIds } from './ids.ts'
import { takenBackBy } from './phase.ts'
import type { Step } from './phase.ts'
import { lastTransition } from './record.ts'
import type { RestartId } from './types.ts'

/** How far a step is merged. Clusters that a way back spares are neither in `begun` nor in `pending`. */
export interface Progress {
  /** Clusters that have taken it. */
  readonly begun: readonly StepFacts[]
  /** Those that have not, and are to. */
  readonly pending: readonly StepFacts[]
  /** Its id, if a cluster has taken it. */
  readonly id: RestartId | null
}

/**
 * Which clusters have taken the step already, so that the others take it under the same id.
 * @param anew a step that can follow itself begins anew once every cluster has taken the last one, though restarts of it are left.
 * @returns `null` if the clusters have taken it under different ids, of which none is simply ahead.
 */
export function progressOf(step: Step, all: readonly StepFacts[], anew = false): Progress | null {
  const spared = sparedBy(step, all)
  const clusters = all.filter((cluster) => !spared.includes(cluster))
  const ids = new Set(clusters.flatMap(({ record }) => (lastTransition(record)?.step === step ? [lastTransition(record)?.id ?? ''] : [])))
  if (ids.size === 0) return { begun: [], pending: clusters, id: null }

  // Of a step that can follow itself, the newest is the one that all who have it took after what the others took last.
  const newest = [...ids].filter((id) => clusters.every((cluster) => isAt(id, cluster) || !hasTaken(id, cluster)))
  const [id, ...others] = newest
  // Some cluster has gone on from each of them: what is asked for is a new one.
  if (id === undefined && canFollowItself(step)) return { begun: [], pending: clusters, id: null }
  if (id === undefined || others.length > 0 || (ids.size > 1 && !canFollowItself(step))) return null
  const begun = clusters.filter((cluster) => isAt(id, cluster))
  if (canFollowItself(step) && isComplete(id, clusters, anew ? () => true : areRestartsMerged))
    return { begun: [], pending: clusters, id: null }
  return { begun, pending: clusters.filter((cluster) => !begun.includes(cluster) && !hasJoined(cluster, step, begun)), id }
}

/**
 * Clusters that a way back leaves alone: they never took the step that it takes back, and are where it leads.
 *
 * That is safe at every moment, since the way back only brings the others to where these are. `stage` in part: nothing is signed by the new root.
 * `promote` in part: all trust both roots. `retire` in part: all certificates are of the new root, which all trust.
 */
function sparedBy(step: Step, clusters: readonly StepFacts[]): readonly StepFacts[] {
  const forward = takenBackBy(step)
  const taken = clusters.flatMap(({ record }) => record.transitions.filter((transition) => transition.step === forward))
  const newest = taken.toSorted((one, other) => compareIds(one.id, other.id)).at(-1)
  if (newest === undefined) return []
  const others = clusters.filter((cluster) => !hasTaken(newest.id, cluster))
  return others.every(({ record }) => record.state === newest.from) ? others : []
}

/** A step that leads where it can be taken at once again: what is merged everywhere is done, and the next one is a new one. */
function canFollowItself(step: Step): boolean {
  return step === 'replace' || step === 'renew' || step === 'restart'
}

/** Every cluster is where the transition led, and its restarts are merged. A cluster that joined the mesh later has neither. */
function isComplete(id: RestartId, clusters: readonly StepFacts[], isMerged: (cluster: StepFacts) => boolean): boolean {
  const state = clusters.find((cluster) => isAt(id, cluster))?.record.state
  return clusters.every((cluster) =>
    isAt(id, cluster) ? isMerged(cluster) : cluster.record.transitions.length === 0 && cluster.record.state === state,
  )
}

/** A cluster that joined the mesh after such a step has never taken it, and is where it leads. */
function hasJoined({ record }: StepFacts, step: Step, [one]: readonly StepFacts[]): boolean {
  return canFollowItself(step) && record.transitions.length === 0 && record.state === one?.record.state
}

/** All who are still to take the step must start from one state. `replace` leads to the same state from wherever a cluster is: a leaked key does not wait. */
export function isTornApart(step: Step, { begun, pending }: Progress): boolean {
  if (step === 'replace') return false
  const origins = [...begun.map(({ record }) => lastTransition(record)?.from), ...pending.map(({ record }) => record.state)]
  return pending.length > 0 && new Set(origins).size > 1
}

/** Whether the list of what the cluster's last step restarts is on the branch. */
export function isListMerged({ record, restarts }: StepFacts): boolean {
  const last = lastTransition(record)
  return last?.step === 'renew' || (restarts !== null && restarts.id === last?.id)
}

/** Whether all that the cluster's last step restarts is on the branch: its list, and what owners bear. */
export function areRestartsMerged(cluster: StepFacts): boolean {
  return isListMerged(cluster) && (cluster.ownersLeft ?? []).length === 0
}

function isAt(id: RestartId, { record }: StepFacts): boolean {
  return lastTransition(record)?.id === id
}

function hasTaken(id: RestartId, { record }: StepFacts): boolean {
  return record.transitions.some((transition) => transition.id === id)
}
