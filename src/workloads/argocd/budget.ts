import { asMap } from '../value.ts'
import type { Value } from '../value.ts'

/** The parameter sets that all ApplicationSets of one Argo CD may make together, those of generators inside others among them. */
// An Application costs three sets, or six with a template of 4 kB: 20 clusters with 1,000 folders each spend half of it at most. Time and memory grow
// evenly with what is spent. A limit for each set alone would be none: there can be ten thousand of them.
export const mostSets = 250_000

/** What ApplicationSets may still make. Generators multiply: without an end, 2 kB of matrices in matrices would fill any memory. */
export interface Budget {
  /** @throws OverBudget once more is spent than there is, and ever after. */
  spend(sets: number): void
  /** What patterns of git generators fit, by kind and pattern: a matrix asks for each set of its first generator. */
  readonly matches: Map<string, readonly number[]>
}

/** ApplicationSets make more than is followed. */
export class OverBudget extends Error {}

export function makeBudget(): Budget {
  let left = mostSets
  return {
    spend(sets) {
      left -= sets
      if (left < 0) throw new OverBudget()
    },
    matches: new Map(),
  }
}

/** What it costs to make a value, or to go through it, in parameter sets: 16 kB cost as much as a small set. */
export function costOf(value: Value): number {
  return sizeOf(value) / 16_384
}

const sizes = new WeakMap<object, number>()

/** About the bytes that a value takes. What stands in many values is measured once: values are never changed in place. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string') return value.length + 3
  if (typeof value !== 'object' || value === null) return 6
  const known = sizes.get(value)
  if (known !== undefined) return known
  let size = 2
  if (Array.isArray(value)) for (const item of value as readonly Value[]) size += sizeOf(item)
  else for (const [key, entry] of Object.entries(asMap(value) ?? {})) size += key.length + 20 + sizeOf(entry)
  sizes.set(value, size)
  return size
}
