import { asMap, withValueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/**
 * Sets one parameter as `helm template --set` does (Helm v3, pkg/strvals): dots part the name, a backslash escapes one, `[0]` is a place in a list.
 * @param forceString `--set-string`: the value stays text.
 */
export function setParameter(values: ValueMap, name: string, value: string, forceString: boolean): ValueMap {
  const path = partsOf(name)
  return path.length === 0 ? values : (asMap(setAt(values, path, forceString ? value : typed(value))) ?? values)
}

function partsOf(name: string): readonly (string | number)[] {
  const parts: (string | number)[] = []
  for (const [, key, index] of name.matchAll(/((?:\\.|[^.[\\])+)|\[(\d+)\]/g)) {
    if (index !== undefined) parts.push(Number(index))
    else if (key !== undefined) parts.push(key.replace(/\\(.)/g, '$1'))
  }
  return parts
}

function setAt(before: Value, path: readonly (string | number)[], value: Value): Value {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (typeof key === 'number') {
    const list = Array.isArray(before) ? [...(before as readonly Value[])] : []
    if (key < mostItems) list[key] = setAt(list[key], rest, value)
    return list
  }
  const map = asMap(before) ?? {}
  if (rest.length === 0 && value === null) {
    const { [key]: _, ...others } = map
    return others
  }
  return withValueAt(map, [key], (there) => setAt(there, rest, value))
}

// strvals, MaxIndex
const mostItems = 65536

/** strvals, typedVal: only whole numbers become numbers; `{a,b}` is a list. */
function typed(text: string): Value {
  if (text.startsWith('{') && text.endsWith('}')) return text.slice(1, -1).split(',').map(typed)
  if (text === 'true' || text === 'false') return text === 'true'
  if (text === 'null') return null
  return text === '0' || /^[+-]?[1-9]\d*$/.test(text) ? Number(text) : text
}
