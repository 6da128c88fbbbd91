import type { Finding } from '../base/index.ts'
import type { FluxKustomization } from './flux-kustomization.ts'
import type { Resource } from './resource.ts'

/** A Kustomization that is to be followed. */
export interface Waiting {
  readonly flux: FluxKustomization
  /** Git does not show it: what to report of that if it is followed, and the paths of the Kustomizations that it applies; `null` if Git does. */
  readonly assumed: { readonly findings: readonly Finding[]; readonly leadsTo: readonly string[] } | null
  /** What it applies, if that is known already. */
  readonly built: readonly Resource[] | null
}

type Lacks = (entry: Waiting) => boolean

/**
 * Kustomizations in an order in which each finds what others make: those that lack a ConfigMap of `substituteFrom` wait until all others are
 * followed, and those that nobody shows until it is certain that no other leads to them.
 */
export class Queue {
  readonly #ready: Waiting[]
  readonly #assumed: Waiting[]
  readonly #putOff: Waiting[] = []
  #last: Waiting | null = null

  constructor(roots: readonly Waiting[]) {
    this.#ready = roots.filter(({ assumed }) => assumed === null)
    this.#assumed = roots.filter(({ assumed }) => assumed !== null)
  }

  add(entry: Waiting): void {
    this.#ready.push(entry)
  }

  /** @returns whether an entry has to wait, and comes back later. One that comes back is never put off again. */
  putsOff(entry: Waiting, lacks: Lacks): boolean {
    if (this.#last === entry || !lacks(entry)) return false
    this.#putOff.push(entry)
    return true
  }

  /** The next one to follow; `null` at the end. */
  next(lacks: Lacks): Waiting | null {
    const ready = this.#ready.shift()
    if (ready !== undefined) return ready
    const complete = this.#putOff.findIndex((entry) => !lacks(entry))
    if (complete === -1) {
      const [assumed] = this.#assumed.splice(this.#leadingAssumed(), 1)
      if (assumed !== undefined) return assumed
    }
    // Its ConfigMap may be made outside of Git, or be optional.
    const [last] = this.#putOff.splice(complete === -1 ? this.#leastBound() : complete, 1)
    this.#last = last ?? null
    return this.#last
  }

  /** Of those that nobody shows, one to which none of the others leads. */
  #leadingAssumed(): number {
    const leads = (to: Waiting): boolean =>
      this.#assumed.some((one) => one !== to && one.assumed?.leadsTo.includes(to.flux.controller.path))
    return Math.max(
      this.#assumed.findIndex((entry) => !leads(entry)),
      0,
    )
  }

  /** Of those that all lack something, one that depends on none of the others: what it makes may be what they lack. */
  #leastBound(): number {
    const ids = new Set(this.#putOff.map(({ flux }) => flux.controller.id))
    const free = this.#putOff.findIndex(({ flux }) => !flux.controller.dependsOn.some((id) => ids.has(id)))
    return Math.max(free, 0)
  }
}
