import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Git } from './git-process.ts'
import { writingHint } from './writing-hint.ts'
import { allDone, RerootError } from '../base/index.ts'
import type { Change } from '../ports.ts'

/** Path → mode of what is in the index. */
type Staged = ReadonlyMap<string, string>

async function stagedObjects(git: Git): Promise<Staged> {
  const listed = await git.read(['ls-files', '--stage', '-z'])
  return new Map(
    listed
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => [entry.slice(entry.indexOf('\t') + 1), entry.slice(0, 6)]),
  )
}

/**
 * Puts files into the worktree and the index: exactly these bytes, also where `.gitignore` names the path.
 * @throws RerootError GIT_FAILED if an attribute of the path would make git store other bytes, or the path is no plain file.
 */
export async function stageFiles(git: Git, change: Change): Promise<void> {
  for (const path of [...change.write.keys(), ...change.remove]) {
    assertPlainPath(path)
    refuseLink(git.directory, path)
  }
  for (const path of change.remove) removeFile(git.directory, path)
  for (const [path, bytes] of change.write) writeBytes(join(git.directory, path), bytes)
  const paths = [...change.write.keys()]
  const [staged, exact, stored] = await allDone([
    stagedObjects(git),
    hashFiles(git, paths, ['-w', '--no-filters'], writers),
    hashFiles(git, paths, []),
  ])
  const converted = paths.filter((_, index) => exact[index] !== stored[index])
  if (converted.length > 0) throw wouldConvert(converted)

  const removals = change.remove.filter((path) => staged.has(path) && !change.write.has(path)).map((path) => `${path}\0`)
  if (removals.length > 0) await git.read(['update-index', '--force-remove', '-z', '--stdin'], { input: removals.join('') })
  const additions = paths.map((path, index) => `${staged.get(path) === '100755' ? '100755' : '100644'} ${exact[index] ?? ''}\t${path}\0`)
  await git.read(['update-index', '-z', '--index-info'], { input: additions.join('') })
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

async function hashFiles(git: Git, paths: readonly string[], flags: readonly string[], processes = 1): Promise<readonly string[]> {
  const size = Math.max(Math.ceil(paths.length / processes), worthAProcess)
  const parts = Array.from({ length: Math.ceil(paths.length / size) }, (_, part) => paths.slice(part * size, (part + 1) * size))
  const hashes = await allDone(
    parts.map(async (part) => {
      const output = await git.read(['hash-object', ...flags, '--stdin-paths'], { input: part.map((path) => `${path}\n`).join('') })
      return output.trim().split('\n')
    }),
  )
  return hashes.flat()
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
