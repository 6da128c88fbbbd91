import { posix } from 'node:path'
import { asList, asMap, asText, put, textMap } from '../value.ts'
import type { Value, ValueMap } from '../value.ts'
import { printGo } from './go-print.ts'
import { normalName } from './names.ts'
import type { Parameters } from './template.ts'

/** Nested values under dotted keys, as texts (github.com/jeremywohl/flatten, DotStyle). */
export function flatten(value: ValueMap): Readonly<Record<string, string>> {
  const flat: Record<string, string> = {}
  const visit = (at: Value, key: string): void => {
    const children = Array.isArray(at) ? Object.entries(at as readonly Value[]) : Object.entries(asMap(at) ?? {})
    if (children.length === 0) {
      if (asMap(at) === null && !Array.isArray(at)) flat[key] = printGo(at) ?? '<nil>'
      return
    }
    for (const [name, child] of children) visit(child, key === '' ? name : `${key}.${name}`)
  }
  visit(value, '')
  return flat
}

/** What a git generator says of a folder, or of a file in one (v3.5.1, applicationset/generators/git.go). */
export function pathParameters(folder: string, filename: string | null, prefix: string | null, goTemplate: boolean): Parameters {
  const path = folder === '' ? '.' : folder
  const basename = posix.basename(path)
  const segments = path.split('/')
  const texts = {
    basename,
    basenameNormalized: normalName(basename),
    ...(filename === null ? {} : { filename, filenameNormalized: normalName(filename) }),
  }
  if (goTemplate) {
    const nested = { path, ...texts, segments }
    return prefix === null ? { path: nested } : { [prefix]: { path: nested } }
  }
  const key = prefix === null ? 'path' : `${prefix}.path`
  return {
    [key]: path,
    ...Object.fromEntries(Object.entries(texts).map(([name, value]) => [`${key}.${name}`, value])),
    ...Object.fromEntries(segments.map((segment, index) => [`${key}[${index}]`, segment])),
  }
}

/** The parameters of two generators of a matrix. @returns `null` if they contradict each other, which only flat ones may not. */
export function combined(first: Parameters, second: Parameters, goTemplate: boolean): Parameters | null {
  if (goTemplate) return mergeOver(second, first)
  if (Object.entries(second).some(([key, value]) => Object.hasOwn(first, key) && first[key] !== value)) return null
  return { ...first, ...second }
}

/** Merges as mergo does with override: maps by key; what is empty does not count. */
export function mergeOver(base: ValueMap, over: ValueMap): ValueMap {
  const merged: Record<string, Value> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const present = Object.hasOwn(merged, key) ? merged[key] : undefined
    const before = asMap(present)
    const after = asMap(value)
    if (before !== null && after !== null) put(merged, key, mergeOver(before, after))
    else if (!isZero(value) || present === undefined) put(merged, key, value)
  }
  return merged
}

/** Fills in from `base` what `own` leaves empty: a generator's template over that of its ApplicationSet. */
export function mergeMissing(own: ValueMap, base: ValueMap): ValueMap {
  return mergeOver(base, own)
}

function isZero(value: Value): boolean {
  return (
    value === null || value === undefined || value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0)
  )
}

/** A Kubernetes label selector on texts, as a `selector` or the clusters generator has it (applicationset/utils, LabelSelectorAsSelector). */
export function selects(selector: Value, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(textMap(asMap(selector)?.['matchLabels']))
  const expressions = asList(asMap(selector)?.['matchExpressions']).map(asMap)
  return wanted.every(([key, value]) => labels[key] === value) && expressions.every((one) => one === null || fulfils(one, labels))
}

function fulfils(expression: ValueMap, labels: Readonly<Record<string, string>>): boolean {
  const key = asText(expression['key']) ?? ''
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  const values = asList(expression['values']).map((one) => printGo(one) ?? '')
  switch (expression['operator']) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false // the API server refuses it
  }
}

export function hasSelector(selector: Value): boolean {
  const map = asMap(selector)
  return Object.keys(asMap(map?.['matchLabels']) ?? {}).length > 0 || asList(map?.['matchExpressions']).length > 0
}
