/**
 * A piece of a text that is replaced by another. Offset and length count UTF-16 units of the decoded file, a byte order mark
 * included: the units of `YamlDocument.nodeAt(…).range`.
 */
export interface Splice {
  readonly offset: number
  readonly length: number
  readonly text: string
}

/**
 * The file with all splices done. Offsets are those of the original; splices at one offset come out in the order given.
 * @throws TypeError if the bytes are not UTF-8; RangeError if splices overlap or reach over the end.
 */
export function applySplices(bytes: Uint8Array, splices: readonly Splice[]): Uint8Array {
  if (splices.length === 0) return bytes
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  const ordered = splices.toSorted((a, b) => a.offset - b.offset || a.length - b.length)
  let result = ''
  let done = 0
  for (const splice of ordered) {
    if (splice.offset < done || splice.length < 0 || splice.offset + splice.length > text.length) {
      throw new RangeError(`the splice at ${splice.offset} overlaps another or leaves the file`)
    }
    result += text.slice(done, splice.offset) + splice.text
    done = splice.offset + splice.length
  }
  return new TextEncoder().encode(result + text.slice(done))
}
