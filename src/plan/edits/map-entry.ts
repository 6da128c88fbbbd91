import { isAlias, isMap, isScalar, Scalar } from 'yaml'
import type { Pair, ParsedNode, YAMLMap } from 'yaml'
import { quotingOf, scalarText } from './scalar-text.ts'
import type { Quoting } from './scalar-text.ts'
import { columnAt, lineAt, lineEnd, refuseAt } from './source.ts'
import type { Source } from './source.ts'
import type { Splice } from './splice.ts'

export type ParsedMap = YAMLMap.Parsed
export type ParsedPair = Pair<ParsedNode, ParsedNode | null>

/** The pair of a map with this key, as it is written there (not through a merge key). */
export function pairOf(map: ParsedMap, key: string): ParsedPair | null {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key) ?? null
}

/**
 * Sets a string deep inside a map; maps that are missing on the way are made.
 * @param owner the pair whose value `map` is.
 * @param keys at least one.
 */
export function setDeep(source: Source, owner: ParsedPair, map: ParsedMap, keys: readonly string[], value: string): readonly Splice[] {
  const [key = '', ...rest] = keys
  const pair = pairOf(map, key)
  if (pair === null) return [insertFirst(source, owner, map, keys, value)]
  const node = pair.value
  if (isAlias(node))
    return refuseAt(source, lineAt(source, start(pair.key)), `"${key}" is an alias: an edit would change every place that shares it`)
  if (rest.length === 0) return [replaceScalar(source, pair, value)]
  if (isMap(node)) return setDeep(source, pair, node, rest, value)
  if (isScalar(node) && node.value === null) return fillNull(source, { map, owner, pair, keys: rest, value })
  return refuseAt(source, lineAt(source, start(pair.key)), `"${key}" is not a map`)
}

/** The offset just behind the colon of a pair. */
export function afterColon(source: Source, pair: ParsedPair): number {
  const keyEnd = pair.key.range[1]
  const gap = /^[ \t]*:/.exec(source.text.slice(keyEnd))
  return gap === null
    ? refuseAt(source, lineAt(source, start(pair.key)), 'the colon of this key is on another line')
    : keyEnd + gap[0].length
}

function start(node: ParsedNode): number {
  return node.range[0]
}

function replaceScalar(source: Source, pair: ParsedPair, value: string): Splice {
  const node = pair.value
  if (!isScalar(node) || node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED) {
    return refuseAt(
      source,
      lineAt(source, start(pair.key)),
      `the value of "${String((pair.key as Scalar).value)}" is not a string on one line`,
    )
  }
  const [from, to] = node.range
  const text = scalarText(value, quotingOf(node))
  if (from === to) return { offset: afterColon(source, pair), length: 0, text: ` ${text}` }
  return { offset: from, length: to - from, text }
}

/** A new first entry of a map that is not empty, or the only one of `{}`. */
function insertFirst(source: Source, owner: ParsedPair, map: ParsedMap, keys: readonly string[], value: string): Splice {
  const [first] = map.items
  if (map.flow === true || first === undefined) return insertInFlow(source, owner, map, keys, value)
  // Right below the parent's own line: comments that belong to the entries stay where they are.
  const end = lineEnd(source, start(owner.key))
  const firstKey = start(first.key)
  const indent = columnAt(source, firstKey)
  const step = indent - columnAt(source, start(owner.key))
  if (firstKey <= end || step < 1)
    return refuseAt(source, lineAt(source, firstKey), 'the layout of this map is not one that can be edited safely')
  return { offset: end, length: 0, text: source.lineBreak + blockLines(keys, value, indent, step).join(source.lineBreak) }
}

function insertInFlow(source: Source, owner: ParsedPair, map: ParsedMap, keys: readonly string[], value: string): Splice {
  const open = start(map)
  if (source.text[open] !== '{' || source.text[open + 1] === '{')
    return refuseAt(source, lineAt(source, open), 'a template, or a map that cannot be edited safely')
  const [first] = map.items
  const quoting = quotingOf(first?.key ?? owner.key)
  const entry = flowEntry(keys, value, quoting)
  if (first === undefined) return { offset: open + 1, length: 0, text: entry }
  const gap = source.text.slice(open + 1, start(first.key))
  const between = /^[ \t\r\n]*$/.test(gap) && gap.includes('\n') ? gap : ' '
  return { offset: start(first.key), length: 0, text: `${entry},${between}` }
}

interface NullEntry {
  readonly map: ParsedMap
  readonly owner: ParsedPair
  readonly pair: ParsedPair
  readonly keys: readonly string[]
  readonly value: string
}

/** `annotations:` with nothing behind it, or `null`. */
function fillNull(source: Source, { map, owner, pair, keys, value }: NullEntry): readonly Splice[] {
  const colon = afterColon(source, pair)
  const [from, to] = pair.value?.range ?? [colon, colon]
  const written = to > from ? source.text.slice(from, to) : ''
  if (map.flow === true)
    return [{ offset: colon, length: Math.max(to - colon, 0), text: ` {${flowEntry(keys, value, quotingOf(pair.key))}}` }]
  const column = columnAt(source, start(pair.key))
  const step = Math.max(column - columnAt(source, start(owner.key)), 1)
  const lines = blockLines(keys, value, column + step, step)
  const insertion = { offset: lineEnd(source, start(pair.key)), length: 0, text: source.lineBreak + lines.join(source.lineBreak) }
  if (written === '') return [insertion]
  return [{ offset: colon, length: to - colon, text: '' }, insertion]
}

function blockLines(keys: readonly string[], value: string, indent: number, step: number): readonly string[] {
  return keys.map((key, depth) => {
    const head = `${' '.repeat(indent + depth * step)}${scalarText(key, 'plain')}:`
    return depth === keys.length - 1 ? `${head} ${scalarText(value, 'plain')}` : head
  })
}

function flowEntry(keys: readonly string[], value: string, quoting: Quoting): string {
  const [key = '', ...rest] = keys
  const inner = rest.length === 0 ? scalarText(value, quoting) : `{${flowEntry(rest, value, quoting)}}`
  return `${scalarText(key, quoting)}: ${inner}`
}
