import { Pair, Scalar, YAMLMap } from 'yaml'
import type { ParsedNode } from 'yaml'
import { endOfLine, endsToken, keyAt, plainAt, quotedAt, skipSpaces } from './simple-values.ts'

/**
 * The maps on the way to `path` in one document, as the parser's nodes: for an edit, in a fraction of the time that the parser takes. Only for a
 * document that `readSimpleYaml` has read: there the entries of a block map are the lines of one indentation, and whatever belongs to an
 * entry is indented more, or begins with a dash. Of entries beside the way only the keys are there.
 * @param start offset of the document's first key.
 * @param path keys of maps, from the document's root. The entries of the last map have their values.
 * @returns `null` if there is anything but block maps and scalars on the way: then ask the parser.
 */
export function nodesAlong(text: string, start: number, path: readonly string[]): ParsedNode | null {
  const root = mapAt(start)
  const way: { readonly column: number; readonly map: YAMLMap<Scalar, Scalar | YAMLMap | null> }[] = [{ column: 0, map: root }]
  /** An entry on the way with nothing behind its key on that line. */
  let open: Pair<Scalar, Scalar | YAMLMap | null> | null = null
  for (let line = start; line < text.length; line = endOfLine(text, line) + 1) {
    if (text.startsWith('---', line) && endsToken(text, line + 3)) break
    const at = skipSpaces(text, line)
    const first = text[at]
    if (at >= text.length || first === '\n' || first === '#') continue
    const column = at - line
    const isItem = first === '-' && endsToken(text, at + 1)
    const above = way.at(-1)?.column ?? 0
    if (open !== null && (column > above || (column === above && isItem))) {
      if (isItem || way.length > path.length) return null
      const map = mapAt(at)
      open.value = map
      way.push({ column, map })
    }
    open = null
    const depth = isItem ? -1 : way.findIndex((one) => one.column === column)
    if (depth === -1) continue
    way.length = depth + 1
    const key = keyAt(text, at)
    if (key === null) return null
    const pair = new Pair<Scalar, Scalar | YAMLMap | null>(scalarAt(text, at, key))
    way[depth]?.map.items.push(pair)
    if (depth < path.length && key.value !== path[depth]) continue
    const value = valueBehind(text, key.end + 1)
    if (value === null) return null
    pair.value = value
    if (value.range?.[0] === value.range?.[1]) open = pair
  }
  return root as unknown as ParsedNode
}

function mapAt(offset: number): YAMLMap<Scalar, Scalar | YAMLMap | null> {
  const map = new YAMLMap<Scalar, Scalar | YAMLMap | null>()
  map.range = [offset, offset, offset]
  return map
}

/** The scalar behind a colon; one of no length if the line ends there. */
function valueBehind(text: string, colon: number): Scalar | null {
  const at = skipSpaces(text, colon)
  switch (text[at]) {
    case undefined:
    case '\n':
    case '#':
      return scalarAt(text, colon, { value: null, end: colon })
    case '"':
    case "'": {
      const quoted = quotedAt(text, at)
      return quoted === null ? null : scalarAt(text, at, quoted)
    }
    default: {
      const plain = plainAt(text, at)
      return plain === null ? null : scalarAt(text, at, plain)
    }
  }
}

function scalarAt(text: string, at: number, { value, end }: { readonly value: unknown; readonly end: number }): Scalar {
  const scalar = new Scalar(value)
  scalar.range = [at, end, end]
  scalar.type = text[at] === '"' ? Scalar.QUOTE_DOUBLE : text[at] === "'" ? Scalar.QUOTE_SINGLE : Scalar.PLAIN
  return scalar
}
