import { RE2JS } from 're2js'

/** How a pattern's stars treat slashes. */
interface Style {
  /** What `*` stands for. */
  readonly star: string
  /** What `**` stands for between slashes, with the slash behind it; `null`: two stars are two stars. */
  readonly folders: string | null
  readonly braces: boolean
}

const anything: Style = { star: '.*', folders: null, braces: true }
const withinName: Style = { star: '[^/]*', folders: null, braces: false }
const nested: Style = { star: '[^/]*', folders: '(?:[^/]*/)*', braces: true }
const pathspec: Style = { star: '.*', folders: null, braces: false }

export type Matcher = (text: string) => boolean

/** @param tries is called before each comparison that takes long. */
export type MakeMatcher = (pattern: string, tries?: () => void) => Matcher

/** `include` and `exclude` of a directory, groups and kinds of `ignoreDifferences` (v3.5.1, util/glob): stars match slashes too, `{a,b}` is a choice. */
export const globMatcher = (pattern: string): Matcher => compile(pattern, anything)

/** `directories` of a git generator: Go's path.Match, where a star stays within one name. */
export const folderMatcher: MakeMatcher = (pattern, tries) => compile(pattern, withinName, tries)

/** `files` of a git generator with the new globbing, and `valueFiles`: bmatcuk/doublestar, where `**` matches any folders. */
export const doubleStarMatcher: MakeMatcher = (pattern, tries) => compile(pattern.replace(/^\.?\//, ''), nested, tries)

/** `files` of a git generator by default: what `git ls-files` finds, where a star matches slashes and a folder stands for all below it. */
export const pathspecMatcher: MakeMatcher = (pattern, tries) => {
  const plain = pattern.replace(/^\.?\//, '').replace(/\/$/, '')
  const matches = compile(plain, pathspec, tries)
  return (path) => matches(path) || path.startsWith(`${plain}/`)
}

/** A pattern that cannot be read matches nothing, as in Argo CD. RE2 keeps a hostile pattern from taking long. */
function compile(pattern: string, style: Style, tries?: () => void): Matcher {
  const { prefix, suffix } = literalEnds(pattern)
  if (prefix === pattern) return (text) => text === pattern
  try {
    const compiled = RE2JS.compile(`^(?:${expression(pattern, style)})$`, RE2JS.DOTALL)
    return (text) => {
      if (!text.startsWith(prefix) || !text.endsWith(suffix)) return false
      tries?.()
      return compiled.matcher(text).find()
    }
  } catch {
    return () => false
  }
}

/** What stands before the first and behind the last character with a meaning: without it no text fits, which is quick to see. */
function literalEnds(pattern: string): { readonly prefix: string; readonly suffix: string } {
  const first = pattern.search(/[*?[\]{}\\!]/)
  if (first < 0) return { prefix: pattern, suffix: pattern }
  let behind = pattern.length
  while (!/[*?[\]{}\\!]/.test(pattern[behind - 1] ?? '')) behind--
  // The slash behind stars belongs to the folders that they stand for, of which there may be none.
  return { prefix: pattern.slice(0, first), suffix: pattern.slice(behind).replace(/^\//, '') }
}

function expression(pattern: string, style: Style): string {
  let depth = 0
  return pattern.replace(/\\(.)|\*\*\/|\*+|\?|\[[!^]?[^\]]+\]|[\s\S]/g, (part, escaped: string | undefined) => {
    if (escaped !== undefined) return RE2JS.quote(escaped)
    if (part === '**/') return style.folders ?? `${style.star}/`
    if (part.startsWith('*')) return part.length > 1 && style.folders !== null ? '.*' : style.star
    if (part === '?') return style.star === '.*' ? '.' : '[^/]'
    if (part.length > 1) return part.replace(/^\[!/, '[^')
    if (style.braces && part === '{') {
      depth += 1
      return '(?:'
    }
    if (depth > 0 && part === '}') {
      depth -= 1
      return ')'
    }
    return depth > 0 && part === ',' ? '|' : RE2JS.quote(part)
  })
}
