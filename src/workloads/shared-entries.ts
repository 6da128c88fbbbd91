import { groupBy } from '../base/index.ts'
import type { Resource } from './resource.ts'
import { asMap, put, valueAt } from './value.ts'
import type { ValueMap } from './value.ts'

type Path = readonly string[]

/**
 * Places of one object where kustomize holds one and the same YAML node for an entry: its label and annotation transformers write one node
 * everywhere (filtersutil.SetEntry), and whatever writes over one of the places later changes them all. So a patch of a label of the pod template
 * changes the label of the object too, if one `labels` entry has set both. RUN with v5.8.1.
 */
export interface SharedEntry {
  readonly key: string
  readonly paths: readonly Path[]
}

/** One run of a label or annotation transformer: entries, and the maps of an object into which they are written. */
export interface EntryRun {
  readonly entries: Readonly<Record<string, string>>
  pathsOf(object: ValueMap): readonly Path[]
}

/** Writes the entries of some runs, one after the other, into an object. */
export function setEntries(resource: Resource, runs: readonly EntryRun[]): void {
  const sharers = groupBy(resource.shared, ({ key }) => key)
  const writing = new Writing(resource.object)
  const shared: SharedEntry[] = []
  for (const { entries, pathsOf } of runs) {
    const paths = pathsOf(writing.object)
    for (const [key, value] of Object.entries(entries)) {
      const added: Path[] = []
      for (const path of paths) {
        const present = entryAt(writing.object, path, key) !== undefined
        const together = present ? sharersOf(sharers.get(key), path) : [path]
        for (const place of together) writing.set(place, key, value)
        if (!present) added.push(path)
      }
      if (added.length > 1) {
        const made = { key, paths: added }
        shared.push(made)
        sharers.set(key, [...(sharers.get(key) ?? []), made])
      }
    }
  }
  resource.object = writing.object
  if (shared.length > 0) resource.shared = [...resource.shared, ...shared]
}

/** After a strategic merge: what changed in one place changes in all, unless the patch took the place away or put a new map there. */
export function settleShared(resource: Resource, before: ValueMap, patch: ValueMap): void {
  if (resource.shared.length === 0) return
  const writing = new Writing(resource.object)
  resource.shared = resource.shared.flatMap(({ key, paths }) => {
    const kept = paths.filter((path) => entryAt(writing.object, path, key) !== undefined && !isReplaced(patch, path))
    const changed = kept.findLast((path) => entryAt(writing.object, path, key) !== entryAt(before, path, key))
    if (changed !== undefined) {
      const value = String(entryAt(writing.object, changed, key))
      for (const path of kept) writing.set(path, key, value)
    }
    return kept.length > 1 ? [{ key, paths: kept }] : []
  })
  resource.object = writing.object
}

/** Changes of one object, which is not touched: each map is copied once, however many entries it gets. */
class Writing {
  object: ValueMap
  readonly #copies = new WeakSet<ValueMap>()

  constructor(object: ValueMap) {
    this.object = object
  }

  set(path: Path, key: string, value: string): void {
    let at = this.#copyOf(this.object)
    this.object = at
    for (const step of path) {
      const next = this.#copyOf(asMap(at[step]) ?? {})
      put(at, step, next)
      at = next
    }
    put(at, key, value)
  }

  #copyOf(map: ValueMap): ValueMap {
    if (this.#copies.has(map)) return map
    const copy = { ...map }
    this.#copies.add(copy)
    return copy
  }
}

function sharersOf(entries: readonly SharedEntry[] | undefined, path: Path): readonly Path[] {
  const same = (one: Path): boolean => one.join('/') === path.join('/')
  return entries?.find((entry) => entry.paths.some(same))?.paths ?? [path]
}

function entryAt(object: ValueMap, path: Path, key: string): unknown {
  return asMap(valueAt(object, ...path))?.[key]
}

function isReplaced(patch: ValueMap, path: Path): boolean {
  return path.some((_, index) => valueAt(patch, ...path.slice(0, index + 1), '$patch') === 'replace')
}
