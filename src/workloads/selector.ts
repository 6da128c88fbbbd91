import { RE2JS } from 're2js'
import { groupVersion, idOf } from './resource.ts'
import type { Resource } from './resource.ts'
import { asText, textMap, valueAt } from './value.ts'
import type { ValueMap } from './value.ts'

/** The `target` of a patch, ready to be asked. */
export interface Selector {
  /** A name without regular-expression marks: resources can be looked up by it. */
  readonly plainName: string | null
  matches(resource: Resource): boolean
}

type Test = (text: string) => boolean

/**
 * Makes kustomize's selector: anchored RE2 expressions for group, version, kind, name, namespace (api v0.21.1, types/selector.go), where
 * name and namespace match the original or the present id, and label selectors on metadata.
 * @throws Error if an expression or a label selector cannot be parsed.
 */
export function makeSelector(target: ValueMap): Selector {
  const written = (key: string): string | null => asText(target[key])
  const tests = { group: expression(written('group')), version: expression(written('version')), kind: expression(written('kind')) }
  const name = expression(written('name'))
  const namespace = expression(written('namespace'))
  const labels = labelSelector(written('labelSelector'))
  const annotations = labelSelector(written('annotationSelector'))
  const nameText = written('name')
  return {
    plainName: nameText !== null && isPlain(nameText) ? nameText : null,
    matches(resource) {
      const { object } = resource
      const { group, version } = groupVersion(asText(object['apiVersion']) ?? '')
      const current = idOf(object)
      const original = resource.former[0] ?? current
      return (
        (name(original.name) || name(current.name)) &&
        (namespace(original.namespace) || namespace(current.namespace)) &&
        tests.kind(current.kind) &&
        tests.group(group) &&
        tests.version(version) &&
        labels(textMap(valueAt(object, 'metadata', 'labels'))) &&
        annotations(textMap(valueAt(object, 'metadata', 'annotations')))
      )
    },
  }
}

/** What the `select` of a replacement may mean. */
export interface Selection {
  mayMean(resource: Resource): boolean
  mayMeanKind(kind: string): boolean
}

/**
 * Reads the `select` of a replacement: every field of it is an expression as well (api v0.21.1, types/replacement.go, NewTargetSelectorRegex). One
 * that cannot be read may mean anything.
 */
export function makeSelection(select: ValueMap): Selection {
  const selector = orNull(() => makeSelector(select))
  const kindTest = orNull(() => expression(asText(select['kind'])))
  return {
    mayMean: (resource) => selector === null || selector.matches(resource),
    mayMeanKind: (kind) => kindTest === null || kindTest(kind),
  }
}

function orNull<T>(make: () => T): T | null {
  try {
    return make()
  } catch {
    return null
  }
}

function isPlain(text: string): boolean {
  return /^[\w-]+$/.test(text)
}

function expression(text: string | null): Test {
  if (text === null) return () => true
  if (isPlain(text)) return (value) => value === text
  const compiled = RE2JS.compile(`^(?:${text})$`)
  return (value) => compiled.matcher(value).find()
}

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean

/** Kubernetes' label selector language: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, joined by commas. */
export function labelSelector(text: string | null): LabelTest {
  if (text === null) return () => true
  const tests = requirementsOf(text).map((part) => requirement(part.trim()))
  return (labels) => tests.every((test) => test(labels))
}

/** What stands between commas, but for those in front of a bracket that closes: these belong to a set. */
function requirementsOf(text: string): readonly string[] {
  const parts: string[] = []
  let end = text.length
  let inSet = false
  for (let at = text.length - 1; at >= 0; at--) {
    if (text[at] === ')') inSet = true
    else if (text[at] === '(') inSet = false
    else if (text[at] === ',' && !inSet) {
      parts.push(text.slice(at + 1, end))
      end = at
    }
  }
  return [...parts, text.slice(0, end)].toReversed()
}

function requirement(text: string): LabelTest {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text)
  if (set !== null) {
    const [, key = '', operator, values = ''] = set
    const allowed = new Set(values.split(',').map((value) => value.trim()))
    return (labels) => allowed.has(labels[key] ?? '\0') === (operator === 'in')
  }
  const comparison = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/.exec(text)
  if (comparison !== null) {
    const [, key = '', operator, value = ''] = comparison
    return (labels) => (labels[key] === value) === (operator !== '!=')
  }
  const presence = /^(!?)\s*([^\s=!()]+)$/.exec(text)
  if (presence === null) throw new Error(`cannot read the label selector ${JSON.stringify(text)}`)
  const [, negated, key = ''] = presence
  return (labels) => Object.hasOwn(labels, key) === (negated === '')
}
