import { Alias, isAlias, isCollection, isNode, isPair, isScalar } from 'yaml'
import type { Document, Node } from 'yaml'

/** Why the aliases of a document are not followed. */
export interface AliasFault {
  readonly offset: number
  readonly message: string
  readonly expected?: string
  readonly found?: string
  readonly remedy?: string
}

// Each use of an anchor is another copy for whoever walks through the value: seconds and some hundred megabytes for 128 MiB, which are 2,000 uses of a
// map of 1,000 entries. Keys that are no scalars are written as text, level by level, which takes much longer.
const mostAdded = { aliases: 128 * 1024 * 1024, keys: 16 * 1024 * 1024 }
const weightOfNode = 16
// As deep as a text may be nested (parse-documents.ts).
const deepestValue = 1000

/**
 * Finds what each alias stands for, in one pass, and makes `alias.resolve` answer with it: the package looks through the whole document for every
 * one. Measures on the way what the aliases add to the text, before anything is made of it.
 * @returns what stands in the way of reading a document.
 */
export function resolveAliases(documents: readonly Document.Parsed[]): ReadonlyMap<Document.Parsed, AliasFault> {
  const faults = new Map<Document.Parsed, AliasFault>()
  const added = { aliases: 0, keys: 0 }
  for (const document of documents) {
    const reader = new AliasReader(added)
    reader.read(document.contents)
    if (reader.fault !== null) faults.set(document, reader.fault)
  }
  return faults
}

interface Size {
  readonly weight: number
  readonly height: number
}

const nothing: Size = { weight: 0, height: 0 }

class AliasReader {
  /** The last node of each name so far. */
  readonly #anchors = new Map<string, Node>()
  /** Of nodes with an anchor that were read to their end. */
  readonly #sizes = new Map<Node, Size>()
  #depth = 0
  readonly #added: { aliases: number; keys: number }
  fault: AliasFault | null = null

  /** @param added what was counted in the documents before, to be counted on. */
  constructor(added: { aliases: number; keys: number }) {
    this.#added = added
  }

  /** Its size with everything that aliases bring into it. */
  read(node: unknown): Size {
    if (isPair(node)) return together(this.#key(node.key), this.read(node.value))
    if (!isNode(node)) return nothing
    if (isAlias(node)) return this.#alias(node)
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    const size = isCollection(node) ? this.#collection(node.items) : { weight: weightOfNode + lengthOf(node), height: 1 }
    if (node.anchor !== undefined) this.#sizes.set(node, size)
    return size
  }

  #collection(items: readonly unknown[]): Size {
    let weight = weightOfNode
    let height = 0
    this.#depth++
    for (const item of items) {
      const size = this.read(item)
      weight += size.weight
      if (size.height > height) height = size.height
    }
    this.#depth--
    return { weight, height: height + 1 }
  }

  /** The package writes one that is no scalar as text, and looks at all anchors before it for that. */
  #key(key: unknown): Size {
    const size = this.read(key)
    if (!isCollection(key) && !isAlias(key)) return size
    this.#added.keys += this.#anchors.size + size.weight
    if (this.#added.keys > mostAdded.keys) this.fault ??= tooMuch(key.range?.[0] ?? 0, mostAdded.keys)
    return size
  }

  #alias(alias: Alias): Size {
    const target = this.#anchors.get(alias.source)
    answerWith(alias, target)
    if (target === undefined) return nothing
    const size = this.#sizes.get(target)
    const offset = alias.range?.[0] ?? 0
    if (size === undefined) {
      // It stands inside the value that it stands for: nothing could be read from it to the end.
      this.fault ??= { offset, message: `the value of the anchor ${alias.source} contains itself` }
      return nothing
    }
    this.#added.aliases += size.weight
    if (this.#added.aliases > mostAdded.aliases) this.fault ??= tooMuch(offset, mostAdded.aliases)
    else if (this.#depth + size.height > deepestValue) this.fault ??= tooDeep(offset)
    return size
  }
}

function together(one: Size, other: Size): Size {
  return { weight: one.weight + other.weight, height: Math.max(one.height, other.height) }
}

function lengthOf(node: Node): number {
  return isScalar(node) ? (node.source?.length ?? 0) : 0
}

/** What the package keeps for one reading of a document. */
interface ReadingContext {
  aliasResolveCache?: readonly Node[]
}

/** With the one node that is meant in its cache the package has nothing to look for. */
function answerWith(alias: Alias, target: Node | undefined): void {
  alias.resolve = (document, context) => {
    if (context === undefined) return target as ReturnType<Alias['resolve']>
    const known = context as ReadingContext
    known.aliasResolveCache = target === undefined ? [] : [target]
    return Alias.prototype.resolve.call(alias, document, context)
  }
}

function tooMuch(offset: number, most: number): AliasFault {
  return {
    offset,
    message: 'its aliases, or keys that are no scalars, stand for too much: whoever reads it could run out of memory',
    expected: `at most ${most / 1024 / 1024} MiB that they add to one file`,
    found: 'more, counted up to here',
    remedy: 'write out what is meant, or split the file; if nobody needs it, remove it',
  }
}

function tooDeep(offset: number): AliasFault {
  return {
    offset,
    message: `its aliases nest maps and lists more than ${deepestValue} deep`,
    expected: `at most ${deepestValue} levels`,
    found: 'more, with what this alias stands for',
    remedy: 'write out what is meant; if nobody needs the file, remove it',
  }
}
