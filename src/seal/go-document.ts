import { isMap, isScalar, isSeq, Scalar as YamlScalar } from 'yaml'
import type { Document, Node } from 'yaml'
import { parseDocuments, TooMuchError } from '../base/index.ts'
import type { ParsedDocuments } from '../base/index.ts'
import type { Tree, TreeNode } from './document.ts'
import { resolvePlain } from './go-scalar.ts'
import type { Scalar } from './scalar.ts'

/** A document as `sops` reads it, and the lines of its keys, for messages. */
export interface GoDocument {
  readonly tree: Tree
  /** Line (from 1) of the last key of the path that exists. */
  lineOf(path: readonly string[]): number
}

/** What `sops` could not read, and where. Never quotes a value. */
export class GoDocumentError extends Error {
  readonly line: number

  constructor(message: string, line: number) {
    super(message)
    this.name = 'GoDocumentError'
    this.line = line
  }
}

/**
 * Reads the one document of a file with the scalars of Go's yaml.v3.
 * @throws GoDocumentError for what SOPS does not read or never writes: several documents, a root that is no map, keys that are
 * no texts, aliases, unknown tags, numbers beyond 64 bits.
 */
export function readGoDocument(text: string): GoDocument {
  const read = readNodes(text)
  const lineAt = (offset: number | undefined): number => read.lineAt(offset ?? 0)
  const documents: readonly Document[] = read.documents
  if (documents.length === 0) throw new GoDocumentError('the file is empty', 1)
  for (const { errors } of documents) {
    if (errors[0] !== undefined) throw new GoDocumentError(`not valid YAML (${errors[0].code})`, lineAt(errors[0].pos[0]))
  }
  const [document, second] = documents
  if (second !== undefined) throw new GoDocumentError('the file holds several documents', lineAt(second.range?.[0]))
  const root = document?.contents
  if (!isMap(root)) throw new GoDocumentError('the document is not a map', 1)

  const keyLines = new Map<string, number>()
  const tree = new NodeReader(lineAt, keyLines).map(root, [])
  return {
    tree,
    lineOf(path) {
      for (let length = path.length; length > 0; length--) {
        const line = keyLines.get(JSON.stringify(path.slice(0, length)))
        if (line !== undefined) return line
      }
      return 1
    },
  }
}

/** Every scalar stays a text: what it means is decided here, by Go's rules. */
function readNodes(text: string): ParsedDocuments {
  try {
    return parseDocuments(text, { schema: 'failsafe', resolveKnownTags: false, logLevel: 'silent' })
  } catch (error) {
    if (error instanceof TooMuchError) throw new GoDocumentError(error.message, error.line)
    throw error
  }
}

class NodeReader {
  readonly #lineAt: (offset: number | undefined) => number
  readonly #keyLines: Map<string, number>

  constructor(lineAt: (offset: number | undefined) => number, keyLines: Map<string, number>) {
    this.#lineAt = lineAt
    this.#keyLines = keyLines
  }

  map(node: Node, path: readonly string[]): Tree {
    if (!isMap(node)) throw this.#error('not a map', node)
    return new Map(
      node.items.map((pair) => {
        const key = this.#key(pair.key as Node | null, node)
        const keyPath = [...path, key]
        const known = JSON.stringify(keyPath)
        if (!this.#keyLines.has(known)) this.#keyLines.set(known, this.#lineAt((pair.key as Node | null)?.range?.[0]))
        return [key, this.#node(pair.value as Node | null, keyPath)]
      }),
    )
  }

  #key(node: Node | null, parent: Node): string {
    if (isScalar(node)) {
      const value = this.#scalar(node)
      if (value?.type === 'str') return value.text
    }
    throw this.#error('a key is not a text', node ?? parent)
  }

  #node(node: Node | null, path: readonly string[]): TreeNode {
    if (node === null) return null
    if (isMap(node)) return this.map(node, path)
    if (isSeq(node)) return node.items.map((item) => this.#node(item as Node | null, path))
    if (isScalar(node)) return this.#scalar(node)
    throw this.#error('an alias, which SOPS never writes', node)
  }

  #scalar(node: YamlScalar): Scalar | null {
    // Go merges nothing here, and writes the text as `!!merge <<`.
    if (isMergeMark(node)) return { type: 'str', text: '<<' }
    if (typeof node.value !== 'string' && node.value !== null && node.value !== undefined)
      throw this.#error('a tag that SOPS never writes', node)
    const text = typeof node.value === 'string' ? node.value : ''
    if (node.tag !== undefined && node.tag !== '!' && node.tag !== 'tag:yaml.org,2002:str')
      throw this.#error('a tag that SOPS never writes', node)
    if (node.tag !== undefined || node.type !== YamlScalar.PLAIN) return { type: 'str', text }
    const resolved = resolvePlain(text)
    if (resolved === undefined) throw this.#error('a number that SOPS cannot hold', node)
    return resolved
  }

  #error(message: string, node: Node): GoDocumentError {
    return new GoDocumentError(message, this.#lineAt(node.range?.[0]))
  }
}

function isMergeMark(node: YamlScalar): boolean {
  return node.type === YamlScalar.PLAIN && node.source === '<<'
}
