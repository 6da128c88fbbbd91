import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments, Scalar, stringify, Document, visit } from 'yaml'
import type { Node, ParsedNode } from 'yaml'
import type { Finding } from './finding.ts'
import { goProblems, unresolvedAlias } from './go-yaml.ts'

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
}

export interface YamlFile {
  readonly text: string
  /** Documents that hold something; empty ones are left out but keep their index. */
  readonly documents: readonly YamlDocument[]
  /** Errors only; with errors there are no documents. */
  readonly findings: readonly Finding[]
}

const largestFileBytes = 5 * 1024 * 1024

interface YamlTag {
  readonly tag?: string
  readonly format?: string
  readonly test?: RegExp
}

// Far more than people write, and far less than it takes to fill the memory: Go's reader, too, draws a line.
const mostAliases = 1000

// A file that is no YAML at all gives an error for almost every character.
const mostSyntaxFindings = 20

// Kubernetes, Argo CD, Flux and kustomize read YAML with YAML 1.1 scalars (`y` is a boolean), but leave timestamps as text, never take
// `22:22` for a number to the base 60, and take a number without digits for text, as `.` of `path: .` or `e1` (run: kustomize 5.8.1).
const asKubernetesReads = {
  version: '1.1',
  customTags: (tags: readonly YamlTag[]) =>
    tags
      .filter(({ tag, format }) => tag !== 'tag:yaml.org,2002:timestamp' && format !== 'TIME')
      .map((tag) => ({ ...tag, ...withDigits(tag) })),
} as const

function withDigits({ tag, format, test }: YamlTag): Pick<YamlTag, 'test'> {
  switch (format) {
    case 'EXP':
      return { test: /^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)[eE][-+]?[0-9]+$/ }
    case 'BIN':
      return { test: /^[-+]?0b_*[01][01_]*$/ }
    case 'OCT':
      return { test: /^[-+]?0_*[0-7][0-7_]*$/ }
    case 'HEX':
      return { test: /^[-+]?0x_*[0-9a-fA-F][0-9a-fA-F_]*$/ }
    default:
      return tag === 'tag:yaml.org,2002:float' && test?.test('.') === true
        ? { test: /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/ }
        : {}
  }
}

/** Reads a YAML (or JSON) file of any number of documents as Kubernetes would. All problems are reported at once. */
export function parseYamlFile(bytes: Uint8Array, file: string): YamlFile {
  const decoded = decodeText(bytes, file)
  if ('finding' in decoded) return { text: '', documents: [], findings: [decoded.finding] }
  const { text } = decoded

  const lineCounter = new LineCounter()
  const parsed = parseAllDocuments(text, { ...asKubernetesReads, lineCounter, logLevel: 'silent' } as never) as unknown as
    | Document.Parsed[]
    | { empty: true }
  if (!Array.isArray(parsed)) return { text, documents: [], findings: [] }

  const documents: YamlDocument[] = []
  const lineAt = (offset: number): number => lineCounter.linePos(offset).line
  const findings: Finding[] = goProblems(text, parsed).map(({ offset, message }) => syntaxFinding(file, lineAt(offset), message))
  const hasAliases = text.includes('&') && text.includes('*')
  parsed.forEach((document, index) => {
    for (const error of document.errors) findings.push(syntaxFinding(file, lineAt(error.pos[0]), withoutPlace(error.message)))
    if (document.errors.length > 0 || document.contents === null) return
    const ring = hasAliases ? aliasOfItself(document) : null
    if (ring !== null) {
      findings.push(syntaxFinding(file, lineAt(ring.offset), `the value of the anchor ${ring.anchor} contains itself`))
      return
    }
    try {
      const value: unknown = document.toJS({ maxAliasCount: mostAliases })
      if (value !== null) documents.push(yamlDocument(document, index, value, lineCounter))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      // The line of a bad merge key is known already.
      if (!why.startsWith('Merge sources') || findings.length === 0)
        findings.push(syntaxFinding(file, lineAt(unresolvedAlias(document) ?? document.contents.range[0]), why))
    }
  })
  const shown = findings.slice(0, mostSyntaxFindings)
  const last = shown.at(-1)
  if (last !== undefined && findings.length > shown.length) {
    shown.push({ ...last, message: `not valid YAML: ${findings.length - shown.length} more problems follow` })
  }
  return { text, documents: findings.length > 0 ? [] : documents, findings: shown }
}

