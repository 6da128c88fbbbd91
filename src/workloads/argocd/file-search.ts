import type { Manifests } from '../manifest.ts'
import type { SourceTree } from '../source-tree.ts'

/** Looks for words in files without parsing them, each file and word once: parsing every file of a repository would take seconds. */
export interface FileSearch {
  hasAny(file: string, words: readonly string[]): boolean
}

export function fileSearch(tree: SourceTree): FileSearch {
  const known = new Map<string, boolean>()
  const has = (file: string, word: string): boolean => {
    const key = `${word}\0${file}`
    const before = known.get(key)
    if (before !== undefined) return before
    const bytes = tree.read(file)
    const found = bytes !== null && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(word)
    known.set(key, found)
    return found
  }
  return { hasAny: (file, words) => words.some((word) => has(file, word)) }
}

/** The same manifests, but it is noted which files somebody reads: only their problems count. */
export function noteFiles(manifests: Manifests, files: Set<string>): Manifests {
  return {
    ...manifests,
    documents(file) {
      files.add(file)
      return manifests.documents(file)
    },
    wholeDocuments(file) {
      files.add(file)
      return manifests.wholeDocuments(file)
    },
    objects(file) {
      files.add(file)
      return manifests.objects(file)
    },
  }
}
