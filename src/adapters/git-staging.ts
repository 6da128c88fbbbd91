import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Git } from './git-process.ts'
import { writingHint } from './writing-hint.ts'
import { allDone, RerootError } from '../base/index.ts'
import type { Change } from '../ports.ts'

/** What is in a worktree's index: path → mode and object. Nobody else writes into it. */
export type Index = Map<string, Entry>

export interface Entry {
  readonly mode: string
  readonly object: string
  /** In bytes; `null` where nobody has asked for it, and of what is no blob. */
  readonly size: number | null
}

/** @param listing what `git ls-tree -r -z --full-tree [--long]` prints of a commit. */
export function indexOf(listing: string): Index {
  const entries = listing.split('\0').filter((entry) => entry !== '')
  return new Map(
    entries.map((entry) => {
      const tab = entry.indexOf('\t')
      const [mode = '', , object = '', size = ''] = entry.slice(0, tab).split(/ +/)
      return [entry.slice(tab + 1), { mode, object, size: /^\d+$/.test(size) ? Number(size) : null }]
    }),
  )
}

/**
 * Puts files into the worktree and the index: exactly these bytes, also where `.gitignore` names the path.
 * @param index is brought up to date.
 * @returns whether that changes anything.
 * @throws RerootError GIT_FAILED if an attribute of the path would make git store other bytes, or the path is no plain file.
 */
export async function stageFiles(git: Git, index: Index, change: Change): Promise<boolean> {
  for (const path of [...change.write.keys(), ...change.remove]) {
    assertPlainPath(path)
    refuseLink(git.directory, path)
  }
  for (const path of change.remove) removeFile(git.directory, path)
  for (const [path, bytes] of change.write) writeBytes(join(git.directory, path), bytes)
  const stored = await storeFiles(git, [...change.write.keys()])
  const converted = [...change.write].flatMap(([path, bytes]) => (isStoredAs(bytes, stored.get(path) ?? '') ? [] : [path]))
  if (converted.length > 0) throw wouldConvert(converted)

  const removals = change.remove.filter((path) => index.has(path) && !change.write.has(path))
  if (removals.length > 0) {
    await git.read(['update-index', '--force-remove', '-z', '--stdin'], { input: removals.map((path) => `${path}\0`).join('') })
    for (const path of removals) index.delete(path)
  }
  const additions = [...stored].flatMap(([path, object]) => {
    const before = index.get(path)
    const mode = before?.mode === '100755' ? '100755' : '100644'
    return before?.mode === mode && before.object === object ? [] : [{ path, mode, object }]
  })
  if (additions.length > 0) {
    const lines = additions.map(({ path, mode, object }) => `${mode} ${object}\t${path}\0`)
    await git.read(['update-index', '-z', '--index-info'], { input: lines.join('') })
    for (const { path, mode, object } of additions) index.set(path, { mode, object, size: null })
  }
  return removals.length + additions.length > 0
}

/** Whether an object is a blob of exactly these bytes (gitformat-pack(5): the name is the hash of its kind, its length and its bytes). */
function isStoredAs(bytes: Uint8Array, object: string): boolean {
  const algorithm = object.length === 64 ? 'sha256' : 'sha1'
  return createHash(algorithm).update(`blob ${bytes.length}\0`).update(bytes).digest('hex') === object
}

/** Removes a file, and the folders that are empty without it, so that a file can take their place. */
function removeFile(directory: string, path: string): void {
  const place = join(directory, path)
  const stat = lstatSync(place, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (stat.isDirectory()) throw new TypeError(`not a file: ${path}`)
  rmSync(place)
  for (let folder = dirname(place); folder !== directory && readdirSync(folder).length === 0; folder = dirname(folder)) rmdirSync(folder)
}

function writeBytes(place: string, bytes: Uint8Array): void {
  try {
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, bytes)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    throw new RerootError('ENVIRONMENT', `cannot write ${place} (${code})`, {
      hint: writingHint(code),
      cause: error,
    })
  }
}

// Making files is mostly waiting, and each object is one in git's store.
const writers = 4
const worthAProcess = 16

/** Stores files of the worktree as git would. @returns path → object, in the order of the paths. */
async function storeFiles(git: Git, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const size = Math.max(Math.ceil(paths.length / writers), worthAProcess)
  const parts = Array.from({ length: Math.ceil(paths.length / size) }, (_, part) => paths.slice(part * size, (part + 1) * size))
  const objects = await allDone(
    parts.map(async (part) => {
      const output = await git.read(['hash-object', '-w', '--stdin-paths'], { input: part.map((path) => `${path}\n`).join('') })
      return output.trim().split('\n')
    }),
  )
  return new Map(objects.flat().map((object, place) => [paths[place] ?? '', object]))
}

function wouldConvert(paths: readonly string[]): RerootError {
  const patterns = paths.map((path) => `  ${path} -text -filter -ident -working-tree-encoding`).join('\n')
  return new RerootError('GIT_FAILED', `git would store other bytes than those that were written: ${paths.join(', ')}`, {
    hint: `an attribute (.gitattributes: text, eol, ident, filter) converts these files. Take them out of it, e.g.\n${patterns}\nor, if their line endings are mixed, commit \`git add --renormalize\` first`,
  })
}

function assertPlainPath(path: string): void {
  const parts = path.split('/')
  const bad =
    /[\u0000\n\r\\]/.test(path) || parts.some((part) => part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git')
  if (bad) throw new TypeError(`not a path inside the repository: ${JSON.stringify(path)}`)
}

/** Writing through a link would change a file that the plan does not name, or one outside the checkout. */
function refuseLink(directory: string, path: string): void {
  const parts = path.split('/')
  for (let length = 1; length <= parts.length; length++) {
    const place = join(directory, ...parts.slice(0, length))
    const stat = lstatSync(place, { throwIfNoEntry: false })
    if (stat === undefined || (!stat.isDirectory() && !stat.isSymbolicLink())) return
    if (stat.isDirectory()) continue
    throw new RerootError('FILE_INVALID', `${parts.slice(0, length).join('/')} is a symbolic link to ${readlinkSync(place)}`, {
      hint: `name the file that it leads to instead of ${path}`,
    })
  }
}
