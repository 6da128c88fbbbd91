import { isAlias, isCollection, isMap, isPair, isScalar, Scalar, visit } from 'yaml'
import type { Document, Node, YAMLMap } from 'yaml'

/** What the parser takes and Go's readers do not, or read as something else. */
export interface GoProblem {
  readonly offset: number
  readonly message: string
}

// Go counts them among the ends of a line (go-yaml, yamlprivateh.go is_break): what follows is another line there.
const otherLineBreak = /\r(?!\n)|[\u0085\u2028\u2029]/
// kyaml splits files at these lines itself (kio/byteio_reader.go).
const contentBehindDashes = /\n---[ \t]+[^#\s]/
const tabOnEmptyLine = /^( *)\t[ \t]*(?:#.*)?\r?$/gm

/**
 * Where kustomize 5.8.1 refuses a file that the parser took, or reads less or otherwise (run; test/interop/odd-files.test.ts). A file that is
 * read here and refused there would give workloads that are in no cluster.
 */
export function goProblems(text: string, documents: readonly Document.Parsed[]): readonly GoProblem[] {
  const problems: GoProblem[] = []
  const at = (pattern: RegExp, message: string): void => {
    const found = pattern.exec(text)
    if (found !== null) problems.push({ offset: found.index + (found[0].startsWith('\n') ? 1 : 0), message })
  }
  at(
    otherLineBreak,
    'a character that Go takes for the end of a line, and editors do not (a lone carriage return, U+0085, U+2028 or U+2029)',
  )
  if (documents.some(({ errors }) => errors.length > 0)) return problems
  at(/\n\ufeff/, 'a byte order mark that is not at the start of the file (files were joined)')
  at(contentBehindDashes, 'content behind --- on the same line, where kustomize expects nothing')
  if (text.includes('%')) at(/(?:^|\n)%(?:YAML|TAG)\b/, 'a %YAML or %TAG directive, which kustomize does not read')
  const mayMerge = text.includes('<<')
  documents.forEach((document, index) => {
    const offset = document.contents?.range[0] ?? 0
    if (index > 0 && document.contents !== null && !document.directives.docStart)
      problems.push({ offset, message: 'a document that no --- opens, which kustomize leaves out without a word' })
    if (mayMerge) problems.push(...mergeProblems(document))
  })
  if (text.includes('\t')) problems.push(...tabProblems(text, documents))
  return problems
}

/** The offset of the first alias of an anchor that its document does not have. */
export function unresolvedAlias(document: Document.Parsed): number | null {
  let offset: number | null = null
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined
      offset = alias.range?.[0] ?? null
      return visit.BREAK
    },
  })
  return offset
}

function mergeProblems(document: Document.Parsed): readonly GoProblem[] {
  const problems: GoProblem[] = []
  visit(document, {
    Map(_, map) {
      const merges = map.items.filter(({ key }) => isMergeKey(key))
      const offset = (pair: (typeof merges)[number] | undefined): number => (pair?.key as Node | null)?.range?.[0] ?? 0
      if (merges.length > 1) problems.push({ offset: offset(merges[1]), message: 'a second merge key (<<) in one map' })
      for (const pair of merges)
        if (!isMergeable(pair.value, document))
          problems.push({ offset: offset(pair), message: 'a merge key (<<) for something that is no map' })
    },
  })
  return problems
}

function isMergeKey(key: unknown): boolean {
  // The parser gives it as a symbol; a quoted one is a string.
  return isScalar(key) && typeof key.value === 'symbol' && key.value.description === '<<'
}

function isMergeable(value: unknown, document: Document.Parsed): boolean {
  const node = isAlias(value) ? value.resolve(document) : value
  if (isMap(node)) return true
  return isCollection(node) && node.items.every((item) => isMap(isAlias(item) ? item.resolve(document) : item))
}

/** Tabs before nothing, or before a comment: Go lets them stand inside of brackets and quotes only, or right of all that they could indent. */
function tabProblems(text: string, documents: readonly Document.Parsed[]): readonly GoProblem[] {
  const lines = [...text.matchAll(tabOnEmptyLine)]
  if (lines.length === 0) return []
  const allowed: (readonly [from: number, to: number])[] = []
  for (const document of documents)
    visit(document, (_, node) => {
      if (isPair(node) || !isNode(node)) return undefined
      const isFlow = (isCollection(node) && (node as YAMLMap).flow === true) || (isScalar(node) && node.type !== Scalar.PLAIN)
      if (isFlow && node.range) allowed.push([node.range[0], node.range[1]])
      return undefined
    })
  return lines
    .map(({ index, 1: spaces = '' }) => index + spaces.length)
    .filter((offset) => !allowed.some(([from, to]) => offset >= from && offset < to))
    .map((offset) => ({ offset, message: 'a tab on a line of its own, where only spaces may stand' }))
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isCollection(value) || isAlias(value)
}
