import { RerootError } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import { documentOf, isTree } from './document.ts'
import type { PlainDocument, Tree } from './document.ts'
import { GoDocumentError, readGoDocument } from './go-document.ts'
import { readMetadata } from './metadata.ts'
import type { Metadata, SealedFacts } from './metadata.ts'

/** A sealed file, read but not opened. */
export interface Sealed extends Metadata {
  readonly file: string
  readonly text: string
  /** The document without its `sops:` block; encrypted values as they are. */
  readonly tree: Tree
  lineOf(path: readonly string[]): number
}

// Spaces, but no ends of lines: those would be looked through again from each of them.
const sopsKey = /^[^\S\r\n\u2028\u2029]*["']?sops["']?\s*:/m
const macKey = /^[^\S\r\n\u2028\u2029]*["']?mac["']?\s*:\s*["']?ENC\[/m

/**
 * Reads what a sealed file shows without being opened.
 * @returns `null` if it is not a SOPS document.
 * @throws RerootError FILE_INVALID with all findings if it is one, but malformed.
 */
export function readSealed(bytes: Uint8Array, file: string): { readonly facts: SealedFacts; readonly document: PlainDocument } | null {
  const sealed = parseSealed(bytes, file)
  return sealed === null ? null : { facts: sealed.facts, document: documentOf(sealed.tree) }
}

/** Like `readSealed`, for the parts of this folder that open it. */
export function parseSealed(bytes: Uint8Array, file: string): Sealed | null {
  const text = decode(bytes)
  // The key as sops writes it, in YAML and in JSON: spares the parsing of most files of a repository.
  if (text === null || !sopsKey.test(text)) return null
  const known = latest.get(text)
  if (known !== undefined) return known.file === file ? known : { ...known, file }
  const made = parseText(text, file)
  if (made !== null) keep(text, made)
  return made
}

// What is sealed is read back, guarded, committed and compared with the record, each time as the same text. Nothing in here was opened.
const latest = new Map<string, Sealed>()
const mostKept = 256

function keep(text: string, sealed: Sealed): void {
  for (const oldest of latest.keys()) {
    if (latest.size < mostKept) break
    latest.delete(oldest)
  }
  latest.set(text, sealed)
}

function parseText(text: string, file: string): Sealed | null {
  const read = readDocument(text, file)
  const block = read?.tree.get('sops') ?? null
  if (read === null || block === null || !isTree(block)) return null
  const metadata = readMetadata(block)
  if ('problems' in metadata) {
    throw malformed(
      metadata.problems.map(({ key, message, expected, found }) => ({
        ...finding(file, read.lineOf(key === null ? ['sops'] : ['sops', key]), `malformed sops block: ${message}`),
        expected,
        found,
      })),
    )
  }
  const tree = new Map([...read.tree].filter(([key]) => key !== 'sops'))
  return { ...metadata, file, text, tree, lineOf: (path) => read.lineOf(path) }
}

function readDocument(text: string, file: string): ReturnType<typeof readGoDocument> | null {
  try {
    return readGoDocument(text)
  } catch (error) {
    if (!(error instanceof GoDocumentError)) throw error
    // A manifest with a `sops:` key deep inside, or with several documents, is not ours to judge: only a block with a MAC is.
    if (!macKey.test(text)) return null
    throw malformed([finding(file, error.line, error.message)])
  }
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function finding(file: string, line: number, message: string): Finding {
  return {
    id: 'sops/document',
    severity: 'error',
    place: { file, line },
    message,
    expected: 'one YAML document that sops sealed',
    remedy: 'restore the file from history, or seal it again with sops',
  }
}

function malformed(findings: readonly Finding[]): RerootError {
  const [first] = findings
  return new RerootError('FILE_INVALID', `${first?.place.file ?? ''} is a malformed SOPS document: ${first?.message ?? ''}`, {
    hint: first?.remedy ?? '',
    findings,
  })
}
