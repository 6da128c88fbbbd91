import type { StepFacts } from './evidence.ts'
import type { Step } from './phase.ts'
import { lastTransition } from './record.ts'
import type { Transition } from './record.ts'

/** Steps that would break handshakes, or take the ground from under the next step, if the one before were not complete everywhere. */
export function hasBarrier(step: Step, cluster: Pick<StepFacts, 'record' | 'past'>): boolean {
  // A way back is safe from the state that the record names; after a revert the cluster may be in another one.
  const isReverted = (cluster.past?.reverted ?? null) !== null
  switch (step) {
    case 'stage':
    case 'promote':
    case 'retire':
      return true
    case 'abandon':
      // After a demote, certificates of the candidate are alive: giving up its root is as grave as `retire`.
      return isReverted || sinceStage(cluster.record.transitions).some((transition) => transition.step === 'promote')
    case 'demote':
    case 'restore':
      return isReverted
    case 'replace':
    case 'renew':
    case 'restart':
      return false
    default:
      return step satisfies never
  }
}

/**
 * Whether a step without a barrier must still wait in the cluster until the step that it takes back has begun there.
 *
 * A way back is safe from the state that it takes back, and from the one before, to which it leads. Where the step before was planned on the
 * word of its entry gate (or by force), the cluster may lag further behind: several merged steps may be held, one by the other, and a way back
 * that nothing holds would overtake them all.
 */
export function mustHaveBegun(step: Step, cluster: Pick<StepFacts, 'record' | 'past'>): boolean {
  const isWayBack = step === 'demote' || step === 'abandon' || step === 'restore'
  const last = lastTransition(cluster.record)
  return isWayBack && last !== null && !hasBarrier(step, cluster) && (last.forced !== null || last.evidence?.kind === 'entry-gate')
}

function sinceStage(transitions: readonly Transition[]): readonly Transition[] {
  return transitions.slice(transitions.findLastIndex((transition) => transition.step === 'stage') + 1)
}
