import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { asBeginning, largestFileBytes } from '../base/index.ts'
import type { Files } from '../ports.ts'
import type { Git } from './git-process.ts'
import type { Index } from './git-staging.ts'

// A repository of manifests has a hundredth of it; what is larger is read file by file, from a disk.
const mostInMemory = 256 * 1024 * 1024

/**
 * The files of a commit, read from git's store in one go: a checkout, which is mostly waiting for a disk, need not be there for it.
 * @param store the folder of git's objects.
 * @param entries what the commit holds.
 * @param mostBytes of all files together.
 * @returns `null` where the files are to be read from a checkout: with symbolic links, in a clone that has not fetched every object
 * (git would fetch them one by one), and where they are too large for the memory.
 */
export async function committedFiles(git: Git, store: string, entries: Index, mostBytes = mostInMemory): Promise<Files | null> {
  if ([...entries.values()].some(({ mode }) => mode === symbolicLink) || isPartial(store)) return null
  const files = [...entries].filter(([, { mode }]) => mode !== submodule)
  const objects = [...new Set(files.map(([, { object }]) => object))]
  const input = objects.map((object) => `${object}\n`).join('')
  const output = objects.length === 0 ? new Uint8Array() : await git.readBytes(['cat-file', '--batch'], { input, atMost: mostBytes })
  const contents = output === null ? null : contentsOf(Buffer.from(output.buffer, output.byteOffset, output.length), objects)
  if (contents === null) return null
  const places = new Map(files.map(([path, { object }]): [string, Uint8Array] => [path, contents.get(object) ?? never()]))
  const listed = [...places.keys()].toSorted()
  return { list: () => listed, read: (path) => places.get(path) ?? null, links: () => [] }
}

const symbolicLink = '120000'
const submodule = '160000'

/** Whether the clone fetches objects when they are asked for (`git clone --filter`): it marks the packs of such a remote. */
function isPartial(store: string): boolean {
  try {
    return readdirSync(join(store, 'pack')).some((name) => name.endsWith('.promisor'))
  } catch {
    return false
  }
}

/**
 * Takes the answers of `git cat-file --batch` apart: `<object> blob <size>`, a line break, the bytes, a line break (git-cat-file(1)).
 * @returns `null` if an object is not there.
 */
function contentsOf(output: Buffer, objects: readonly string[]): ReadonlyMap<string, Uint8Array> | null {
  const contents = new Map<string, Uint8Array>()
  let at = 0
  for (const object of objects) {
    const end = output.indexOf(10, at)
    const [name, kind, size] = output.toString('latin1', at, end).split(' ')
    if (name !== object || kind !== 'blob') return null
    const length = Number(size)
    const bytes = new Uint8Array(output.buffer, output.byteOffset + end + 1, Math.min(length, largestFileBytes + 1))
    contents.set(object, length > largestFileBytes ? asBeginning(bytes, length) : bytes)
    at = end + 1 + length + 1
  }
  return contents
}

function never(): never {
  throw new TypeError('a file was lost')
}
