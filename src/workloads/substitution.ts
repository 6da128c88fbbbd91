import { asMap, textMap, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

const substituteMark = 'kustomize.toolkit.fluxcd.io/substitute'

/** Whether a text still holds a variable that nothing in Git resolves. */
export function hasVariable(text: string): boolean {
  return /\$\{[^}]*\}/.test(text)
}

/**
 * Flux's `postBuild` (github.com/fluxcd/pkg/envsubst): `${name}`, with a default behind `:=`, `=`, `:-` or `-`; `$${name}` stays as `${name}`.
 * What has no value stays as it is written, and is a finding where structure is expected.
 */
export function substitute(object: ValueMap, variables: ReadonlyMap<string, string>): ValueMap {
  const skipped = [valueAt(object, 'metadata', 'labels', substituteMark), valueAt(object, 'metadata', 'annotations', substituteMark)]
  return skipped.includes('disabled') ? object : (asMap(substituteIn(object, variables)) ?? object)
}

function substituteIn(value: Value, variables: ReadonlyMap<string, string>): Value {
  if (typeof value === 'string') return value.includes('${') ? expand(value, variables) : value
  if (Array.isArray(value)) return value.map((item) => substituteIn(item, variables))
  const map = asMap(value)
  if (map === null) return value
  return Object.fromEntries(Object.entries(map).map(([key, entry]) => [expand(key, variables), substituteIn(entry, variables)]))
}

function expand(text: string, variables: ReadonlyMap<string, string>): string {
  let expanded = ''
  let at = 0
  for (;;) {
    const start = text.indexOf('${', at)
    const end = start === -1 ? -1 : closingBrace(text, start + 2)
    if (end === -1) return expanded + text.slice(at)
    const whole = text.slice(start, end + 1)
    const isKept = text[start - 1] === '$'
    expanded += text.slice(at, isKept ? start - 1 : start) + (isKept ? whole : valueOf(whole, variables))
    at = end + 1
  }
}

function valueOf(whole: string, variables: ReadonlyMap<string, string>): string {
  const [, name = '', operator, fallback = ''] = /^\$\{([A-Za-z_]\w*)(?:(:?[=-])([^]*))?\}$/.exec(whole) ?? []
  const value = variables.get(name)
  if (name === '') return whole
  if (operator === undefined) return value ?? whole
  // A default may hold variables of its own. It also stands for a value that is empty, with or without the colon (`toDefault`).
  return value === undefined || value === '' ? expand(fallback, variables) : value
}

/** Where the brace that was opened before `from` is closed; -1: nowhere. */
function closingBrace(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) depth++
    if (text[at] === '}' && --depth === 0) return at
  }
  return -1
}

/** The values that a Kustomization's `postBuild` gives; `null` if it has none. ConfigMaps that Git does not show are left out. */
export function variablesOf(
  spec: ValueMap,
  configMap: (name: string) => ValueMap | null,
): { readonly values: ReadonlyMap<string, string>; readonly missing: readonly string[] } | null {
  const postBuild = asMap(spec['postBuild'])
  if (postBuild === null) return null
  const values = new Map<string, string>()
  const missing: string[] = []
  const from = postBuild['substituteFrom']
  for (const entry of Array.isArray(from) ? from : []) {
    const kind = String(valueAt(entry, 'kind'))
    const name = String(valueAt(entry, 'name'))
    const data = kind === 'ConfigMap' ? configMap(name) : null
    if (data === null) missing.push(`${kind}/${name}`)
    for (const [key, value] of Object.entries(textMap(data))) values.set(key, value.replaceAll('\n', ''))
  }
  for (const [key, value] of Object.entries(textMap(postBuild['substitute']))) values.set(key, value.replaceAll('\n', ''))
  return { values, missing }
}
