type Runes = readonly [from: string, to: string][]

/** One rune of a name: itself, any, or one of a class; `star` is any number of any. */
type Token = { readonly kind: 'star' | 'any' } | { readonly kind: 'class'; readonly ranges: Runes; readonly negated: boolean }

const star: Token = { kind: 'star' }
const any: Token = { kind: 'any' }

// File systems hold names of 255 bytes, each of which a pattern can ask for.
const longestName = 255

/**
 * Makes the test for one name of a path, as Go's path/filepath.Match has it: `*`, `?`, `[a-z]`, `[^a-z]`, and `\` before what stands for itself.
 * @returns `null` for a pattern that matches nothing: Go refuses it, or no name is as long.
 */
export function namePattern(pattern: string): ((name: string) => boolean) | null {
  if (!/[*?[\\]/.test(pattern)) return (name) => name === pattern
  const tokens = tokensOf([...pattern])
  return tokens === null ? null : (name) => matches(tokens, [...name])
}

function tokensOf(runes: readonly string[]): readonly Token[] | null {
  const tokens: Token[] = []
  for (let at = 0; at < runes.length; at++) {
    if (tokens.length > 2 * longestName + 1) return null
    const rune = runes[at] ?? ''
    // Stars are as good as one.
    if (rune === '*' && tokens.at(-1) === star) continue
    if (rune === '*') tokens.push(star)
    else if (rune === '?') tokens.push(any)
    else if (rune === '[') {
      const read = classAt(runes, at + 1)
      if (read === null) return null
      tokens.push(read.token)
      at = read.end
    } else {
      if (rune === '\\') at++
      const plain = runes[at]
      if (plain === undefined) return null
      tokens.push({ kind: 'class', ranges: [[plain, plain]], negated: false })
    }
  }
  return tokens
}

/** @returns the class whose bracket opens before `start`, and where it closes; `null` if it does not, or is empty. */
function classAt(runes: readonly string[], start: number): { readonly token: Token; readonly end: number } | null {
  const negated = runes[start] === '^'
  const ranges: [string, string][] = []
  let at = negated ? start + 1 : start
  const next = (): string | null => {
    if (runes[at] === '-' || runes[at] === ']') return null
    if (runes[at] === '\\') at++
    return runes[at++] ?? null
  }
  while (ranges.length === 0 || runes[at] !== ']') {
    const from = next()
    let to = from
    if (runes[at] === '-') {
      at++
      to = next()
    }
    if (from === null || to === null) return null
    ranges.push([from, to])
  }
  return { token: { kind: 'class', ranges, negated }, end: at }
}

/** Only the latest star is tried again: what an earlier one would take more of, that one can take as well. */
function matches(tokens: readonly Token[], name: readonly string[]): boolean {
  let token = 0
  let at = 0
  let again: { readonly token: number; at: number } | null = null
  while (at < name.length) {
    const now = tokens[token]
    if (now?.kind === 'star') {
      token++
      again = { token, at }
    } else if (now !== undefined && takes(now, name[at] ?? '')) {
      token++
      at++
    } else if (again === null) return false
    else {
      again.at++
      token = again.token
      at = again.at
    }
  }
  while (tokens[token]?.kind === 'star') token++
  return token === tokens.length
}

function takes(token: Token, rune: string): boolean {
  if (token.kind !== 'class') return true
  const code = codeOf(rune)
  return token.ranges.some(([from, to]) => codeOf(from) <= code && code <= codeOf(to)) !== token.negated
}

function codeOf(rune: string): number {
  return rune.codePointAt(0) ?? 0
}
