import { plainScalar } from '../base/index.ts'
import { asList, asMap, textMap, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

const substituteMark = 'kustomize.toolkit.fluxcd.io/substitute'

/** Whether a text still holds a variable that nothing in Git resolves. */
export function hasVariable(text: string): boolean {
  const start = text.indexOf('${')
  return start !== -1 && text.includes('}', start)
}

// Defaults hold defaults, three deep at most where people write them.
const deepestDefault = 32

/** How many characters of values may yet be filled in. The whole of a cluster has one, because all that is filled in is kept. */
export interface Room {
  left: number
  /** A variable had to stay as it is written, for want of room. */
  lacked: boolean
}

/** What no cluster comes near: the API server takes no object of more than 3 MiB. */
export const makeRoom = (): Room => ({ left: 64 * 1024 * 1024, lacked: false })

/** What `postBuild` of a Kustomization says about variables. */
export interface Variables {
  readonly values: ReadonlyMap<string, string>
  /** Sources that Git does not show, as `kind/name`: they may set any variable. */
  readonly missing: readonly string[]
}

/**
 * Flux's `postBuild` (github.com/fluxcd/pkg/envsubst v1.7.0): `${name}`, with a default behind `:=`, `=` or `:-`, which also takes the place of an
 * empty value, and may hold variables; `$$` stays as `$`. What has no value stays as it is written, and is a finding where structure is
 * expected; so does what a source outside of Git may set, default or not.
 */
export function substitute(object: ValueMap, variables: Variables, room: Room): ValueMap {
  const skipped = [valueAt(object, 'metadata', 'labels', substituteMark), valueAt(object, 'metadata', 'annotations', substituteMark)]
  if (skipped.includes('disabled')) return object
  return asMap(substituteIn(object, { ...variables, room, depth: 0 }, object['kind'] !== 'ConfigMap')) ?? object
}

interface Filling extends Variables {
  readonly room: Room
  /** How many defaults are around the text. */
  readonly depth: number
}

/** @param typed whether a text that became a boolean is one: names, labels and data must be texts in any case. */
function substituteIn(value: Value, filling: Filling, typed: boolean): Value {
  if (typeof value === 'string') {
    if (!value.includes('$')) return value
    const text = expand(value, filling)
    return typed && text !== value && isWrittenPlain(value) ? booleanOr(text) : text
  }
  if (Array.isArray(value)) return value.map((item) => substituteIn(item, filling, typed))
  const map = asMap(value)
  if (map === null) return value
  return Object.fromEntries(
    Object.entries(map).map(([key, entry]) => [expand(key, filling), substituteIn(entry, filling, typed && key !== 'metadata')]),
  )
}

// Flux substitutes in the YAML that kustomize writes, where quotes of the file are gone, and reads that again. What the writer must quote, as
// `'"${X}"'`, stays text.
function isWrittenPlain(text: string): boolean {
  return /^[\w./$~+(^;\\-]/.test(text) && !/\n|: | #|[: ]$/.test(text)
}

function booleanOr(text: string): Value {
  const read = plainScalar(text)
  return typeof read === 'boolean' ? read : text
}

function expand(text: string, filling: Filling): string {
  if (!text.includes('$')) return text
  const closing = closingBraces(text)
  let result = ''
  let at = 0
  while (at < text.length) {
    const end = closing.get(at)
    if (end !== undefined) {
      result += valueOf(text.slice(at, end + 1), filling)
      at = end + 1
    } else {
      result += text[at] ?? ''
      at += text.startsWith('$$', at) ? 2 : 1
    }
  }
  return result
}

/** Of each `${` that is closed, where it is. */
function closingBraces(text: string): ReadonlyMap<number, number> {
  const closing = new Map<number, number>()
  const open: number[] = []
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith('${', at)) open.push(at)
    else if (text[at] === '}') {
      const start = open.pop()
      if (start !== undefined) closing.set(start, at)
    }
  }
  return closing
}

/** @param found from `${` to the brace that closes it. */
function valueOf(found: string, filling: Filling): string {
  const { values, missing, room, depth } = filling
  const [, name = '', operator, fallback = ''] = /^\$\{([A-Za-z_]\w*)(?:(:[=-]|=)([^]*))?\}$/.exec(found) ?? []
  if (name === '') return found
  const value = values.get(name)
  if (value !== undefined && (value !== '' || operator === undefined)) {
    room.lacked ||= value.length > room.left
    if (value.length > room.left) return found
    room.left -= value.length
    return value
  }
  // An empty value of a source that is seen counts, but one that is not may have another.
  if (operator === undefined || (value === undefined && missing.length > 0) || depth === deepestDefault) return found
  return expandDefault(fallback, { ...filling, depth: depth + 1 })
}

/** In a default, `$$` is no escape. */
function expandDefault(text: string, filling: Filling): string {
  return text
    .split('$$')
    .map((part) => expand(part, filling))
    .join('$$')
}

/** The objects from which a Kustomization's `postBuild` takes values. */
export function variableSources(spec: ValueMap): readonly { readonly kind: string; readonly name: string }[] {
  return asList(asMap(spec['postBuild'])?.['substituteFrom']).map((entry) => ({
    kind: String(valueAt(entry, 'kind')),
    name: String(valueAt(entry, 'name')),
  }))
}

/** The values that a Kustomization's `postBuild` gives; `null` if it substitutes nothing. ConfigMaps that Git does not show are left out. */
export function variablesOf(spec: ValueMap, configMap: (name: string) => ValueMap | null): Variables | null {
  const postBuild = asMap(spec['postBuild'])
  if (postBuild === null) return null
  const values = new Map<string, string>()
  const missing: string[] = []
  for (const { kind, name } of variableSources(spec)) {
    const data = kind === 'ConfigMap' ? configMap(name) : null
    if (data === null) missing.push(`${kind}/${name}`)
    for (const [key, value] of Object.entries(textMap(data))) values.set(key, value.replaceAll('\n', ''))
  }
  for (const [key, value] of Object.entries(textMap(postBuild['substitute']))) values.set(key, value.replaceAll('\n', ''))
  // Without any variable Flux takes no defaults either, unless it is told to (fluxcd/pkg/kustomize v1.35.4, SubstituteVariables).
  return values.size + missing.length > 0 || postBuild['substituteStrategy'] === 'Always' ? { values, missing } : null
}
