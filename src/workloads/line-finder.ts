import { parseYamlFile } from '../base/index.ts'
import type { YamlDocument, YamlPath } from '../base/index.ts'

interface ParsedFile {
  readonly size: number
  readonly documents: ReadonlyMap<number, YamlDocument>
}

// Findings go back and forth between the files of a repository, but with all their nodes files take many times their size.
const mostKeptBytes = 4 * 1024 * 1024
const keptInAnyCase = 2

/** Finds the lines of values in files. What was parsed lately is kept. */
export class LineFinder {
  readonly #read: (file: string) => Uint8Array
  /** The latest is the last. */
  readonly #kept = new Map<string, ParsedFile>()
  #bytes = 0

  constructor(read: (file: string) => Uint8Array) {
    this.#read = read
  }

  /** Line (from 1) of the value at `path`, or of its nearest parent that exists. */
  lineOf(file: string, document: number, path: YamlPath): number {
    return this.#parsed(file).documents.get(document)?.lineOf(path) ?? 1
  }

  #parsed(file: string): ParsedFile {
    const known = this.#kept.get(file)
    const parsed = known ?? this.#parse(file)
    this.#kept.delete(file)
    this.#kept.set(file, parsed)
    if (known === undefined) {
      this.#bytes += parsed.size
      this.#forget()
    }
    return parsed
  }

  #parse(file: string): ParsedFile {
    const bytes = this.#read(file)
    return {
      size: bytes.byteLength,
      documents: new Map(parseYamlFile(bytes, file).documents.map((document) => [document.index, document])),
    }
  }

  #forget(): void {
    for (const [file, { size }] of this.#kept) {
      if (this.#bytes <= mostKeptBytes || this.#kept.size <= keptInAnyCase) return
      this.#kept.delete(file)
      this.#bytes -= size
    }
  }
}
