import type { Resource } from './resource.ts'
import { asMap, valueAt, withValueAt } from './value.ts'
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

/** Writes entries into the maps at some paths of an object, as one run of a label or annotation transformer. */
export function setEntries(resource: Resource, paths: readonly Path[], entries: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(entries)) {
    const added: Path[] = []
    for (const path of paths) {
      const present = asMap(valueAt(resource.object, ...path))?.[key] !== undefined
      const together = present ? sharersOf(resource, path, key) : [path]
      for (const place of together) resource.object = withEntry(resource.object, place, key, value)
      if (!present) added.push(path)
    }
    if (added.length > 1) resource.shared = [...resource.shared, { key, paths: added }]
  }
}

/** After a strategic merge: what changed in one place changes in all, unless the patch took the place away or put a new map there. */
export function settleShared(resource: Resource, before: ValueMap, patch: ValueMap): void {
  if (resource.shared.length === 0) return
  resource.shared = resource.shared.flatMap(({ key, paths }) => {
    const kept = paths.filter((path) => entryAt(resource.object, path, key) !== undefined && !isReplaced(patch, path))
    const changed = kept.findLast((path) => entryAt(resource.object, path, key) !== entryAt(before, path, key))
    if (changed !== undefined) {
      const value = String(entryAt(resource.object, changed, key))
      for (const path of kept) resource.object = withEntry(resource.object, path, key, value)
    }
    return kept.length > 1 ? [{ key, paths: kept }] : []
  })
}

function sharersOf(resource: Resource, path: Path, key: string): readonly Path[] {
  const same = (one: Path): boolean => one.join('/') === path.join('/')
  return resource.shared.find((entry) => entry.key === key && entry.paths.some(same))?.paths ?? [path]
}

function entryAt(object: ValueMap, path: Path, key: string): unknown {
  return asMap(valueAt(object, ...path))?.[key]
}

function withEntry(object: ValueMap, path: Path, key: string, value: string): ValueMap {
  return withValueAt(object, path, (map) => ({ ...asMap(map), [key]: value }))
}

function isReplaced(patch: ValueMap, path: Path): boolean {
  return path.some((_, index) => valueAt(patch, ...path.slice(0, index + 1), '$patch') === 'replace')
}