/** The parser's message in one line, without the place, which the finding has. */
function withoutPlace(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '')
}

/** An alias inside the value that it stands for: nothing could be read from it to the end. */
function aliasOfItself(document: Document.Parsed): { readonly anchor: string; readonly offset: number } | null {
  let found: { readonly anchor: string; readonly offset: number } | null = null
  visit(document, {
    Alias(_key, alias) {
      const offset = alias.range?.[0] ?? 0
      const range = alias.resolve(document)?.range
      if (range === undefined || range === null || offset < range[0] || offset >= range[2]) return undefined
      found = { anchor: alias.source, offset }
      return visit.BREAK
    },
  })
  return found
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
  if (bytes.byteLength > largestFileBytes) return refuse('the file is too large', `${bytes.byteLength} bytes`)
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

function yamlDocument(document: Document.Parsed, index: number, value: unknown, lines: LineCounter): YamlDocument {
  const start = document.contents?.range[0] ?? 0
  const lineAt = (offset: number | undefined): number => lines.linePos(offset ?? start).line
  const nodeAt = (path: YamlPath): ParsedNode | null => (document.getIn(path, true) as ParsedNode | undefined) ?? null
  return {
    index,
    value,
    nodeAt: (path) => (path.length === 0 ? document.contents : nodeAt(path)),
    lineOf(path) {
      for (let length = path.length; length > 0; length--) {
        const parent = document.getIn(path.slice(0, length - 1), true)
        const last = path[length - 1]
        if (isMap(parent)) {
          const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(last))
          if (pair !== undefined) return lineAt((pair.key as Node | null)?.range?.[0])
        } else if (isSeq(parent) && typeof last === 'number') {
          const item = parent.items[last] as Node | undefined
          if (item !== undefined) return lineAt(item.range?.[0])
        }
      }
      return lineAt(start)
    },
    lineOfKey(path, key) {
      return this.lineOf([...path, key])
    },
  }
}

const plainString = /^[A-Za-z][A-Za-z0-9_./-]*$/
const yamlWord = /^(y|n|yes|no|on|off|true|false|null|nan|inf|e-?[0-9_]+)$/i
// Go's YAML reader takes these unescaped for line breaks or drops them.
const needsEscape = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g
const literalSafe = /^[\x20-\x7e\n\u00a0-\u2027\u202a-\ud7ff]*$/

/**
 * Writes a value as YAML that every reader of the field (YAML 1.1 and 1.2, Go and JavaScript) takes for the same value: a string
 * is plain only where nothing could take it for something else, a text of several lines is a literal block, and all else is
 * double-quoted (facts: SOPS reads back what was hashed only under this rule). Keys keep their order.
 * @param comment text for the head of the file, without `#`.
 */
export function writeYaml(value: unknown, options: { readonly comment?: string; readonly indent?: number } = {}): string {
  const document = new Document(value, { version: '1.2', aliasDuplicateObjects: false } as never)
  visit(document, {
    Scalar(key, node) {
      if (typeof node.value !== 'string') return
      node.type = scalarStyle(node.value, key === 'key')
    },
  })
  const text = stringify(document, {
    indent: options.indent ?? 2,
    lineWidth: 0,
    doubleQuotedAsJSON: true,
    blockQuote: 'literal',
    flowCollectionPadding: true,
  })
  const escaped = text.replace(needsEscape, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const head =
    options.comment === undefined
      ? ''
      : `${options.comment
          .split('\n')
          .map((line) => `# ${line}`.trimEnd())
          .join('\n')}\n`
  return head + escaped
}

function scalarStyle(text: string, isKey: boolean): Scalar.Type {
  if (plainString.test(text) && !yamlWord.test(text)) return Scalar.PLAIN
  if (!isKey && text.endsWith('\n') && !/^\s|\n\n$|[ \t]\n/.test(text) && literalSafe.test(text)) return Scalar.BLOCK_LITERAL
  return Scalar.QUOTE_DOUBLE
}
