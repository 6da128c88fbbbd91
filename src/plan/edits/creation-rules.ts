import { isMap, isScalar, isSeq } from 'yaml'
import type { YAMLSeq } from 'yaml'
import { parseYamlFile } from '../../base/index.ts'
import { afterColon, pairOf } from './map-entry.ts'
import type { ParsedMap } from './map-entry.ts'
import { columnAt, lineAt, lineEnd, onlyDocument, openSource, refuseAt, verified } from './source.ts'
import type { Source } from './source.ts'
import { applySplices } from './splice.ts'
import type { Splice } from './splice.ts'

/** One rule of `.sops.yaml`, as the lines of a YAML map without indentation, with a `path_regex`. Comment lines may come first. */
export type CreationRuleText = string

const sopsFile = '.sops.yaml'

/**
 * Puts rules at the top of `creation_rules`, above any catch-all, since sops takes the first that matches. A rule whose
 * `path_regex` is there already is left as people have made it; so doing it twice equals doing it once.
 * @param bytes `null` if there is no such file yet.
 * @throws RerootError FILE_INVALID, with line and what to do, where this cannot be done without touching something else.
 */
export function insertCreationRules(bytes: Uint8Array | null, rules: readonly CreationRuleText[], file: string = sopsFile): Uint8Array {
  const original = bytes ?? new Uint8Array()
  const source = openSource(
    original,
    file,
    `put these rules at the top of creation_rules in ${file} by hand:\n${rules.map((rule) => itemLines(rule, '  ', '- ').join('\n')).join('\n')}`,
  )
  const { map, present } = readRules(source)
  const known = new Set(present.map(pathRegex))
  const missing = rules.map((text) => ({ text, value: ruleValue(text) })).filter(({ value }) => !known.has(pathRegex(value)))
  if (missing.length === 0) return original
  const splices = insertion(
    source,
    map,
    missing.map(({ text }) => text),
  )
  const value = (onlyDocument(source)?.value ?? {}) as Readonly<Record<string, unknown>>
  const intended = { ...value, creation_rules: [...missing.map((rule) => rule.value), ...present] }
  return applySplices(original, verified(source, splices, [intended]))
}

function readRules(source: Source): { readonly map: ParsedMap | null; readonly present: readonly unknown[] } {
  const document = onlyDocument(source)
  if (document === null) return { map: null, present: [] }
  const root = document.nodeAt([])
  if (!isMap(root)) return refuseAt(source, document.lineOf([]), 'the file is not an object')
  const rules = (document.value as Readonly<Record<string, unknown>>)['creation_rules'] ?? []
  if (!Array.isArray(rules)) return refuseAt(source, document.lineOf(['creation_rules']), 'creation_rules is not a list')
  return { map: root, present: rules }
}

function pathRegex(rule: unknown): unknown {
  return typeof rule === 'object' && rule !== null ? (rule as Readonly<Record<string, unknown>>)['path_regex'] : undefined
}

function ruleValue(text: CreationRuleText): unknown {
  const [document] = parseYamlFile(new TextEncoder().encode(text), sopsFile).documents
  if (typeof pathRegex(document?.value) !== 'string') throw new TypeError(`not a creation rule with a path_regex: ${JSON.stringify(text)}`)
  return document?.value
}

function insertion(source: Source, map: ParsedMap | null, rules: readonly CreationRuleText[]): readonly Splice[] {
  const { lineBreak, text } = source
  const pair = map === null ? null : pairOf(map, 'creation_rules')
  if (pair === null) {
    if (map?.flow === true) return refuseAt(source, 1, 'the file is written in braces')
    const head = text === '' || text.endsWith('\n') ? '' : lineBreak
    const indent = ' '.repeat(map?.items[0] === undefined ? 0 : columnAt(source, map.items[0].key.range[0]))
    const lines = [`${indent}creation_rules:`, ...rules.flatMap((rule) => itemLines(rule, `${indent}  `, '- '))]
    return [{ offset: text.length, length: 0, text: `${head}${lines.join(lineBreak)}${lineBreak}` }]
  }
  const list = pair.value
  const keyColumn = columnAt(source, pair.key.range[0])
  const end = lineEnd(source, pair.key.range[0])
  const below = (indent: number, mark: string): Splice => ({
    offset: end,
    length: 0,
    text: lineBreak + rules.flatMap((rule) => itemLines(rule, ' '.repeat(indent), mark)).join(lineBreak),
  })
  const isEmptyFlow = isSeq(list) && list.items.length === 0
  if (list === null || isEmptyFlow || (isScalar(list) && list.value === null)) {
    const colon = afterColon(source, pair)
    const to = list?.range[1] ?? colon
    return [...(to > colon ? [{ offset: colon, length: to - colon, text: '' }] : []), below(keyColumn + 2, '- ')]
  }
  if (!isSeq(list) || list.flow === true)
    return refuseAt(source, lineAt(source, pair.key.range[0]), 'creation_rules is an alias, or written in brackets')
  const head = firstItemHead(source, list, end)
  return [below(head.indent, head.mark)]
}

/** The indentation and the `- ` of the first rule. */
function firstItemHead(source: Source, list: YAMLSeq.Parsed, keyLineEnd: number): { readonly indent: number; readonly mark: string } {
  const start = list.range[0]
  const [, mark] = /^(- +)\S/.exec(source.text.slice(start)) ?? []
  if (start <= keyLineEnd || source.text[start] !== '-')
    return refuseAt(source, lineAt(source, start), 'the layout of this list is not one that can be edited safely')
  return { indent: columnAt(source, start), mark: mark ?? '- ' }
}

/** A rule as an item: comments first, then the dash on the line of the first key. */
function itemLines(rule: CreationRuleText, indent: string, mark: string): readonly string[] {
  let first = true
  return rule
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => {
      if (first && (line.startsWith('#') || line === '')) return (indent + line).trimEnd()
      const head = first ? mark : ' '.repeat(mark.length)
      first = false
      return line === '' ? '' : indent + head + line
    })
}
