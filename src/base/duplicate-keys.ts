import { isMap, isScalar, YAMLParseError } from 'yaml'
import type { Document } from 'yaml'
import { eachNode } from './each-node.ts'

/**
 * The package's `uniqueKeys`, with its message, places and idea of what is the same: equal scalars, but no merge keys, and no collections. The
 * package compares each key with all before it: half an hour for the keys that fit into one file.
 * @param most errors, after which no more are looked for.
 */
export function addDuplicateKeys(document: Document.Parsed, most: number): void {
  const found: YAMLParseError[] = []
  eachNode(document.contents, (node) => {
    if (!isMap(node) || node.items.length < 2) return
    const seen = new Set<unknown>()
    for (const { key } of node.items) {
      if (found.length >= most) return
      if (!isScalar(key)) continue
      const [start] = key.range ?? [0]
      if (seen.has(key.value)) found.push(new YAMLParseError([start, start + 1], 'DUPLICATE_KEY', 'Map keys must be unique'))
      // Not a number is not itself either.
      else if (!Number.isNaN(key.value)) seen.add(key.value)
    }
  })
  if (found.length > 0) document.errors = inOrder(document.errors, found)
}

/** The errors that were there stay in their order; each new one comes before those of its place, and of all behind it. */
function inOrder(errors: readonly YAMLParseError[], found: readonly YAMLParseError[]): YAMLParseError[] {
  const sorted = found.toSorted((a, b) => a.pos[0] - b.pos[0])
  const all: YAMLParseError[] = []
  let next = 0
  for (const error of errors) {
    for (; next < sorted.length && (sorted[next]?.pos[0] ?? 0) <= error.pos[0]; next++) all.push(...sorted.slice(next, next + 1))
    all.push(error)
  }
  return [...all, ...sorted.slice(next)]
}
