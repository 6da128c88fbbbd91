import { isDeepStrictEqual } from 'node:util'
import { asMap } from './value.ts'
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
  let result: Value = structuredClone(object)
  for (const [index, entry] of operations.entries()) {
    const operation = asMap(entry)
    if (operation === null) return { problem: `operation ${index} is not a map` }
    const outcome = applyOperation(result, operation)
    if ('problem' in outcome)
      return { problem: `operation ${index} (${String(operation['op'])} ${String(operation['path'])}): ${outcome.problem}` }
    result = outcome.value
  }
  const patched = asMap(result)
  return patched === null ? { problem: 'the patch replaces the object by something that is no map' } : { object: patched }
}

type Outcome = { readonly value: Value } | { readonly problem: string }

function applyOperation(root: Value, operation: ValueMap): Outcome {
  const path = parsePointer(operation['path'])
  if (path === null) return { problem: 'path is not a JSON pointer' }
  switch (operation['op']) {
    case 'add':
      return write(root, path, structuredClone(operation['value'] ?? null), 'add')
    case 'replace':
      return write(root, path, structuredClone(operation['value'] ?? null), 'replace')
    case 'remove':
      return remove(root, path)
    case 'test':
      return isDeepStrictEqual(lookUp(root, path) ?? null, operation['value'] ?? null) ? { value: root } : { problem: 'the test fails' }
    case 'copy':
    case 'move': {
      const from = parsePointer(operation['from'])
      const value = from === null ? undefined : lookUp(root, from)
      if (from === null || value === undefined) return { problem: 'there is nothing at from' }
      const source = operation['op'] === 'move' ? remove(root, from) : { value: root }
      return 'problem' in source ? source : write(source.value, path, structuredClone(value), 'add')
    }
    default:
      return { problem: 'unknown operation' }
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

function lookUp(root: Value, path: readonly string[]): Value {
  let at: Value = root
  for (const part of path) {
    if (Array.isArray(at)) at = at[indexIn(at, part)]
    else at = asMap(at)?.[part]
  }
  return at
}

function write(root: Value, path: readonly string[], value: Value, how: 'add' | 'replace'): Outcome {
  const last = path.at(-1)
  if (last === undefined) return { value }
  const parent = lookUp(root, path.slice(0, -1))
  if (Array.isArray(parent)) {
    const index = indexIn(parent, last)
    if (!Number.isInteger(index) || index < 0 || index > parent.length || (how === 'replace' && index === parent.length))
      return { problem: 'no such item' }
    parent.splice(index, how === 'add' ? 0 : 1, value)
    return { value: root }
  }
  const map: Record<string, Value> | null = asMap(parent)
  if (map === null) return { problem: 'its parent does not exist' }
  map[last] = value
  return { value: root }
}

/** `-` is behind the end; negative numbers count from it, as kustomize's library has it. `NaN` for what is no number to Go, such as an empty part. */
function indexIn(list: readonly Value[], part: string): number {
  if (part === '-') return list.length
  const index = /^[-+]?\d+$/.test(part) ? Number(part) : Number.NaN
  return index < 0 ? index + list.length : index
}

function remove(root: Value, path: readonly string[]): Outcome {
  const last = path.at(-1)
  const parent = last === undefined ? undefined : lookUp(root, path.slice(0, -1))
  if (last === undefined) return { problem: 'the whole object cannot be removed' }
  if (Array.isArray(parent)) {
    const index = indexIn(parent, last)
    if (!(index >= 0 && index < parent.length)) return { problem: 'there is nothing to remove' }
    parent.splice(index, 1)
    return { value: root }
  }
  const map: Record<string, Value> | null = asMap(parent)
  if (map === null || !Object.hasOwn(map, last)) return { problem: 'there is nothing to remove' }
  delete map[last]
  return { value: root }
}
