import { steps } from './phase.ts'
import type { Step } from './phase.ts'
import type { GenerationId, RestartId } from './types.ts'

/** The word that a step leaves in its id: `g2-staged`. */
export const stepWords: Readonly<Record<Step, string>> = {
  stage: 'staged',
  promote: 'promoted',
  retire: 'steady',
  abandon: 'abandoned',
  demote: 'demoted',
  restore: 'restored',
  replace: 'replaced',
  renew: 'renewed',
  restart: 'restart',
}

/** An id for a step that no transition has had yet: `g2-promoted`, then `g2-promoted.2`. */
export function unusedId(step: Step, generation: GenerationId, used: ReadonlySet<RestartId>): RestartId {
  const first = `${generation}-${stepWords[step]}`
  if (!used.has(first)) return first
  for (let count = 2; ; count++) {
    if (!used.has(`${first}.${count}`)) return `${first}.${count}`
  }
}

const idPattern = /^(g[1-9]\d*)-([a-z]+)(?:\.([2-9]|[1-9]\d+))?$/

/** What an id says of its transition, or `null` if it is not the id of one. */
export function parseId(id: RestartId): { readonly generation: GenerationId; readonly step: Step; readonly count: number } | null {
  const [, generation, word, count = '1'] = idPattern.exec(id) ?? []
  const step = steps.find((one) => stepWords[one] === word)
  return generation === undefined || step === undefined ? null : { generation, step, count: Number(count) }
}

/** @returns the generation that an id names, or `null` if it is not the id of a transition. */
export function generationOf(id: RestartId): GenerationId | null {
  return parseId(id)?.generation ?? null
}

/** Orders two ids of one kind of step by when they were given: a number of a generation, and a count, only ever grow. */
export function compareIds(one: RestartId, other: RestartId): number {
  const [a, b] = [parseId(one), parseId(other)]
  if (a === null || b === null) return 0
  return generationNumber(a.generation) - generationNumber(b.generation) || a.count - b.count
}

export function generationNumber(id: GenerationId): number {
  return Number(id.slice(1))
}
