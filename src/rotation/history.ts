import { generationOf } from './ids.ts'
import { after, stateOf } from './phase.ts'
import type { Phase } from './phase.ts'
import type { Transition } from './record.ts'
import type { GenerationId, StateId } from './types.ts'

export type History =
  | { readonly ok: true; readonly phase: Phase; readonly lastRetired: GenerationId | null }
  | { readonly ok: false; readonly transition: number; readonly message: string; readonly expected: string }

/**
 * Follows the transitions from the first state to the last. The phase of a cluster is whatever comes out: there is no progress flag.
 * @param state the state that the record claims, which is also the first one while there are no transitions.
 */
export function follow(transitions: readonly Transition[], state: StateId): History {
  const start = /^(g[1-9]\d*)-steady$/.exec(transitions[0]?.from ?? state)?.[1]
  if (start === undefined) return { ok: false, transition: 0, message: `a cluster cannot begin in ${transitions[0]?.from ?? state}`, expected: 'a steady state, such as g1-steady' }

  let phase: Phase = { phase: 'steady', signer: start }
  let lastRetired: GenerationId | null = null
  const seen = new Set<string>()
  for (const [index, transition] of transitions.entries()) {
    const named = generationOf(transition.id)
    if (named === null || seen.has(transition.id)) {
      return { ok: false, transition: index, message: `${transition.id} is no id of a transition, or is used twice`, expected: 'an id such as g2-staged, used once' }
    }
    seen.add(transition.id)
    if (transition.from !== stateOf(phase)) {
      return { ok: false, transition: index, message: `${transition.id} starts from ${transition.from}, where the cluster was not`, expected: stateOf(phase) }
    }
    const next: Phase | null = after(phase, transition.step, transition.step === 'restore' ? lastRetired : named)
    if (next === null) {
      return { ok: false, transition: index, message: `${transition.step} is not possible while ${phase.phase}`, expected: 'a step that is legal in that phase' }
    }
    if (transition.step === 'retire' && phase.phase === 'promoted') lastRetired = phase.retiring
    if (transition.step === 'stage' || transition.step === 'replace') lastRetired = null
    phase = next
  }
  return { ok: true, phase, lastRetired }
}
