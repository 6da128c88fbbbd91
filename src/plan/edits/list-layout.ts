import { isAlias, isScalar, isSeq } from 'yaml'
import type { ParsedNode, YAMLSeq } from 'yaml'
import { afterColon } from './map-entry.ts'
import type { ParsedMap, ParsedPair } from './map-entry.ts'
import { quotingOf, scalarText } from './scalar-text.ts'
import type { Quoting } from './scalar-text.ts'
import { columnAt, lineAt, lineEnd, refuseAt } from './source.ts'
import type { Source } from './source.ts'
import type { Splice } from './splice.ts'

type ParsedList = YAMLSeq.Parsed

/** A new list: at the end of a file written in lines, at the front of one in braces. */
export function createList(source: Source, map: ParsedMap | null, key: string, entry: string): Splice {
  const [first] = map?.items ?? []
  if (map?.flow === true) {
    const open = map.range[0]
    const quoting = first === undefined ? 'double' : quotingOf(first.key)
    const text = `${scalarText(key, quoting)}: [${scalarText(entry, quoting)}]`
    if (first === undefined) return { offset: open + 1, length: 0, text }
    const gap = source.text.slice(open + 1, first.key.range[0])
    return { offset: first.key.range[0], length: 0, text: `${text},${/^[ \t\r\n]+$/.test(gap) ? gap : ' '}` }
  }
  const indent = ' '.repeat(first === undefined ? 0 : columnAt(source, first.key.range[0]))
  const { lineBreak, text } = source
  const head = text === '' || text.endsWith('\n') || text === '\uFEFF' ? '' : lineBreak
  return {
    offset: text.length,
    length: 0,
    text: `${head}${indent}${scalarText(key, 'plain')}:${lineBreak}${indent}${dash(source, map)}${scalarText(entry, habit(map))}${lineBreak}`,
  }
}

/** A key with nothing, or `null`, behind it. */
export function fillList(source: Source, map: ParsedMap, pair: ParsedPair, entry: string): readonly Splice[] {
  const colon = afterColon(source, pair)
  const [from, to] = pair.value?.range ?? [colon, colon]
  const written = to > from
  if (map.flow === true) return [{ offset: colon, length: written ? to - colon : 0, text: ` [${scalarText(entry, quotingOf(pair.key))}]` }]
  const indent = ' '.repeat(columnAt(source, pair.key.range[0]))
  const line = {
    offset: lineEnd(source, pair.key.range[0]),
    length: 0,
    text: `${source.lineBreak}${indent}${dash(source, map)}${scalarText(entry, habit(map))}`,
  }
  return written ? [{ offset: colon, length: to - colon, text: '' }, line] : [line]
}

export function appendItem(source: Source, list: ParsedList, pair: ParsedPair, entry: string): readonly Splice[] {
  const last = list.items.at(-1)
  if (last === undefined) return [insertInEmpty(source, list, pair, entry)]
  refuseUnclear(source, last)
  const text = scalarText(entry, quotingOf(last))
  if (list.flow === true) return [{ offset: last.range[1], length: 0, text: separator(source, list) + text }]
  return [{ offset: lineEnd(source, last.range[1]), length: 0, text: source.lineBreak + itemHead(source, last) + text }]
}

/** @returns also whether the key goes with its last item. */
export function removeItem(
  source: Source,
  list: ParsedList,
  pair: ParsedPair,
  position: number,
): { readonly splices: readonly Splice[]; readonly keyGoes: boolean } {
  const item = list.items[position] as ParsedNode
  refuseUnclear(source, item)
  if (list.flow === true) return { splices: [removeFromFlow(list, position)], keyGoes: false }
  const line = wholeLine(source, item.range[0] - itemHead(source, item).length, item.range[1])
  if (list.items.length > 1) return { splices: [line], keyGoes: false }
  const keyStart = pair.key.range[0]
  const colon = afterColon(source, pair)
  const keyLine = source.text.slice(keyStart - columnAt(source, keyStart), lineEnd(source, keyStart))
  const bare = /^ *[^ ]+[ \t]*:[ \t]*$/.test(keyLine)
  if (!bare) return { splices: [{ offset: colon, length: 0, text: ' []' }, line], keyGoes: false }
  return { splices: [wholeLine(source, keyStart - columnAt(source, keyStart), colon), line], keyGoes: true }
}

