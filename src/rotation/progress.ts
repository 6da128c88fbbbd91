import type { StepFacts } from './evidence.ts'
import type { Step } from './phase.ts'
import { lastTransition } from './record.ts'
import type { RestartId } from './types.ts'
import { isListMerged } from './unfinished.ts'

/** How far a step is merged. */
export interface Progress {
  /** Clusters that have taken it. */
  readonly begun: readonly StepFacts[]
  /** The others. */
  readonly pending: readonly StepFacts[]
  /** Its id, if a cluster has taken it. */
  readonly id: RestartId | null
}

/**
 * Which clusters have taken the step already, so that the others take it under the same id.
 * @returns `null` if the clusters have taken it under different ids, of which none is simply ahead.
 */
export function progressOf(step: Step, clusters: readonly StepFacts[]): Progress | null {
  const ids = new Set(clusters.flatMap(({ record }) => (lastTransition(record)?.step === step ? [lastTransition(record)?.id ?? ''] : [])))
  if (ids.size === 0) return { begun: [], pending: clusters, id: null }

  // Of a step that can follow itself, the newest is the one that all who have it took after what the others took last.
  const newest = [...ids].filter((id) => clusters.every((cluster) => isAt(id, cluster) || !hasTaken(id, cluster)))
  const [id, ...others] = newest
  if (id === undefined || others.length > 0 || (ids.size > 1 && !canFollowItself(step))) return null
  const begun = clusters.filter((cluster) => isAt(id, cluster))
  if (canFollowItself(step) && isComplete(id, clusters)) return { begun: [], pending: clusters, id: null }
  return { begun, pending: clusters.filter((cluster) => !begun.includes(cluster)), id }
}

/** A step that leads where it can be taken at once again: what is merged everywhere is done, and the next one is a new one. */
function canFollowItself(step: Step): boolean {
  return step === 'replace' || step === 'renew' || step === 'restart'
}

/** Every cluster is where the transition led, and its list of restarts is merged. A cluster that joined the mesh later has neither. */
function isComplete(id: RestartId, clusters: readonly StepFacts[]): boolean {
  const state = clusters.find((cluster) => isAt(id, cluster))?.record.state
  return clusters.every((cluster) =>
    isAt(id, cluster) ? isListMerged(cluster) : cluster.record.transitions.length === 0 && cluster.record.state === state,
  )
}

function isAt(id: RestartId, { record }: StepFacts): boolean {
  return lastTransition(record)?.id === id
}

function hasTaken(id: RestartId, { record }: StepFacts): boolean {
  return record.transitions.some((transition) => transition.id === id)
}
