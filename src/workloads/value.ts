/** Plain data, as a YAML document holds it. Never changed in place: what changes is copied along its path. */
export type Value = unknown
export type ValueMap = Readonly<Record<string, Value>>

/** @returns the value if it is a map, else `null`. */
export function asMap(value: Value): ValueMap | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ValueMap) : null
}

/** @returns the value if it is a list, else an empty one. */
export function asList(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : []
}

/** @returns the value if it is a string that holds something, else `null`. */
export function asText(value: Value): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** A scalar as text; `null` for everything else. */
export function scalarText(value: Value): string | null {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? `${value}` : null
}

/** The value at a path of keys; `undefined` where the path ends early. */
export function valueAt(value: Value, ...path: readonly (string | number)[]): Value {
  let at: Value = value
  for (const key of path) {
    if (Array.isArray(at)) at = at[Number(key)]
    else if (typeof at === 'object' && at !== null && Object.hasOwn(at, key)) at = (at as ValueMap)[key]
    else return undefined
  }
  return at
}

/** The map's entries whose values are scalars, as text: labels, annotations. */
export function textMap(value: Value): Readonly<Record<string, string>> {
  const map = asMap(value)
  if (map === null) return {}
  const texts: Record<string, string> = {}
  for (const [key, entry] of Object.entries(map)) {
    const text = scalarText(entry)
    if (text !== null) texts[key] = text
  }
  return texts
}

/**
 * Sets an entry of a map that nobody else has yet. An assignment of `__proto__`, which may be a key in YAML, would change what a map inherits, or
 * even what all of them do.
 */
export function put(map: Record<string, Value>, key: string, value: Value): void {
  if (key === '__proto__') Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true })
  else map[key] = value
}

/** A copy of `map` in which the value at `path` is `change` of what was there; maps that are missing on the way are made. */
export function withValueAt(map: ValueMap, path: readonly string[], change: (before: Value) => Value): ValueMap {
  const [key, ...rest] = path
  if (key === undefined) return map
  const next = rest.length === 0 ? change(map[key]) : withValueAt(asMap(map[key]) ?? {}, rest, change)
  return { ...map, [key]: next }
}

/** Merges `over` into `base` as Helm merges values: maps by key, all else replaced; `null` removes. */
export function mergeValues(base: ValueMap, over: ValueMap): ValueMap {
  const merged: Record<string, Value> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const before = asMap(merged[key])
    const after = asMap(value)
    if (value === null) delete merged[key]
    else put(merged, key, before !== null && after !== null ? mergeValues(before, after) : value)
  }
  return merged
}
