import { isMap, isScalar, isSeq } from 'yaml'
import type { YAMLSeq } from 'yaml'
import { withoutTrailing } from '../../base/index.ts'
import { appendItem, createList, fillList, removeItem } from './list-layout.ts'
import { pairOf } from './map-entry.ts'
import type { ParsedMap, ParsedPair } from './map-entry.ts'
import { lineAt, onlyDocument, openSource, refuseAt, verified } from './source.ts'
import type { Source } from './source.ts'
import type { Splice } from './splice.ts'

/**
 * Adds a string to a top-level list of a kustomization (`components`, `resources`), at its end. Nothing happens if it is there
 * already, also as `./x` or `x/`. The list is made when it is absent.
 * @throws RerootError FILE_INVALID, with line and what to do, where this cannot be done without touching something else.
 */
export function addListEntry(bytes: Uint8Array, file: string, key: string, entry: string): readonly Splice[] {
  const source = openSource(bytes, file, `add \`${entry}\` to the list \`${key}\` of ${file} by hand`)
  const { map, pair, list, value } = readList(source, key)
  if (list.some((item) => isSamePath(item, entry))) return []
  const splices =
    map === null || pair === null
      ? [createList(source, map, key, entry)]
      : isSeq(pair.value)
        ? appendItem(source, pair.value, pair, entry)
        : fillList(source, map, pair, entry)
  return verified(source, splices, [{ ...value, [key]: [...list, entry] }])
}

/** Takes a string out of a top-level list, in whichever of its spellings; a list that would be empty goes too, where it is written in lines. */
export function removeListEntry(bytes: Uint8Array, file: string, key: string, entry: string): readonly Splice[] {
  const source = openSource(bytes, file, `take \`${entry}\` out of the list \`${key}\` of ${file} by hand`)
  const { map, pair, list, value } = readList(source, key)
  const position = list.findIndex((item) => isSamePath(item, entry))
  if (position === -1 || map === null || pair === null) return []
  const { splices, keyGoes } = removeItem(source, pair.value as YAMLSeq.Parsed, pair, position)
  const rest = list.filter((_, index) => index !== position)
  const { [key]: _, ...others } = value
  const [only] = source.documents
  if (keyGoes && Object.keys(others).length === 0 && only !== undefined) return verified(source, splices, [])
  return verified(source, splices, [keyGoes ? others : { ...value, [key]: rest }])
}

interface ReadList {
  /** `null` if the file holds nothing but comments. */
  readonly map: ParsedMap | null
  readonly pair: ParsedPair | null
  readonly list: readonly unknown[]
  readonly value: Readonly<Record<string, unknown>>
}

function readList(source: Source, key: string): ReadList {
  const document = onlyDocument(source)
  if (document === null) return { map: null, pair: null, list: [], value: {} }
  const root = document.nodeAt([])
  if (!isMap(root)) return refuseAt(source, document.lineOf([]), 'the file is not an object')
  const map = root
  const pair = pairOf(map, key)
  const value = document.value as Readonly<Record<string, unknown>>
  if (pair === null) {
    if (value[key] !== undefined) refuseAt(source, document.lineOf([]), `"${key}" comes in through a merge key`)
    return { map, pair, list: [], value }
  }
  const node = pair.value
  const empty = node === null || (isScalar(node) && node.value === null)
  if (!empty && !isSeq(node)) refuseAt(source, lineAt(source, pair.key.range[0]), `"${key}" is not a list`)
  return { map, pair, list: empty ? [] : (value[key] as readonly unknown[]), value }
}

/** kustomize takes `x`, `./x` and `x/` for the same. */
function isSamePath(item: unknown, entry: string): boolean {
  return typeof item === 'string' && tidyPath(item) === tidyPath(entry)
}

function tidyPath(path: string): string {
  return withoutTrailing(path.replace(/^(\.\/)+/, ''), '/')
}
