import { RerootError } from '../../base/index.ts'
import type { Files, Worktree } from '../../ports.ts'
import type { Base } from '../base.ts'
import type { Context } from '../context.ts'
import { readControllerObjects } from './controller-objects.ts'
import { findClusters } from './find.ts'
import type { FoundClusters } from './find.ts'
import type { InitOptions } from './index.ts'
import { whereAsked } from './pinned.ts'

/** The branch that the controllers read, and the clusters on it. */
export interface OnBranch extends FoundClusters {
  readonly base: Base
  readonly worktree: Worktree
}

/** Everything is read from the branch that the controllers read; which one that is stands in the repository. */
export async function findOnTheirBranch(
  context: Context,
  base: Base,
  options: Pick<InitOptions, 'directory' | 'answers'>,
): Promise<OnBranch> {
  const worktree = await context.git.openWorktree(base.commit)
  try {
    const url = base.remote === null ? null : await context.git.remoteUrl(base.remote)
    const found = findClusters(worktree.files, options.directory, options.answers, { url, branch: base.branch })
    const branches = [...new Set(found.clusters.map((cluster) => cluster.sync.branch).filter((branch) => branch !== null))]
    if (branches.length > 1) {
      throw new RerootError('REFUSED', `the clusters read different branches: ${branches.join(', ')}`, {
        hint: 'a mesh is rotated on one branch: initialise the clusters of one branch with --cluster',
      })
    }
    const [branch] = branches
    if (branch === undefined || branch === base.branch || base.remote === null) return { base, worktree, ...found }
    const commit = await context.git.fetch(base.remote, branch)
    if (commit === null) throw await noBranch(context, { ...base, remote: base.remote }, worktree.files, branch, options.directory)
    await worktree.dispose()
    const other = { remote: base.remote, branch, commit }
    const theirs = await context.git.openWorktree(commit)
    try {
      return { base: other, worktree: theirs, ...findClusters(theirs.files, options.directory, options.answers, { url, branch }) }
    } catch (error) {
      await theirs.dispose()
      throw error
    }
  } catch (error) {
    await worktree.dispose()
    throw error
  }
}

/** What the controllers ask for may be a tag: its name does not tell. */
async function noBranch(
  context: Context,
  base: Base & { readonly remote: string },
  files: Files,
  revision: string,
  directory: string,
): Promise<RerootError> {
  const where = whereAsked(readControllerObjects(files, directory).objects, revision)
  const at = where === null ? '' : ` (${where})`
  if (await context.git.hasTag(base.remote, revision)) {
    return new RerootError(
      'REFUSED',
      `the controllers are pinned to the tag ${revision}${at}: what a pull request changes does not reach them`,
      {
        hint: `let them follow a branch (targetRevision: ${base.branch}), and run init again on what that branch holds; or name the clusters that do with --cluster`,
      },
    )
  }
  return new RerootError('GIT_FAILED', `the controllers read ${revision}${at}, which is neither a branch nor a tag of ${base.remote}`, {
    hint: 'push that branch, or correct the GitRepository or the Applications',
  })
}
