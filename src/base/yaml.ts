import type { Document, ParsedNode } from 'yaml'
import { resolveAliases } from './aliases.ts'
import { fileBytesOf, largestFileBytes } from './file-size.ts'
import { nodesAlong } from './nodes-along.ts'
import type { Finding } from './finding.ts'
import { goProblems, unresolvedAlias } from './go-yaml.ts'
import { conflictFindings } from './merge-conflict.ts'
import { parseDocuments, TooMuchError } from './parse-documents.ts'
import type { ParsedDocuments } from './parse-documents.ts'
import { readSimpleYaml } from './simple-yaml.ts'
import type { SimpleDocument } from './simple-yaml.ts'
import { YamlPlaces } from './yaml-places.ts'
import { asKubernetesReads } from './yaml-schema.ts'

/** A step into a YAML value: a key of a map, or an index of a list. */
export type YamlPath = readonly (string | number)[]

/** One document of a file: its value as Kubernetes reads it, and where its parts stand. */
export interface YamlDocument {
  /** Position in its file, from 0. */
  readonly index: number
  readonly value: unknown
  /** Line (from 1) of the value at `path`, or of its nearest parent that exists. */
  lineOf(path: YamlPath): number
  /** Line (from 1) of a key inside the map at `path`. */
  lineOfKey(path: YamlPath, key: string): number
  /** The node at `path`, with its `range` (offsets into the text), for splices; `null` if there is none. */
  nodeAt(path: YamlPath): ParsedNode | null
  /**
   * The document's node, for an edit on the way to `path`: of entries beside the way only the keys need be there, and of block maps only the
   * start of the range.
   */
  nodeAlong(path: readonly string[]): ParsedNode | null
}

export interface YamlFile {
  readonly text: string
  /** Documents that hold something; empty ones are left out but keep their index. */
  readonly documents: readonly YamlDocument[]
  /** Errors only; with errors there are no documents. */
  readonly findings: readonly Finding[]
}

// A file that is no YAML at all gives an error for almost every character.
const mostSyntaxFindings = 20

/** Reads a YAML (or JSON) file of any number of documents as Kubernetes would. All problems are reported at once. */
export function parseYamlFile(bytes: Uint8Array, file: string): YamlFile {
  const decoded = decodeText(bytes, file)
  if ('finding' in decoded) return { text: '', documents: [], findings: [decoded.finding] }
  const simple = readSimpleYaml(decoded.text)
  return simple === null ? parseText(decoded.text, file) : simpleFile(decoded.text, simple)
}

/** Values are there at once; where their parts stand is found out when somebody asks: for a finding, or an edit. */
function simpleFile(text: string, simple: readonly SimpleDocument[]): YamlFile {
  let parsed: ReadonlyMap<number, YamlDocument> | null = null
  const whole = (index: number): YamlDocument => {
    parsed ??= new Map(parseText(text, '').documents.map((document) => [document.index, document]))
    const found = parsed.get(index)
    if (found === undefined) throw new TypeError('a document was read that the parser does not see')
    return found
  }
  const documents = simple.map(({ index, value, offset, line }): YamlDocument => ({
    index,
    value,
    nodeAt: (path) => whole(index).nodeAt(path),
    nodeAlong: (path) => nodesAlong(text, offset, path) ?? whole(index).nodeAt([]),
    lineOf: (path) => (path.length === 0 ? line : whole(index).lineOf(path)),
    lineOfKey: (path, key) => whole(index).lineOfKey(path, key),
  }))
  return { text, documents, findings: [] }
}

function readNodes(text: string): ParsedDocuments | TooMuchError {
  try {
    return parseDocuments(text, { ...asKubernetesReads, logLevel: 'silent' })
  } catch (error) {
    if (error instanceof TooMuchError) return error
    throw error
  }
}

