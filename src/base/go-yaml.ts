import { isAlias, isCollection, isMap, isScalar, Scalar } from 'yaml'
import type { Document, Node, YAMLMap } from 'yaml'
import { eachNode } from './each-node.ts'

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
    if (mayMerge) addMergeProblems(document, problems)
  })
  return text.includes('\t') ? [...problems, ...tabProblems(text, documents)] : problems
}

/** The offset of the first alias of an anchor that its document does not have. */
export function unresolvedAlias(document: Document.Parsed): number | null {
  let offset: number | null = null
  eachNode(document.contents, (node) => {
    if (offset === null && isAlias(node) && node.resolve(document) === undefined) offset = node.range?.[0] ?? null
  })
  return offset
}

function addMergeProblems(document: Document.Parsed, problems: GoProblem[]): void {
  eachNode(document.contents, (map) => {
    if (!isMap(map)) return
    const merges = map.items.filter(({ key }) => isMergeKey(key))
    const offset = (pair: (typeof merges)[number] | undefined): number => (pair?.key as Node | null)?.range?.[0] ?? 0
    if (merges.length > 1) problems.push({ offset: offset(merges[1]), message: 'a second merge key (<<) in one map' })
    for (const pair of merges)
      if (!isMergeable(pair.value, document))
        problems.push({ offset: offset(pair), message: 'a merge key (<<) for something that is no map' })
  })
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
  const allowed = freeRanges(documents)
  let next = 0
  return lines.flatMap(({ index, 1: spaces = '' }) => {
    const offset = index + spaces.length
    while ((allowed[next]?.to ?? Infinity) <= offset) next++
    const isAllowed = offset >= (allowed[next]?.from ?? Infinity)
    return isAllowed ? [] : [{ offset, message: 'a tab on a line of its own, where only spaces may stand' }]
  })
}

/** Where tabs may stand: in the order of the text, those inside of others left out. */
function freeRanges(documents: readonly Document.Parsed[]): readonly { readonly from: number; readonly to: number }[] {
  const ranges: { readonly from: number; readonly to: number }[] = []
  for (const document of documents)
    eachNode(document.contents, (node) => {
      const isFree = (isCollection(node) && (node as YAMLMap).flow === true) || (isScalar(node) && node.type !== Scalar.PLAIN)
      const [from, to] = node.range ?? [0, 0]
      if (isFree && to > (ranges.at(-1)?.to ?? -1)) ranges.push({ from, to })
    })
  return ranges
}
