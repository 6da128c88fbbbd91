import { asMap, put } from './value.ts'
import type { Value, ValueMap } from './value.ts'

// Lists that Kubernetes merges by a key, as far as facts are read from them. All other lists are replaced.
const mergeKeys: ReadonlyMap<string, string> = new Map(
  ['containers', 'initContainers', 'ephemeralContainers', 'env'].map((list) => [list, 'name']),
)

/**
 * A strategic merge patch, as kustomize's kyaml does it (merge2.go): maps merge, `null` removes, `$patch: delete` and `$patch: replace` are obeyed.
 * @param typed whether the object's schema is known, so that its lists merge by key: workloads, not custom resources.
 * @returns the patched value, or `undefined` if the patch deletes it.
 */
export function strategicMerge(base: Value, patch: ValueMap, typed: boolean): ValueMap | undefined {
  const directive = patch['$patch']
  if (directive === 'delete') return undefined
  const before = directive === 'replace' ? {} : (asMap(base) ?? {})
  const merged: Record<string, Value> = { ...before }
  for (const [key, change] of Object.entries(patch)) {
    if (key === '$patch') continue
    const value = mergeField(key, Object.hasOwn(merged, key) ? merged[key] : undefined, change, typed)
    if (value === undefined) delete merged[key]
    else put(merged, key, value)
  }
  return merged
}

function mergeField(key: string, before: Value, change: Value, typed: boolean): Value {
  if (change === null) return undefined
  const map = asMap(change)
  if (map !== null) return strategicMerge(before, map, typed)
  const mergeKey = typed ? mergeKeys.get(key) : undefined
  if (Array.isArray(change) && mergeKey !== undefined) return mergeList(Array.isArray(before) ? before : [], change, mergeKey, typed)
  return change
}

function mergeList(before: readonly Value[], change: readonly Value[], mergeKey: string, typed: boolean): Value {
  const items = change.map(asMap).filter((item) => item !== null)
  const replaces = items.some((item) => item['$patch'] === 'replace' && item[mergeKey] === undefined)
  const merged = new Map<Value, ValueMap>()
  for (const item of replaces ? [] : before) {
    const map = asMap(item)
    if (map !== null) merged.set(map[mergeKey], map)
  }
  const added: ValueMap[] = []
  for (const item of items) {
    const name = item[mergeKey]
    if (name === undefined) continue
    const known = merged.has(name)
    const result = strategicMerge(merged.get(name) ?? {}, item, typed)
    if (result === undefined) merged.delete(name)
    else if (known) merged.set(name, result)
    else added.push(result)
  }
  return [...added, ...merged.values()] // kustomize puts new items first
}