/** Reads whatever is YAML, node by node. */
export function parseText(text: string, file: string): YamlFile {
  const read = readNodes(text)
  if ('line' in read) return { text, documents: [], findings: [syntaxFinding(file, read.line, read.message)] }
  const { documents: parsed, lineAt } = read
  const documents: YamlDocument[] = []
  const aliasFaults = resolveAliases(parsed)
  const findings: Finding[] = goProblems(text, parsed).map(({ offset, message }) => syntaxFinding(file, lineAt(offset), message))
  parsed.forEach((document, index) => {
    for (const error of document.errors) findings.push(syntaxFinding(file, lineAt(error.pos[0]), error.message))
    if (document.errors.length > 0 || document.contents === null) return
    const fault = aliasFaults.get(document)
    if (fault !== undefined) {
      const { offset, message, ...words } = fault
      findings.push({ ...syntaxFinding(file, lineAt(offset), message), ...words })
      return
    }
    try {
      const value: unknown = document.toJS({ maxAliasCount: -1 })
      if (value !== null) documents.push(yamlDocument(document, index, value, lineAt))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      // The line of a bad merge key is known already.
      if (!why.startsWith('Merge sources') || findings.length === 0)
        findings.push(syntaxFinding(file, lineAt(unresolvedAlias(document) ?? document.contents.range[0]), why))
    }
  })
  const conflicts = findings.length > 0 ? conflictFindings(text, file) : []
  const problems = conflicts.length > 0 ? conflicts : findings
  return { text, documents: problems.length > 0 ? [] : documents, findings: theFirst(problems, read.isBrokenOff) }
}

function theFirst(findings: readonly Finding[], isBrokenOff: boolean): readonly Finding[] {
  const shown = findings.slice(0, mostSyntaxFindings)
  const last = shown.at(-1)
  if (last === undefined || findings.length === shown.length) return shown
  const more = `${isBrokenOff ? 'more than ' : ''}${findings.length - shown.length} more problems follow`
  return [...shown, { ...last, message: `not valid YAML: ${more}` }]
}

// Go's reader stops at these (go-yaml readerc.go).
const controlCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/

function decodeText(bytes: Uint8Array, file: string): { text: string } | { finding: Finding } {
  const refuse = (message: string, found: string, line?: number): { finding: Finding } => ({
    finding: {
      id: 'yaml/encoding',
      severity: 'error',
      place: { file, ...(line === undefined ? {} : { line }) },
      message,
      expected: 'UTF-8 text of at most 5 MiB',
      found,
      remedy: 'save the file as UTF-8, or move it out of the paths that the cluster syncs',
    },
  })
  if (bytes.byteLength > largestFileBytes) return refuse('the file is too large', `${fileBytesOf(bytes)} bytes`)
  if (bytes.includes(0)) return refuse('the file holds NUL bytes', `byte 0 at offset ${bytes.indexOf(0)}`)
  try {
    // A byte order mark stays in the text, so that offsets of splices are offsets of the file; `yaml` skips it.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const control = controlCharacter.exec(text)
    if (control === null) return { text }
    const line = text.slice(0, control.index).split('\n').length
    return refuse('the file holds a control character', `U+${control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`, line)
  } catch {
    return refuse('the file is not valid UTF-8', 'bytes that are no UTF-8 sequence')
  }
}

function syntaxFinding(file: string, line: number, message: string): Finding {
  return {
    id: 'yaml/syntax',
    severity: 'error',
    place: { file, line },
    message: `not valid YAML: ${message}`,
    expected: 'YAML as Kubernetes reads it',
    remedy: 'mend the line; `kubectl create --dry-run=client -f FILE` reads it the same way',
  }
}

function yamlDocument(document: Document.Parsed, index: number, value: unknown, lineOf: (offset: number) => number): YamlDocument {
  const start = document.contents?.range[0] ?? 0
  const places = new YamlPlaces(document)
  return {
    index,
    value,
    nodeAt: (path) => places.nodeAt(path),
    nodeAlong: () => document.contents,
    lineOf: (path) => lineOf(places.offsetOf(path) ?? start),
    lineOfKey(path, key) {
      return this.lineOf([...path, key])
    },
  }
}
