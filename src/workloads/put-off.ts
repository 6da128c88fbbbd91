import type { FluxKustomization } from './flux-kustomization.ts'
import { variableSources } from './substitution.ts'

interface Entry<T> {
  readonly item: T
  readonly id: string
  /** How many were put off before it. */
  readonly order: number
  /** How many sources of variables it lacks. */
  lacks: number
  /** How many of those that it depends on are put off as well. */
  bound: number
}

/** Kustomizations that lack sources of variables. Each is looked at again only when what it waits for has changed: there may be thousands. */
export class PutOff<T extends { readonly flux: FluxKustomization }> {
  readonly #configMaps: ReadonlyMap<string, unknown>
  // A Map's keys come in the order in which they were set, and its iterator goes on with new ones if it is never at its end.
  readonly #made: Iterator<string>
  #seen = 0
  #count = 0
  readonly #entries = new Map<string, Entry<T>>()
  readonly #lacking = new Map<string, Entry<T>[]>()
  readonly #dependents = new Map<string, Entry<T>[]>()
  readonly #complete: Entry<T>[] = []
  /** Those that depend on none of the others; and some that no longer do, or are gone. */
  readonly #free: Entry<T>[] = []

  /** @param configMaps those that are made so far, by `namespace/name`. */
  constructor(configMaps: ReadonlyMap<string, unknown>) {
    this.#configMaps = configMaps
    this.#made = configMaps.keys()
  }

  /** @returns whether it lacks something, and was put off. */
  add(item: T): boolean {
    const { controller, spec } = item.flux
    const sources = variableSources(spec)
    const configMaps = sources.filter(({ kind }) => kind === 'ConfigMap').map(({ name }) => `${controller.namespace}/${name}`)
    const missing = new Set(configMaps.filter((key) => !this.#configMaps.has(key)))
    // Of other kinds Git shows nothing, and never will.
    const lacks = missing.size + sources.length - configMaps.length
    if (lacks === 0) return false
    const entry: Entry<T> = { item, id: controller.id, order: this.#count++, lacks, bound: 0 }
    for (const key of missing) append(this.#lacking, key, entry)
    this.#entries.set(entry.id, entry)
    for (const other of this.#dependents.get(entry.id) ?? []) other.bound++
    for (const id of new Set<string>(controller.dependsOn)) {
      append(this.#dependents, id, entry)
      if (this.#entries.has(id)) entry.bound++
    }
    if (entry.bound === 0) insert(this.#free, entry)
    return true
  }

  /** Takes the first that lacks nothing any more. */
  takeComplete(): T | null {
    for (; this.#seen < this.#configMaps.size; this.#seen++) {
      const key = String(this.#made.next().value)
      for (const entry of this.#lacking.get(key) ?? []) if (--entry.lacks === 0) insert(this.#complete, entry)
    }
    let entry = this.#complete.shift()
    while (entry !== undefined && !this.#isHere(entry)) entry = this.#complete.shift()
    return entry === undefined ? null : this.#take(entry)
  }

  /** Takes one that depends on none of the others: what it makes may be what they lack. */
  takeLeastBound(): T | null {
    let entry = this.#free.shift()
    while (entry !== undefined && (entry.bound > 0 || !this.#isHere(entry))) entry = this.#free.shift()
    const [first] = this.#entries.values()
    const taken = entry ?? first
    return taken === undefined ? null : this.#take(taken)
  }

  #take(entry: Entry<T>): T {
    this.#entries.delete(entry.id)
    for (const other of this.#dependents.get(entry.id) ?? []) if (--other.bound === 0) insert(this.#free, other)
    return entry.item
  }

  #isHere(entry: Entry<T>): boolean {
    return this.#entries.get(entry.id) === entry
  }
}

function append<E>(lists: Map<string, E[]>, key: string, entry: E): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [entry])
  else list.push(entry)
}

/** Puts an entry in its place in a list by order; mostly that is the end. */
function insert<E extends { readonly order: number }>(list: E[], entry: E): void {
  let from = 0
  let to = list.length
  while (from < to) {
    const middle = (from + to) >> 1
    if ((list[middle]?.order ?? 0) < entry.order) from = middle + 1
    else to = middle
  }
  list.splice(from, 0, entry)
}
