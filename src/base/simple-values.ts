import { plainScalar } from './yaml-schema.ts'

/** A value; `undefined`: the text is not simple (simple-yaml.ts). YAML has no `undefined`. */
export type Read = unknown

/** A value on a line, and the offset behind it. */
export interface Inline<T = unknown> {
  readonly value: T
  readonly end: number
}

// What keys of manifests are made of. Nothing in it has a meaning of its own.
const plainKey = /[A-Za-z0-9_./$][A-Za-z0-9_./$-]*/y
const singleQuoted = /'(?:[^'\n]|'')*'/y
const doubleQuoted = /"(?:[^"\\\n]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/y
// Characters that begin nothing but a plain scalar. `...` may end a document.
const plainStart = /(?!\.\.\.)(?:[A-Za-z0-9_./~$+(\\^;]|--?[A-Za-z0-9_./])/y
const plainInFlow = /(?:[A-Za-z0-9_./~$+(\\^;]|--?[A-Za-z0-9_./])(?:[^\n,[\]{}#:]|:(?![ \n,[\]{}]))*/y

// From 1,024 on Go and the parser want a `?` before it, and do not count from the same place.
const longestKey = 1000

/** A key that is a string, with a colon and a space or the end of the line behind it. `end` is the colon's offset. */
export function keyAt(text: string, at: number): Inline<string> | null {
  const first = text[at]
  const key = first === '"' || first === "'" ? quotedAt(text, at) : matched(plainKey, text, at)
  if (key === null || text[key.end] !== ':' || !endsToken(text, key.end + 1) || key.end - at > longestKey) return null
  const isPlain = first !== '"' && first !== "'"
  // `8080:` and `y:` are no strings; `__proto__` is no ordinary key of an object.
  if (key.value === '__proto__' || (isPlain && (plainScalar(key.value) !== key.value || key.value.startsWith('...')))) return null
  return key
}

/** A string in quotes. */
export function quotedAt(text: string, at: number): Inline<string> | null {
  if (text[at] === "'") {
    const found = matched(singleQuoted, text, at)
    return found === null ? null : { value: found.value.slice(1, -1).replaceAll("''", "'"), end: found.end }
  }
  const found = matched(doubleQuoted, text, at)
  if (found === null) return null
  // The escapes that were let through are JSON's.
  return { value: found.value.includes('\\') ? (JSON.parse(found.value) as string) : found.value.slice(1, -1), end: found.end }
}

/** A plain scalar to the end of its line, or to a comment. */
export function plainAt(text: string, at: number): Inline | null {
  plainStart.lastIndex = at
  if (!plainStart.test(text)) return null
  const line = text.slice(at, endOfLine(text, at))
  const comment = line.indexOf(' #')
  const written = withoutSpacesBehind(comment === -1 ? line : line.slice(0, comment))
  // A map on the line of its own key is an error.
  return written.endsWith(':') || written.includes(': ') ? null : { value: plainScalar(written), end: at + written.length }
}

/**
 * `{ a: 1, b: [x] }`, on one line.
 * @param depth how much deeper it may go.
 */
export function flowValue(text: string, at: number, depth: number): Inline | null {
  if (depth === 0) return null
  switch (text[at]) {
    case '{':
      return flowMap(text, at, depth)
    case '[':
      return flowList(text, at, depth)
    case '"':
    case "'":
      return quotedAt(text, at)
    default: {
      const found = matched(plainInFlow, text, at)
      return found === null ? null : { value: plainScalar(withoutSpacesBehind(found.value)), end: found.end }
    }
  }
}

function flowMap(text: string, start: number, depth: number): Inline | null {
  const map: Record<string, unknown> = {}
  let at = skipSpaces(text, start + 1)
  if (text[at] === '}') return { value: map, end: at + 1 }
  for (;;) {
    const key = keyAt(text, at)
    if (key === null || Object.hasOwn(map, key.value)) return null
    const entry = flowValue(text, skipSpaces(text, key.end + 1), depth - 1)
    if (entry === null) return null
    map[key.value] = entry.value
    at = skipSpaces(text, entry.end)
    if (text[at] === '}') return { value: map, end: at + 1 }
    if (text[at] !== ',') return null
    at = skipSpaces(text, at + 1)
  }
}

function flowList(text: string, start: number, depth: number): Inline | null {
  const list: unknown[] = []
  let at = skipSpaces(text, start + 1)
  if (text[at] === ']') return { value: list, end: at + 1 }
  for (;;) {
    const item = flowValue(text, at, depth - 1)
    if (item === null) return null
    list.push(item.value)
    at = skipSpaces(text, item.end)
    if (text[at] === ']') return { value: list, end: at + 1 }
    if (text[at] !== ',') return null
    at = skipSpaces(text, at + 1)
  }
}

function matched(pattern: RegExp, text: string, at: number): Inline<string> | null {
  pattern.lastIndex = at
  return pattern.test(text) ? { value: text.slice(at, pattern.lastIndex), end: pattern.lastIndex } : null
}

function withoutSpacesBehind(text: string): string {
  let end = text.length
  while (text[end - 1] === ' ') end--
  return text.slice(0, end)
}

export function skipSpaces(text: string, from: number): number {
  let at = from
  while (text[at] === ' ') at++
  return at
}

/** Whether a space, the end of the line or that of the text is here. */
export function endsToken(text: string, at: number): boolean {
  return at >= text.length || text[at] === ' ' || text[at] === '\n'
}

export function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}
