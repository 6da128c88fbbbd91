import { allDone, RerootError } from '../base/index.ts'
import type { Files, Worktree } from '../ports.ts'
import { folderFiles } from './files.ts'
import { commitFiles, ignoredPaths } from './git-commit.ts'
import { gitFailure } from './git-failure.ts'
import { committedFiles } from './git-objects.ts'
import type { Git } from './git-process.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'
import { indexOf } from './git-staging.ts'
import type { Index } from './git-staging.ts'

/** Folders of the clone. */
export interface Places {
  /** The user's hooks. */
  readonly hooks: string
  /** `.git/worktrees`: git's entries for linked worktrees. */
  readonly registry: string
  /** `.git/objects` */
  readonly store: string
}

/**
 * Checks a commit out into a temporary folder, detached. The files there are the commit's bytes, without line-ending conversion
 * or filters: what Flux and Argo CD read, whatever `.gitattributes` or the user's configuration say. Sparse checkouts are
 * filled, submodules stay empty, Git LFS files stay pointers. The folder fills while the files are read already.
 */
export async function openGitWorktree(repository: Git, places: Places, base: string): Promise<Worktree> {
  const folder = makeTemporaryFolder(places.registry)
  const git = repository.at(folder.directory, [...exactBytes, `core.hooksPath=${places.hooks}`])
  try {
    const [, { index, files }] = await allDone([addWorktree(repository, folder.directory, base), readCommit(repository, places, base)])
    const paths = [...index.keys()]
    await refuseTwins(git, paths)
    const filled = checkOut(git, base, paths)
    // Who needs the folder is told if it cannot be filled; who only reads need not know.
    const over = Promise.allSettled([filled])
    if (files === null) await filled
    return {
      base,
      files: files ?? folderFiles(folder.directory),
      async folder() {
        await filled
        return folder.directory
      },
      async ignored(paths) {
        await filled
        return ignoredPaths(git, paths)
      },
      async commit(change) {
        await filled
        return commitFiles(git, index, change)
      },
      async dispose() {
        await over
        await folder.remove()
      },
    }
  } catch (error) {
    await folder.remove()
    throw error
  }
}

async function addWorktree(repository: Git, directory: string, base: string): Promise<void> {
  // Without a checkout there is no post-checkout hook either: it would install dependencies or fetch large files.
  const args = ['worktree', 'add', '--quiet', '--no-checkout', '--detach', directory, base]
  const output = await repository.run(args)
  if (output.exitCode !== 0) throw gitFailure(args, output, 'cannot add a temporary worktree to this clone')
}

/** @returns what the commit holds; its files, where a checkout is not needed to read them. */
async function readCommit(
  repository: Git,
  { store }: Places,
  base: string,
): Promise<{ readonly index: Index; readonly files: Files | null }> {
  const index = indexOf(await repository.read(['ls-tree', '-r', '-z', '--full-tree', base], { network: true }))
  return { index, files: await committedFiles(repository, store, index) }
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

/** @throws RerootError ENVIRONMENT for paths of which the disk can hold only one: what is read would be the bytes of the other. */
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
