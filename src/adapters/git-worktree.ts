import { RerootError } from '../base/index.ts'
import type { Worktree } from '../ports.ts'
import { folderFiles } from './files.ts'
import { commitFiles, ignoredPaths } from './git-commit.ts'
import { gitFailure } from './git-failure.ts'
import { committedFiles } from './git-objects.ts'
import type { Git } from './git-process.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'
import type { TemporaryFolder } from './temporary-folder.ts'
import { indexOf } from './git-staging.ts'
import type { Index } from './git-staging.ts'

/** Folders of the clone. */
export interface Places {
  /** The user's hooks. */
  readonly hooks: string
  /** `.git/worktrees`: git's entries for linked worktrees. */
  readonly registry: string
}

/** Runs a command when those before it have ended. */
export type InTurn = <T>(command: () => Promise<T>) => Promise<T>

/** The user's clone, as far as worktrees of it go. */
export interface Clone {
  readonly git: Git
  readonly places: Places
  /** Objects that are missing are fetched when they are asked for (`git clone --filter`). */
  readonly isPartial: boolean
  /** One after the other with what fetches. */
  readonly inTurn: InTurn
}

/**
 * Opens a commit: its files are read from git's store, and it is checked out into a temporary folder, detached, as soon as somebody asks for that.
 * The files are the commit's bytes in both, without line-ending conversion or filters: what Flux and Argo CD read, whatever `.gitattributes` or the
 * user's configuration say. Sparse checkouts are filled, submodules stay empty, Git LFS files stay pointers.
 */
export async function openGitWorktree(clone: Clone, base: string): Promise<Worktree> {
  const index = await readIndex(clone, base)
  let made: Promise<Checkout> | undefined
  let isOver = false
  const checkout = (): Promise<Checkout> => {
    if (isOver) throw new TypeError('the worktree was disposed of')
    return (made ??= makeCheckout(clone, base, index))
  }
  return {
    base,
    files: (await committedFiles(clone.git, clone.isPartial, index)) ?? folderFiles((await checkout()).folder.directory),
    checkOut: () => void Promise.allSettled([checkout()]),
    folder: async () => (await checkout()).folder.directory,
    ignored: async (paths) => ignoredPaths((await checkout()).git, paths),
    commit: async (change) => commitFiles((await checkout()).git, index, change),
    async dispose() {
      isOver = true
      const [result] = await Promise.allSettled([made])
      if (result.status === 'fulfilled') await result.value?.folder.remove()
    },
  }
}

interface Checkout {
  readonly folder: TemporaryFolder
  /** In that folder. */
  readonly git: Git
}

async function makeCheckout({ git: repository, places, inTurn }: Clone, base: string, index: Index): Promise<Checkout> {
  const folder = makeTemporaryFolder(places.registry)
  const git = repository.at(folder.directory, [...exactBytes, `core.hooksPath=${places.hooks}`])
  try {
    // Without a checkout there is no post-checkout hook either: it would install dependencies or fetch large files.
    const args = ['worktree', 'add', '--quiet', '--no-checkout', '--detach', folder.directory, base]
    const output = await inTurn(() => repository.run(args))
    if (output.exitCode !== 0) throw gitFailure(args, output, 'cannot add a temporary worktree to this clone')
    await checkOut(git, base, [...index.keys()])
  } catch (error) {
    await folder.remove()
    throw error
  }
  return { folder, git }
}

/** @returns what the commit holds. */
async function readIndex({ git, isPartial }: Clone, base: string): Promise<Index> {
  // In a partial clone git would fetch the objects only to tell their sizes.
  const args = ['ls-tree', '-r', '-z', '--full-tree', ...(isPartial ? [] : ['--long']), base]
  return indexOf(await git.read(args, { network: true }))
}

const exactBytes = [
  'core.autocrlf=false',
  'core.eol=lf',
  'core.safecrlf=false',
  'core.sparseCheckout=false',
  'index.sparse=false',
  'submodule.recurse=false',
  // Making thousands of files is mostly waiting, also on few cores (git 2.32 and later).
  'checkout.workers=4',
]

async function checkOut(git: Git, base: string, listed: readonly string[]): Promise<void> {
  await refuseTwins(git, listed)
  const attributes = listed.filter((path) => path === '.gitattributes' || path.endsWith('/.gitattributes'))
  if (attributes.length === 0) return fill(git, ['read-tree', '-u', '--reset', base])
  const paths = attributes.map((path) => `${path}\0`).join('')
  // git reads attributes from the index when it checks out: a tree without these files gives the bytes as they are.
  await git.read(['read-tree', base])
  await git.read(['update-index', '--force-remove', '-z', '--stdin'], { input: paths })
  const tree = (await git.read(['write-tree', '--missing-ok'])).trim()
  await fill(git, ['read-tree', '--empty'])
  await fill(git, ['read-tree', '-u', '--reset', tree])
  await fill(git, ['read-tree', base])
  await fill(git, ['checkout-index', '-q', '-f', '-z', '--stdin'], paths)
  // The index learns the files' times, so that hooks which ask for changes find none. Exit code 1: an attribute would convert one.
  await git.run(['update-index', '-q', '--refresh'])
}

/** @throws RerootError ENVIRONMENT for paths of which the disk can hold only one: what stands there would be the bytes of the other. */
async function refuseTwins(git: Git, paths: readonly string[]): Promise<void> {
  const known = new Map<string, string>()
  const twins = paths.flatMap((path) => {
    const key = path.normalize('NFC').toLowerCase()
    const other = known.get(key)
    known.set(key, path)
    return other === undefined ? [] : [`${other} and ${path}`]
  })
  if (twins.length === 0) return
  // git finds out what the disk does when it makes a clone.
  if ((await git.run(['config', '--type=bool', '--get', 'core.ignorecase'])).stdout.trim() !== 'true') return
  const more = twins.length > 5 ? `, and ${twins.length - 5} more` : ''
  throw new RerootError(
    'ENVIRONMENT',
    `paths differ only by upper and lower case, and this disk holds one of them: ${twins.slice(0, 5).join(', ')}${more}`,
    {
      hint: 'run reroot where the file system tells them apart (Linux, CI), or rename one: on this disk `git status` shows one as changed',
    },
  )
}

async function fill(git: Git, args: readonly string[], input?: string): Promise<void> {
  const output = await git.run(['-c', 'core.attributesFile=/dev/null', ...args], {
    timeoutSeconds: 1800,
    network: true,
    ...(input === undefined ? {} : { input }),
  })
  if (output.exitCode !== 0) throw gitFailure(args, output, 'cannot check the commit out into a temporary folder')
}
