import type { StepFacts } from './evidence.ts'
import type { Step } from './phase.ts'
import { lastTransition } from './record.ts'
import type { RestartId } from './types.ts'

/** A step of which a part is merged: the same command prepares the rest. */
export interface Unfinished {
  readonly step: Step
  readonly id: RestartId
  /** The clusters that still wait for a part of it. */
  readonly clusters: readonly string[]
  /** What they wait for. */
  readonly lacks: 'restarts' | 'step'
}

/** The step that some clusters have not taken yet, or whose restarts are not merged everywhere; `null` if the last one is whole. */
export function unfinishedStep(facts: readonly StepFacts[]): Unfinished | null {
  const [ahead] = facts.toSorted((one, other) => other.record.transitions.length - one.record.transitions.length)
  const newest = ahead === undefined ? null : lastTransition(ahead.record)
  if (newest === null) return null
  const { step, id } = newest
  const states = new Set(facts.map(({ record }) => record.state))
  const names = (clusters: readonly StepFacts[]): readonly string[] => clusters.map(({ record }) => record.cluster)
  const untaken = states.size < 2 ? [] : facts.filter(({ record }) => lastTransition(record)?.id !== id)
  if (untaken.length > 0) return { step, id, clusters: names(untaken), lacks: 'step' }
  const unmerged = facts.filter((cluster) => lastTransition(cluster.record)?.id === id && !isListMerged(cluster))
  return unmerged.length === 0 ? null : { step, id, clusters: names(unmerged), lacks: 'restarts' }
}

/** Whether the list of what the cluster's last step restarts is on the branch. */
export function isListMerged({ record, restarts }: StepFacts): boolean {
  const last = lastTransition(record)
  return last?.step === 'renew' || (restarts !== null && restarts.id === last?.id)
}
