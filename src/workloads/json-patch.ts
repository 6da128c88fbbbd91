import { isDeepStrictEqual } from 'node:util'
import { asMap, put } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/**
 * Applies a JSON patch (RFC 6902) without touching the original. As in kustomize's library (evanphx/json-patch v4), `replace` of a key that a
 * map lacks adds it. Neither the object nor the operations are touched: both may be read again.
 * @returns the patched object, or why it cannot be applied.
 */
export function applyJsonPatch(
  object: ValueMap,
  operations: readonly Value[],
): { readonly object: ValueMap } | { readonly problem: string } {
  const draft = new Draft(object)
  for (const [index, entry] of operations.entries()) {
    const operation = asMap(entry)
    if (operation === null) return { problem: `operation ${index} is not a map` }
    const problem = applyOperation(draft, operation)
    if (problem !== null) return { problem: `operation ${index} (${String(operation['op'])} ${String(operation['path'])}): ${problem}` }
  }
  const patched = asMap(draft.root)
  return patched === null ? { problem: 'the patch replaces the object by something that is no map' } : { object: patched }
}

/** A value that is being changed. What it was made from is not touched: each map and list on the way to a change is copied, once. */
class Draft {
  root: Value
  readonly #copies = new WeakSet<object>()

  constructor(root: Value) {
    this.root = root
  }

  at(path: readonly string[]): Value {
    let at: Value = this.root
    for (const part of path) at = partOf(at, part)
    return at
  }

  /** The map or list at a path, to be changed; anything else as it is. */
  own(path: readonly string[]): Value {
    let at = this.#copyOf(this.root)
    this.root = at
    for (const part of path) {
      const next = this.#copyOf(partOf(at, part))
      if (next === undefined) return undefined
      const map = asMap(at)
      if (map !== null) put(map, part, next)
      else if (Array.isArray(at)) at[indexIn(at, part)] = next
      at = next
    }
    return at
  }

  #copyOf(value: Value): Value {
    if (typeof value !== 'object' || value === null || this.#copies.has(value)) return value
    const copy = Array.isArray(value) ? [...(value as readonly Value[])] : { ...value }
    this.#copies.add(copy)
    return copy
  }
}

/** @returns why the operation does not fit, or `null`. */
function applyOperation(draft: Draft, operation: ValueMap): string | null {
  const path = parsePointer(operation['path'])
  if (path === null) return 'path is not a JSON pointer'
  switch (operation['op']) {
    case 'add':
      return write(draft, path, operation['value'] ?? null, 'add')
    case 'replace':
      return write(draft, path, operation['value'] ?? null, 'replace')
    case 'remove':
      return remove(draft, path)
    case 'test':
      return isDeepStrictEqual(draft.at(path) ?? null, operation['value'] ?? null) ? null : 'the test fails'
    case 'copy':
    case 'move': {
      const from = parsePointer(operation['from'])
      const value = from === null ? undefined : draft.at(from)
      if (from === null || value === undefined) return 'there is nothing at from'
      const problem = operation['op'] === 'move' ? remove(draft, from) : null
      // What is in two places must not be one value: a change of one would be a change of both.
      return problem ?? write(draft, path, operation['op'] === 'move' ? value : structuredClone(value), 'add')
    }
    default:
      return 'unknown operation'
  }
}

function parsePointer(text: Value): readonly string[] | null {
  if (text === '') return []
  if (typeof text !== 'string' || !text.startsWith('/')) return null
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Only what is a part of its own: every object has a `constructor` from elsewhere. */
function partOf(value: Value, part: string): Value {
  if (Array.isArray(value)) return (value as readonly Value[])[indexIn(value, part)]
  const map = asMap(value)
  return map !== null && Object.hasOwn(map, part) ? map[part] : undefined
}

function write(draft: Draft, path: readonly string[], value: Value, how: 'add' | 'replace'): string | null {
  const last = path.at(-1)
  if (last === undefined) {
    draft.root = value
    return null
  }
  const parent = draft.own(path.slice(0, -1))
  if (Array.isArray(parent)) {
    const index = indexIn(parent, last)
    if (!Number.isInteger(index) || index < 0 || index > parent.length || (how === 'replace' && index === parent.length))
      return 'no such item'
    parent.splice(index, how === 'add' ? 0 : 1, value)
    return null
  }
  const map = asMap(parent)
  if (map === null) return 'its parent does not exist'
  put(map, last, value)
  return null
}

/** `-` is behind the end; negative numbers count from it, as kustomize's library has it. `NaN` for what is no number to Go, such as an empty part. */
function indexIn(list: readonly Value[], part: string): number {
  if (part === '-') return list.length
  const index = /^[-+]?\d+$/.test(part) ? Number(part) : Number.NaN
  return index < 0 ? index + list.length : index
}

function remove(draft: Draft, path: readonly string[]): string | null {
  const last = path.at(-1)
  if (last === undefined) return 'the whole object cannot be removed'
  const parent = draft.own(path.slice(0, -1))
  if (Array.isArray(parent)) {
    const index = indexIn(parent, last)
    if (!(index >= 0 && index < parent.length)) return 'there is nothing to remove'
    parent.splice(index, 1)
    return null
  }
  const map: Record<string, Value> | null = asMap(parent)
  if (map === null || !Object.hasOwn(map, last)) return 'there is nothing to remove'
  delete map[last]
  return null
}
