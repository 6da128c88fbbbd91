import { asMap } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/** A parameter as `helm template --set` has it. */
export interface ChartParameter {
  readonly name: string
  readonly value: string
  /** `--set-string`: the value stays text. */
  readonly forceString: boolean
}

/**
 * Sets parameters one after the other as `helm template --set` does (Helm v3, pkg/strvals): dots part the name, a backslash escapes one, `[0]` is a
 * place in a list. What is given is left as it is.
 * @returns the values, and the parameters that are left out because Helm refuses such, or nobody could write them down.
 */
export function setParameters<Parameter extends ChartParameter>(
  given: ValueMap,
  parameters: readonly Parameter[],
): { readonly values: ValueMap; readonly refused: readonly Parameter[] } {
  const setting: Setting = { own: new Set(), gaps: mostGaps }
  const refused: Parameter[] = []
  let values = given
  for (const parameter of parameters) {
    const { name, value, forceString } = parameter
    const path = partsOf(name)
    if (path === null || !fits(setting, values, path)) refused.push(parameter)
    else if (path.length > 0) values = asMap(setAt(setting, values, path, forceString ? value : typed(value))) ?? values
  }
  return { values, refused }
}

/** Sets one parameter. @param forceString `--set-string`: the value stays text. */
export function setParameter(values: ValueMap, name: string, value: string, forceString: boolean): ValueMap {
  return setParameters(values, [{ name, value, forceString }]).values
}

/** How values are changed: each map and list is copied once, for a list of 65,536 places may be filled by as many parameters. */
interface Setting {
  /** Copies, which may be changed in place until all is set. */
  readonly own: Set<Value>
  gaps: number
}

type Path = readonly (string | number)[]

// strvals takes 30 names (MaxNestedNameLevel), each with places in lists of lists behind it.
const mostParts = 100

/** @returns `null` if it has too many parts. */
function partsOf(name: string): Path | null {
  const parts: (string | number)[] = []
  for (const [, key, index] of name.matchAll(/((?:\\.|[^.[\\])+)|\[(\d+)\]/g)) {
    if (parts.length === mostParts) return null
    if (index !== undefined) parts.push(Number(index))
    else if (key !== undefined) parts.push(key.replace(/\\(.)/g, '$1'))
  }
  return parts
}

// strvals, MaxIndex
const mostItems = 65536
// Places of lists that nobody fills: `a[65535][65535]` in 20 letters. All of one chart together.
const mostGaps = 16 * mostItems

/** Whether there is room for the places that a path makes in lists, which is taken then. */
function fits(setting: Setting, values: Value, path: Path): boolean {
  let gaps = 0
  let at = values
  for (const key of path) {
    const list = typeof key === 'number' && Array.isArray(at) ? (at as readonly Value[]) : []
    if (typeof key === 'number' && key < mostItems) gaps += Math.max(0, key - list.length)
    at = typeof key === 'number' ? list[key] : ownEntry(asMap(at) ?? {}, key)
  }
  if (gaps > setting.gaps) return false
  setting.gaps -= gaps
  return true
}

function setAt(setting: Setting, before: Value, path: Path, value: Value, depth = 0): Value {
  const key = path[depth]
  if (key === undefined) return value
  if (typeof key === 'number') {
    const list = ownCopy(setting, Array.isArray(before) ? (before as Value[]) : [], (items) => [...items])
    if (key < mostItems) list[key] = setAt(setting, list[key], path, value, depth + 1)
    return list
  }
  const map = ownCopy(setting, asMap(before) ?? {}, (entries): Record<string, Value> => ({ ...entries }))
  if (depth === path.length - 1 && value === null) delete map[key]
  else {
    const next = setAt(setting, ownEntry(map, key), path, value, depth + 1)
    // Not `map[key] =`, which a key `__proto__` would turn into something else.
    Object.defineProperty(map, key, { value: next, enumerable: true, writable: true, configurable: true })
  }
  return map
}

function ownEntry(map: ValueMap, key: string): Value {
  return Object.hasOwn(map, key) ? map[key] : undefined
}

function ownCopy<Given, Copy extends Given>({ own }: Setting, given: Given, copy: (given: Given) => Copy): Copy {
  if (own.has(given)) return given as Copy
  const made = copy(given)
  own.add(made)
  return made
}

/** strvals, typedVal and valList: only whole numbers become numbers; `{a,b}` is a list, and none of lists. */
function typed(text: string): Value {
  return text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1).split(',').map(typedScalar) : typedScalar(text)
}

function typedScalar(text: string): Value {
  if (text === 'true' || text === 'false') return text === 'true'
  if (text === 'null') return null
  return text === '0' || /^[+-]?[1-9]\d*$/.test(text) ? Number(text) : text
}
