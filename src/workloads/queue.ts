import type { Finding } from '../base/index.ts'
import type { FluxKustomization } from './flux-kustomization.ts'
import { PutOff } from './put-off.ts'
import type { Resource } from './resource.ts'

/** A Kustomization that is to be followed. */
export interface Waiting {
  readonly flux: FluxKustomization
  /** Git does not show it: what to report of that if it is followed, and the paths of the Kustomizations that it applies; `null` if Git does. */
  readonly assumed: { readonly findings: readonly Finding[]; readonly leadsTo: readonly string[] } | null
  /** What it applies, if that is known already. */
  readonly built: readonly Resource[] | null
}

/**
 * Kustomizations in an order in which each finds what others make: those that lack a ConfigMap of `substituteFrom` wait until all others are
 * followed, and those that nobody shows until it is certain that no other leads to them.
 */
export class Queue {
  readonly #ready: Waiting[]
  readonly #assumed: Waiting[]
  readonly #putOff: PutOff<Waiting>
  #last: Waiting | null = null

  /** @param configMaps those that are made so far, by `namespace/name`. */
  constructor(roots: readonly Waiting[], configMaps: ReadonlyMap<string, unknown>) {
    this.#ready = roots.filter(({ assumed }) => assumed === null)
    this.#assumed = roots.filter(({ assumed }) => assumed !== null)
    this.#putOff = new PutOff(configMaps)
  }

  add(entry: Waiting): void {
    this.#ready.push(entry)
  }

  /** @returns whether an entry has to wait, and comes back later. One that comes back is never put off again. */
  putsOff(entry: Waiting): boolean {
    return this.#last !== entry && this.#putOff.add(entry)
  }

  /** The next one to follow; `null` at the end. */
  next(): Waiting | null {
    const ready = this.#ready.shift()
    if (ready !== undefined) return ready
    const complete = this.#putOff.takeComplete()
    if (complete === null) {
      const [assumed] = this.#assumed.splice(this.#leadingAssumed(), 1)
      if (assumed !== undefined) return assumed
    }
    // Its ConfigMap may be made outside of Git, or be optional.
    this.#last = complete ?? this.#putOff.takeLeastBound()
    return this.#last
  }

  /** Of those that nobody shows, one to which none of the others leads. */
  #leadingAssumed(): number {
    const leads = new Map<string, Waiting[]>()
    for (const one of this.#assumed)
      for (const path of new Set(one.assumed?.leadsTo)) leads.set(path, [...(leads.get(path) ?? []).slice(0, 1), one])
    const free = this.#assumed.findIndex((entry) => (leads.get(entry.flux.controller.path) ?? []).every((one) => one === entry))
    return Math.max(free, 0)
  }
}
