import { Document, isScalar } from 'yaml'

interface YamlTag {
  readonly tag?: string
  readonly format?: string
  readonly test?: RegExp
}

/** `0o17`: YAML 1.1 has no such octals. */
const goOctal = {
  tag: 'tag:yaml.org,2002:int',
  format: 'GO-OCT',
  default: true,
  test: /^[-+]?0[oO]_*[0-7][0-7_]*$/,
  identify: () => false,
  resolve: (text: string): number => {
    const digits = Number.parseInt(text.replace(/^[-+]?0[oO]|_/g, ''), 8)
    return text.startsWith('-') ? -digits : digits
  },
}

// Kubernetes, Argo CD, Flux and kustomize read YAML with YAML 1.1 scalars (`y` is a boolean), but leave timestamps as text, never take
// `22:22` for a number to the base 60, and take a number without digits for text, as `.` of `path: .` or `e1` (run: kustomize 5.8.1). Go's own
// prefixes of numbers count, in both cases: `0o17`, `0X1F`, `0B1` (run: sigs.k8s.io/yaml 1.6.0).
// Go knows no tags of collections: `!!omap` is a list, `!!set` a map. The package looks through all keys for each one of an ordered map.
export const asKubernetesReads = {
  version: '1.1',
  resolveKnownTags: false,
  // Asked for each document, always with the same tags.
  customTags: (tags: readonly YamlTag[]) => (ofGo ??= tagsOfGo(tags)),
} as const

let ofGo: readonly YamlTag[] | null = null

function tagsOfGo(tags: readonly YamlTag[]): readonly YamlTag[] {
  const kept = tags.filter(({ tag = '', format }) => !notOfGo.has(tag) && format !== 'TIME')
  return [goOctal, ...kept.map((tag) => ({ ...tag, ...withDigits(tag) }))]
}

const notOfGo: ReadonlySet<string> = new Set(['timestamp', 'omap', 'pairs', 'set'].map((name) => `tag:yaml.org,2002:${name}`))

function withDigits({ tag, format, test }: YamlTag): Pick<YamlTag, 'test'> {
  switch (format) {
    case 'EXP':
      return { test: /^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)[eE][-+]?[0-9]+$/ }
    case 'BIN':
      return { test: /^[-+]?0[bB]_*[01][01_]*$/ }
    case 'OCT':
      return { test: /^[-+]?0_*[0-7][0-7_]*$/ }
    case 'HEX':
      return { test: /^[-+]?0[xX]_*[0-9a-fA-F][0-9a-fA-F_]*$/ }
    default:
      return tag === 'tag:yaml.org,2002:float' && test?.test('.') === true
        ? { test: /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/ }
        : {}
  }
}

interface ScalarTag {
  readonly default?: boolean | 'key'
  readonly test?: RegExp
  resolve(text: string, onError: (message: string) => void, options: { readonly intAsBigInt: boolean }): unknown
}

const tags = new Document(null, asKubernetesReads as never).schema.tags as unknown as readonly ScalarTag[]
const known = new Map<string, unknown>()
// Booleans, nulls and special floats have at most five letters; numbers start with another character.
const surelyText = /^[A-Za-z].{5}/

/** The value of a plain scalar, by the parser's own tags. */
export function plainScalar(text: string): unknown {
  if (surelyText.test(text)) return text
  const before = text.length <= longestKnown ? known.get(text) : undefined
  if (before !== undefined) return before
  const tag = tags.find(({ default: applies, test }) => applies === true && test?.test(text) === true)
  const made = tag === undefined ? text : tag.resolve(text, () => {}, { intAsBigInt: false })
  const value: unknown = isScalar(made) ? made.value : made
  if (text.length <= longestKnown && known.size < mostKnown) known.set(text, value)
  return value
}

// Most are repeated in every file: ports, replicas, `true`. A hostile file must not fill the memory, and what is read of secrets in the clear must
// not stay in it: so short is no password. (Of longer texts V8 would keep the whole file that they were cut from.)
const mostKnown = 10_000
const longestKnown = 6
