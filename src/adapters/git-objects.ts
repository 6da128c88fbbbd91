import { asBeginning, largestFileBytes } from '../base/index.ts'
import type { Files } from '../ports.ts'
import type { Git } from './git-process.ts'
import type { Index } from './git-staging.ts'

// Ten thousand manifests have a third of it. A repository that is larger holds pictures or charts, which nobody asks for.
const mostInMemory = 64 * 1024 * 1024

/**
 * The files of a commit, read from git's store in one go. A checkout is mostly waiting for a disk, and most commands need none.
 * @param index what the commit holds.
 * @param mostBytes of all files together.
 * @returns `null` where the files are to be read from a checkout: in a partial clone (git would fetch them one by one), with symbolic links, with
 * names that are no text or that no checkout may have, where they are too large for the memory, and where git cannot read one.
 */
export async function committedFiles(git: Git, isPartial: boolean, index: Index, mostBytes = mostInMemory): Promise<Files | null> {
  if (isPartial || [...index].some(([path, { mode }]) => mode === symbolicLink || isOdd(path))) return null
  const files = [...index].filter(([, { mode }]) => mode !== submodule)
  const sizes = new Map(files.map(([, { object, size }]) => [object, size ?? 0]))
  if ([...sizes.values()].reduce((sum, size) => sum + size, 0) > mostBytes) return null
  const contents = await readObjects(git, [...sizes.keys()])
  if (contents === null) return null
  const found = new Map(files.map(([path, { object }]) => [path, contents.get(object) ?? never()]))
  const listed = [...found.keys()].toSorted()
  return { list: () => listed, read: (path) => found.get(path) ?? null, links: () => [] }
}

const symbolicLink = '120000'
const submodule = '160000'

/**
 * Of bytes that are no UTF-8 two names may look the same; and what no checkout may have (`..`, `.git`, or what a disk takes for it) somebody has put
 * into a tree by force: git says so when it checks it out.
 */
function isOdd(path: string): boolean {
  return path.includes('\uFFFD') || path.split('/').some((part) => /^(|\.|\.\.|git~1|\.git[ .]*(:.*)?)$/i.test(part))
}

/** @returns the bytes of each object; `null` if git cannot read one. */
async function readObjects(git: Git, objects: readonly string[]): Promise<ReadonlyMap<string, Uint8Array> | null> {
  if (objects.length === 0) return new Map()
  const input = objects.map((object) => `${object}\n`).join('')
  const output = await git.readBytes(['cat-file', '--batch'], { input, timeoutSeconds: 1800 })
  return output === null ? null : contentsOf(output, objects)
}

/** Takes the answers of `git cat-file --batch` apart: `<object> blob <size>`, a line break, the bytes, a line break (git-cat-file(1)). */
function contentsOf(output: Buffer, objects: readonly string[]): ReadonlyMap<string, Uint8Array> | null {
  const contents = new Map<string, Uint8Array>()
  let at = 0
  for (const object of objects) {
    const start = output.indexOf(10, at) + 1
    const [name, kind, size] = output.toString('latin1', at, start - 1).split(' ')
    const end = start + Number(size)
    if (start === 0 || name !== object || kind !== 'blob' || end >= output.length) return null
    const bytes = output.subarray(start, Math.min(end, start + largestFileBytes + 1))
    contents.set(object, end - start > largestFileBytes ? asBeginning(bytes, end - start) : bytes)
    at = end + 1
  }
  return at === output.length ? contents : null
}

function never(): never {
  throw new TypeError('a file was lost')
}
