import { mostDocuments } from './parse-documents.ts'
import { endOfLine, endsToken, flowValue, keyAt, plainAt, quotedAt } from './simple-values.ts'
import type { Read } from './simple-values.ts'

/** A document that holds something. */
export interface SimpleDocument {
  /** Position in its file, from 0. */
  readonly index: number
  readonly value: unknown
  /** Where its first key or item is. */
  readonly offset: number
  /** The line of it, from 1. */
  readonly line: number
}

/**
 * Reads the YAML that people mostly write, in one pass: maps and lists in block style, scalars and flow collections that end on their line,
 * literal blocks, comments. It never guesses: where anything else comes up (an anchor, a tag, a tab, a folded or multi-line scalar, a key twice, an
 * error) it gives up, and the real parser reads the file. What it does read, the parser reads the same: test/base/simple-yaml.test.ts.
 * @returns `null` for a text that is not simple.
 */
export function readSimpleYaml(text: string): readonly SimpleDocument[] | null {
  return notSimple.test(text) ? null : new SimpleReader(text).documents()
}

// Tabs, and what some readers take for the end of a line.
const notSimple = /[\t\r\u0085\u2028\u2029\ufeff]/
const deepest = 100

const newline = 10
const space = 32
const quote = 34
const hash = 35
const apostrophe = 39
const dash = 45
const openBracket = 91
const openBrace = 123
const pipe = 124

/** Every method returns `undefined` where it gives up. */
class SimpleReader {
  readonly #text: string
  /** The first character of a line that holds something; later, where it is read on. */
  #at = 0
  /** How far that line is indented; -1 at the end of a document. */
  #column = -1
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  documents(): readonly SimpleDocument[] | null {
    const found: SimpleDocument[] = []
    let line = 1
    let counted = 0
    this.#findLine(0)
    for (let index = 0; ; index++) {
      // The first document needs no `---`.
      if (index > 0 || this.#isMarker()) {
        if (!this.#isMarker()) return this.#at >= this.#text.length ? found : null
        this.#at += 3
        if (!this.#endLine() || index >= mostDocuments) return null
      }
      if (this.#column === -1) continue
      if (this.#column > 0) return null
      line += newlines(this.#text, counted, this.#at)
      counted = this.#at
      const value = this.#node()
      if (value === undefined || this.#column !== -1) return null
      found.push({ index, value, offset: counted, line })
    }
  }

  /** The map or the list that begins here. */
  #node(): Read {
    if (this.#depth === deepest) return undefined
    this.#depth++
    const value = this.#isItem() ? this.#list(this.#column) : this.#map(this.#column)
    this.#depth--
    return value
  }

  #map(column: number): Read {
    const map: Record<string, unknown> = {}
    for (;;) {
      const key = keyAt(this.#text, this.#at)
      if (key === null || Object.hasOwn(map, key.value)) return undefined
      this.#at = key.end + 1
      const value = this.#value(column, true)
      if (value === undefined) return undefined
      map[key.value] = value
      if (this.#column < column) return map
      // It would belong to a scalar of several lines, or to nothing.
      if (this.#column > column) return undefined
    }
  }

  #list(column: number): Read {
    const list: unknown[] = []
    do {
      const item = this.#item(column)
      if (item === undefined) return undefined
      list.push(item)
      if (this.#column < column) return list
      if (this.#column > column) return undefined
    } while (this.#isItem())
    return list
  }

  #item(column: number): Read {
    const from = this.#at
    this.#at++
    this.#skipSpaces()
    const inner = column + this.#at - from
    if (this.#isItem() || keyAt(this.#text, this.#at) !== null) {
      this.#column = inner
      return this.#node()
    }
    return this.#value(column, false)
  }

  /**
   * What stands behind a colon or a dash, and then the next line.
   * @param column of the map or the list that it is for.
   */
  #value(column: number, inMap: boolean): Read {
    this.#skipSpaces()
    const text = this.#text
    const first = text.charCodeAt(this.#at)
    if (this.#at >= text.length || first === newline || first === hash) return this.#below(column, inMap)
    if (first === pipe) return this.#literal(column)
    const inline =
      first === quote || first === apostrophe
        ? quotedAt(text, this.#at)
        : first === openBrace || first === openBracket
          ? flowValue(text, this.#at, deepest)
          : plainAt(text, this.#at)
    if (inline === null) return undefined
    this.#at = inline.end
    return this.#endLine() ? inline.value : undefined
  }

  /** A map or a list on the lines below; nothing else is `null`. */
  #below(column: number, inMap: boolean): Read {
    if (!this.#endLine()) return undefined
    return this.#column > column || (inMap && this.#column === column && this.#isItem()) ? this.#node() : null
  }

  /** `|` or `|-`, and lines that are indented as the first is. */
  #literal(column: number): Read {
    const text = this.#text
    this.#at++
    const strip = text.charCodeAt(this.#at) === dash
    if (strip) this.#at++
    this.#skipSpaces()
    if (text.charCodeAt(this.#at) !== newline) return undefined

    const lines: string[] = []
    let indent = 0
    let last = 0
    let start = this.#at + 1
    while (start < text.length) {
      const end = endOfLine(text, start)
      let content = start
      while (content < end && text.charCodeAt(content) === space) content++
      const spaces = content - start
      if (content === end) {
        // Empty lines decide nothing, unless they are longer than the indentation, or the first.
        if (lines.length === 0 || spaces > indent) return undefined
        lines.push('')
      } else {
        if (lines.length === 0) indent = spaces
        if (indent <= column) return undefined
        if (spaces < indent) break
        last = lines.push(text.slice(start + indent, end))
      }
      start = end + 1
    }
    if (last === 0) return undefined
    this.#findLine(start)
    return lines.slice(0, last).join('\n') + (strip ? '' : '\n')
  }

  /** Whether nothing but a comment is left on this line; then goes to the next that holds something. */
  #endLine(): boolean {
    this.#skipSpaces()
    const text = this.#text
    const next = text.charCodeAt(this.#at)
    const ends = this.#at >= text.length || next === newline || (next === hash && text.charCodeAt(this.#at - 1) === space)
    if (!ends) return false
    this.#findLine(endOfLine(text, this.#at) + 1)
    return true
  }

  /** @param start of a line. */
  #findLine(start: number): void {
    const text = this.#text
    let line = start
    for (;;) {
      let at = line
      while (text.charCodeAt(at) === space) at++
      const first = text.charCodeAt(at)
      this.#at = at
      this.#column = at - line
      if (at >= text.length || this.#isMarker()) this.#column = -1
      else if (first === newline || first === hash) {
        line = endOfLine(text, at) + 1
        continue
      }
      return
    }
  }

  #isMarker(): boolean {
    return this.#column <= 0 && this.#text.startsWith('---', this.#at) && endsToken(this.#text, this.#at + 3)
  }

  #isItem(): boolean {
    return this.#column !== -1 && this.#text.charCodeAt(this.#at) === dash && endsToken(this.#text, this.#at + 1)
  }

  #skipSpaces(): void {
    while (this.#text.charCodeAt(this.#at) === space) this.#at++
  }
}

function newlines(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count++
  return count
}
