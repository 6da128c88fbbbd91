import { RE2JS } from 're2js'
import type { TreePath } from './document.ts'

/** The one setting that says which values of a document are encrypted. The names are SOPS's own. */
export type Selector = { readonly kind: SelectorKind; readonly value: string }
export const selectorKinds = [
  'unencrypted_suffix',
  'encrypted_suffix',
  'unencrypted_regex',
  'encrypted_regex',
  'unencrypted_comment_regex',
  'encrypted_comment_regex',
] as const
export type SelectorKind = (typeof selectorKinds)[number]

/** What SOPS takes when a rule names none (`DefaultUnencryptedSuffix` of sops.go). */
export const defaultSelector: Selector = { kind: 'unencrypted_suffix', value: '_unencrypted' }

export function sameSelector(one: Selector, other: Selector): boolean {
  return one.kind === other.kind && one.value === other.value
}

export function isCommentSelector({ kind }: Selector): boolean {
  return kind === 'unencrypted_comment_regex' || kind === 'encrypted_comment_regex'
}

/**
 * Whether the value at a path is encrypted: `shouldBeEncrypted` of sops.go, without comments. Any component of the path decides.
 * @throws SyntaxError if the expression does not compile as RE2. (`sops` itself then encrypts nothing, and succeeds.)
 */
export function encryptedPaths(selector: Selector): (path: TreePath) => boolean {
  const { kind, value } = selector
  switch (kind) {
    case 'unencrypted_suffix':
      return (path) => !path.some((key) => key.endsWith(value))
    case 'encrypted_suffix':
      return (path) => path.some((key) => key.endsWith(value))
    case 'unencrypted_regex': {
      const matches = compileRe2(value)
      return (path) => !path.some(matches)
    }
    case 'encrypted_regex': {
      const matches = compileRe2(value)
      return (path) => path.some(matches)
    }
    case 'unencrypted_comment_regex':
    case 'encrypted_comment_regex':
      throw new TypeError(`${kind} depends on comments, which are not part of a document here`)
    default:
      return kind satisfies never
  }
}

// Every rule is asked for every file.
const known = new Map<string, (text: string) => boolean>()

/**
 * A search (not anchored) for a regular expression as Go means it.
 * @throws SyntaxError if it does not compile as RE2.
 */
export function compileRe2(expression: string): (text: string) => boolean {
  const search = known.get(expression) ?? searchFor(expression)
  known.set(expression, search)
  return search
}

function searchFor(expression: string): (text: string) => boolean {
  try {
    const compiled = RE2JS.compile(expression)
    return (text) => compiled.matcher(text).find()
  } catch (error) {
    throw new SyntaxError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
