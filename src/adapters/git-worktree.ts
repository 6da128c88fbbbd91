import { folderFiles } from './files.ts'
import { commitFiles, ignoredPaths } from './git-commit.ts'
import { gitFailure } from './git-failure.ts'
import type { Git } from './git-process.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'
import type { Worktree } from '../ports.ts'

/** Folders of the clone. */
export interface Places {
  /** The user's hooks. */
  readonly hooks: string
  /** `.git/worktrees`: git's entries for linked worktrees. */
  readonly registry: string
}

/**
 * Checks a commit out into a temporary folder, detached. The files there are the commit's bytes, without line-ending conversion
 * or filters: what Flux and Argo CD read, whatever `.gitattributes` or the user's configuration say. Sparse checkouts are
 * filled, submodules stay empty, Git LFS files stay pointers.
 */
export async function openGitWorktree(repository: Git, places: Places, base: string): Promise<Worktree> {
  const folder = makeTemporaryFolder(places.registry)
  const git = repository.at(folder.directory, [...exactBytes, `core.hooksPath=${places.hooks}`])
  try {
    // Without a checkout there is no post-checkout hook either: it would install dependencies or fetch large files.
    await repository.read(['worktree', 'add', '--quiet', '--no-checkout', '--detach', folder.directory, base])
    await checkOut(git, base)
  } catch (error) {
    await folder.remove()
    throw error
  }
  return {
    directory: folder.directory,
    base,
    files: folderFiles(folder.directory),
    ignored: (paths) => ignoredPaths(git, paths),
    commit: (change) => commitFiles(git, change),
    dispose: () => folder.remove(),
  }
}

const exactBytes = [
  'core.autocrlf=false',
  'core.eol=lf',
  'core.safecrlf=false',
  'core.sparseCheckout=false',
  'index.sparse=false',
  'submodule.recurse=false',
]

async function checkOut(git: Git, base: string): Promise<void> {
  await git.read(['read-tree', base])
  const listed = await git.read(['ls-files', '-z'])
  const attributes = listed.split('\0').filter((path) => path === '.gitattributes' || path.endsWith('/.gitattributes'))
  const paths = attributes.map((path) => `${path}\0`).join('')
  // git reads attributes from the index when it checks out: a tree without these files gives the bytes as they are.
  if (attributes.length > 0) await git.read(['update-index', '--force-remove', '-z', '--stdin'], { input: paths })
  const tree = (await git.read(['write-tree', '--missing-ok'])).trim()
  await fill(git, ['read-tree', '--empty'])
  await fill(git, ['read-tree', '-u', '--reset', tree])
  if (attributes.length > 0) {
    await fill(git, ['read-tree', base])
    await fill(git, ['checkout-index', '-q', '-f', '-z', '--stdin'], paths)
  }
  // The index learns the files' times, so that hooks which ask for changes find none. Exit code 1: an attribute would convert one.
  await git.run(['update-index', '-q', '--refresh'])
}

async function fill(git: Git, args: readonly string[], input?: string): Promise<void> {
  const output = await git.run(['-c', 'core.attributesFile=/dev/null', ...args], {
    timeoutSeconds: 1800,
    network: true,
    ...(input === undefined ? {} : { input }),
  })
  if (output.exitCode !== 0) throw gitFailure(args, output, 'cannot check the commit out into a temporary folder')
}
