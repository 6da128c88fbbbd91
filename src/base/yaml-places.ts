import { isMap, isScalar, isSeq } from 'yaml'
import type { Document, Node, Pair, ParsedNode, YAMLMap } from 'yaml'
import type { YamlPath } from './yaml.ts'

interface Entries {
  /** By the key's value: `1` and `'1'` are two. */
  readonly byValue: ReadonlyMap<unknown, Pair>
  readonly byText: ReadonlyMap<string, Pair>
}

/** Where the parts of one document stand. The entries of a map are looked through once, however many of them are asked for. */
export class YamlPlaces {
  readonly #document: Document.Parsed
  readonly #entries = new Map<YAMLMap, Entries>()

  constructor(document: Document.Parsed) {
    this.#document = document
  }

  /** The node at `path`; `null` if there is none. */
  nodeAt(path: YamlPath): ParsedNode | null {
    let node: unknown = this.#document.contents
    for (const step of path) node = this.#below(node, step)
    return (node as ParsedNode | null | undefined) ?? null
  }

  /** Offset of what is at `path`, its key if it has one, or of its nearest parent that exists; `null` for the document itself. */
  offsetOf(path: YamlPath): number | null {
    for (let length = path.length; length > 0; length--) {
      const parent = this.nodeAt(path.slice(0, length - 1))
      const last = path[length - 1]
      if (isMap(parent)) {
        const pair = this.#entriesOf(parent).byText.get(String(last))
        if (pair !== undefined) return (pair.key as Node | null)?.range?.[0] ?? null
      } else if (isSeq(parent) && typeof last === 'number') {
        const item = parent.items[last] as Node | undefined
        if (item !== undefined) return item.range?.[0] ?? null
      }
    }
    return null
  }

  #below(node: unknown, step: string | number): unknown {
    if (isMap(node)) return this.#entriesOf(node).byValue.get(step)?.value
    return isSeq(node) ? node.get(step, true) : undefined
  }

  #entriesOf(map: YAMLMap): Entries {
    const known = this.#entries.get(map)
    if (known !== undefined) return known
    const byValue = new Map<unknown, Pair>()
    const byText = new Map<string, Pair>()
    for (const pair of map.items) {
      if (!isScalar(pair.key)) continue
      const { value } = pair.key
      if (!byValue.has(value)) byValue.set(value, pair)
      if (!byText.has(String(value))) byText.set(String(value), pair)
    }
    const entries = { byValue, byText }
    this.#entries.set(map, entries)
    return entries
  }
}
