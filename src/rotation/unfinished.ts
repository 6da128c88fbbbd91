import type { StepFacts } from './evidence.ts'
import type { Step } from './phase.ts'
import { areRestartsMerged, isListMerged, isTornApart, progressOf } from './progress.ts'
import { lastTransition } from './record.ts'
import type { RestartId } from './types.ts'

/** A step of which a part is merged: the same command prepares the rest. */
export interface Unfinished {
  readonly step: Step
  readonly id: RestartId
  /** The clusters that still wait for a part of it. */
  readonly clusters: readonly string[]
  /** What they wait for. */
  readonly lacks: 'restarts' | 'owners' | 'step'
}

/** The step that some clusters have not taken yet, or whose restarts are not merged everywhere; `null` if the last one is whole. */
export function unfinishedStep(facts: readonly StepFacts[]): Unfinished | null {
  return untakenStep(facts) ?? unmergedStep(facts)
}

function untakenStep(facts: readonly StepFacts[]): Unfinished | null {
  if (new Set(facts.map(({ record }) => record.state)).size < 2) return null
  for (const { record } of facts) {
    const last = lastTransition(record)
    const progress = last === null ? null : progressOf(last.step, facts)
    if (last === null || progress === null || progress.id !== last.id || isTornApart(last.step, progress)) continue
    if (progress.pending.length > 0) return { step: last.step, id: last.id, clusters: names(progress.pending), lacks: 'step' }
  }
  return null
}

function unmergedStep(facts: readonly StepFacts[]): Unfinished | null {
  const unmerged = facts.filter((cluster) => lastTransition(cluster.record) !== null && !areRestartsMerged(cluster))
  const last = unmerged[0] === undefined ? null : lastTransition(unmerged[0].record)
  if (last === null) return null
  const same = unmerged.filter(({ record }) => lastTransition(record)?.id === last.id)
  return { step: last.step, id: last.id, clusters: names(same), lacks: same.every(isListMerged) ? 'owners' : 'restarts' }
}

function names(clusters: readonly StepFacts[]): readonly string[] {
  return clusters.map(({ record }) => record.cluster)
}
