import { generationNumber, parseId } from './ids.ts'
import { after, namedGeneration, stateOf } from './phase.ts'
import type { Phase, Step } from './phase.ts'
import type { Transition } from './record.ts'
import type { GenerationId, RestartId, StateId } from './types.ts'

export type History =
  | {
      readonly ok: true
      readonly phase: Phase
      /** The generation that `restore` would take back; `null` if there is none. */
      readonly lastRetired: GenerationId | null
    }
  | { readonly ok: false; readonly transition: number; readonly message: string; readonly expected: string }

interface Point {
  readonly phase: Phase
  readonly lastRetired: GenerationId | null
  /** The highest number of a generation so far: a number is used once, ever. */
  readonly highest: number
  readonly ids: ReadonlySet<RestartId>
}

/**
 * Follows the transitions from the first state to the last. The phase of a cluster is whatever comes out: there is no progress flag.
 * @param state the state that the record claims, which is also the first one while there are no transitions.
 */
export function follow(transitions: readonly Transition[], state: StateId): History {
  const first = transitions[0]?.from ?? state
  const start = /^(g[1-9]\d*)-steady$/.exec(first)?.[1]
  if (start === undefined)
    return { ok: false, transition: 0, message: `a cluster cannot begin in ${first}`, expected: 'a steady state, such as g1-steady' }

  let at: Point = { phase: { phase: 'steady', signer: start }, lastRetired: null, highest: generationNumber(start), ids: new Set() }
  for (const [index, transition] of transitions.entries()) {
    const next = take(transition, at)
    if ('message' in next) return { ok: false, transition: index, ...next }
    at = next
  }
  return { ok: true, phase: at.phase, lastRetired: at.lastRetired }
}

/** The point after a transition, or why there is none. */
function take({ id, step, from }: Transition, at: Point): Point | { readonly message: string; readonly expected: string } {
  const named = parseId(id)
  if (named === null || at.ids.has(id))
    return { message: `${id} is no id of a transition, or is used twice`, expected: 'an id such as g2-staged, used once' }
  if (named.step !== step) return { message: `${id} is not the id of a ${step}`, expected: named.step }
  if (from !== stateOf(at.phase)) return { message: `${id} starts from ${from}, where the cluster was not`, expected: stateOf(at.phase) }

  const { generation } = named
  const brings = step === 'stage' || step === 'replace'
  if (brings && generationNumber(generation) <= at.highest) {
    return { message: `${id} brings a generation whose number was used before`, expected: `a generation above g${at.highest}` }
  }
  if (!brings && generation !== namedGeneration(at.phase))
    return { message: `${id} does not name the generation of the phase`, expected: namedGeneration(at.phase) }

  const phase = after(at.phase, step, step === 'restore' ? at.lastRetired : generation)
  if (phase === null) return { message: `${step} is not possible while ${at.phase.phase}`, expected: 'a step that is legal in that phase' }
  const highest = brings ? generationNumber(generation) : at.highest
  return { phase, lastRetired: retiredAfter(step, at), highest, ids: new Set([...at.ids, id]) }
}

/** A new generation, or new intermediates, leave nothing behind to restore: the sealed state of the old rotation goes. */
function retiredAfter(step: Step, { phase, lastRetired }: Point): GenerationId | null {
  if (step === 'stage' || step === 'replace' || step === 'renew') return null
  return step === 'retire' && phase.phase === 'promoted' ? phase.retiring : lastRetired
}