function insertInEmpty(source: Source, list: ParsedList, pair: ParsedPair, entry: string): Splice {
  const open = list.range[0]
  if (source.text[open] !== '[') return refuseAt(source, lineAt(source, open), 'the list is empty in a way that cannot be edited safely')
  return { offset: open + 1, length: 0, text: scalarText(entry, quotingOf(pair.key)) }
}

function refuseUnclear(source: Source, item: unknown): void {
  const node = item as ParsedNode | null
  if (
    node !== null &&
    isScalar(node) &&
    (node.type === 'PLAIN' || node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') &&
    node.range[1] > node.range[0]
  )
    return
  const what = isAlias(node) ? 'an alias' : 'not a string on one line'
  refuseAt(source, lineAt(source, node?.range[0] ?? 0), `an item of the list is ${what}`)
}

/** The text of a line before its item: `  - `. */
function itemHead(source: Source, item: ParsedNode): string {
  const start = item.range[0]
  const head = source.text.slice(start - columnAt(source, start), start)
  return /^ *-[ \t]+$/.test(head)
    ? head
    : refuseAt(source, lineAt(source, start), 'the layout of this list is not one that can be edited safely')
}

function separator(source: Source, list: ParsedList): string {
  const [before, last] = list.items.slice(-2)
  if (before === undefined || last === undefined) return ', '
  const between = source.text.slice(before.range[1], last.range[0])
  return /^,[ \t\r\n]*$/.test(between) ? between : ', '
}

function removeFromFlow(list: ParsedList, position: number): Splice {
  const item = list.items[position] as ParsedNode
  const before = list.items[position - 1]
  const after = list.items[position + 1]
  if (before !== undefined) return cut(before.range[1], item.range[1])
  if (after !== undefined) return cut(item.range[0], after.range[0])
  return cut(list.range[0] + 1, list.range[1] - 1)
}

function cut(from: number, to: number): Splice {
  return { offset: from, length: to - from, text: '' }
}

/** Cuts the lines from `start` to the one that holds `within`, with the break that ends it. */
function wholeLine(source: Source, start: number, within: number): Splice {
  const end = lineEnd(source, within)
  const next = source.text.startsWith('\r\n', end) ? end + 2 : Math.min(end + 1, source.text.length)
  return cut(start, next)
}

/** How the file's other lists are indented: `- ` under the key's column, or further in. */
function dash(source: Source, map: ParsedMap | null): string {
  const other = blockLists(map)[0]
  const item = other?.list.items[0] as ParsedNode | null | undefined
  if (other === undefined || item === null || item === undefined) return '- '
  const start = item.range[0]
  const head = /^( *)-[ \t]+$/.exec(source.text.slice(start - columnAt(source, start), start))
  const extra = (head?.[1] ?? '').length - columnAt(source, other.pair.key.range[0])
  return `${' '.repeat(Math.max(extra, 0))}- `
}

function habit(map: ParsedMap | null): Quoting {
  const strings = blockLists(map)
    .flatMap(({ list }) => list.items)
    .filter((item) => isScalar(item))
  return quotingOf(strings[0])
}

function blockLists(map: ParsedMap | null): readonly { readonly pair: ParsedPair; readonly list: ParsedList }[] {
  return (map?.items ?? []).flatMap((pair) => {
    const list = pair.value as ParsedList | null
    return isSeq(list) && list.flow !== true && list.items.length > 0 ? [{ pair, list }] : []
  })
}
