import type { GenerationId, StateId } from './types.ts'

/** Where a cluster stands. */
export type Phase =
  | { readonly phase: 'steady'; readonly signer: GenerationId }
  | { readonly phase: 'staged'; readonly signer: GenerationId; readonly candidate: GenerationId }
  | { readonly phase: 'promoted'; readonly signer: GenerationId; readonly retiring: GenerationId }

/** What moves a cluster from one phase to another. */
export const steps = ['stage', 'promote', 'retire', 'abandon', 'demote', 'restore', 'replace', 'renew', 'restart'] as const
export type Step = (typeof steps)[number]

/** The command that takes a step: one for all ways back. */
export function commandOf(step: Step): string {
  return step === 'abandon' || step === 'demote' || step === 'restore' ? 'rollback' : step
}

const waysBack = { stage: 'abandon', promote: 'demote', retire: 'restore' } as const satisfies Partial<Record<Step, Step>>

/** The step that takes another one back; `null` if there is none. */
export function wayBackFrom(step: Step): Step | null {
  return step === 'stage' || step === 'promote' || step === 'retire' ? waysBack[step] : null
}

/** The step that a way back takes back; `null` for all others. */
export function takenBackBy(step: Step): Step | null {
  return steps.find((one) => wayBackFrom(one) === step) ?? null
}

/** Generations whose roots every workload must accept in this phase, oldest first: the order of the blocks in root-cert.pem. */
export function trustedGenerations(at: Phase): readonly GenerationId[] {
  switch (at.phase) {
    case 'steady':
      return [at.signer]
    case 'staged':
      return [at.signer, at.candidate]
    case 'promoted':
      return [at.retiring, at.signer] // as in 'staged': promote must not change the bundle's bytes
    default:
      return at satisfies never
  }
}

/** The generation that a rotation is named by in this phase: the one that comes, or has come. */
export function namedGeneration(at: Phase): GenerationId {
  return at.phase === 'staged' ? at.candidate : at.signer
}

/** The name of the sealed Secret that is live in this phase. */
export function stateOf(at: Phase): StateId {
  return `${namedGeneration(at)}-${at.phase}`
}

/**
 * The phase after a step.
 * @param generation the new generation (`stage`, `replace`), or the one that comes back (`restore`).
 * @returns `null` if the step is not legal in this phase.
 */
export function after(at: Phase, step: Step, generation: GenerationId | null): Phase | null {
  switch (step) {
    case 'stage':
      return at.phase === 'steady' && generation !== null ? { phase: 'staged', signer: at.signer, candidate: generation } : null
    case 'promote':
      return at.phase === 'staged' ? { phase: 'promoted', signer: at.candidate, retiring: at.signer } : null
    case 'retire':
      return at.phase === 'promoted' ? { phase: 'steady', signer: at.signer } : null
    case 'abandon':
      return at.phase === 'staged' ? { phase: 'steady', signer: at.signer } : null
    case 'demote':
      return at.phase === 'promoted' ? { phase: 'staged', signer: at.retiring, candidate: at.signer } : null
    case 'restore':
      return at.phase === 'steady' && generation !== null ? { phase: 'promoted', signer: at.signer, retiring: generation } : null
    case 'replace':
      return generation === null ? null : { phase: 'steady', signer: generation }
    case 'renew':
      return at.phase === 'steady' ? at : null
    case 'restart':
      return at
    default:
      return step satisfies never
  }
}

/** The phase in words: `staged: g1 signs, g1 and g2 are trusted`. */
export function describePhase(at: Phase): string {
  const trusted = trustedGenerations(at)
  return `${at.phase}: ${at.signer} signs, ${trusted.join(' and ')} ${trusted.length === 1 ? 'is' : 'are'} trusted`
}
