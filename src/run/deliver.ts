import { RerootError } from '../base/index.ts'
import { branchPrefixFor } from '../plan/index.ts'
import type { Commit, GitRepository, Worktree } from '../ports.ts'
import type { Base } from './base.ts'

/** A change set as a branch: what it writes on top of the branch before it. */
export interface Branch {
  /** `mesh-ca/g2-staged` */
  readonly name: string
  readonly write: ReadonlyMap<string, Uint8Array>
  readonly remove: readonly string[]
  /** Subject, body and trailers; `Reroot-Id` is among them. */
  readonly message: string
  /** The value of `Reroot-Id`. */
  readonly id: string
}

/** What became of a branch. */
export interface Delivered {
  readonly branch: string
  readonly commit: string
  /** It was sent to the remote in this run. */
  readonly pushed: boolean
  /** The remote's branch had the same files on the same base: it keeps its commit. Or all of its files are in the base already. */
  readonly unchanged: boolean
}

export interface Delivery {
  readonly git: GitRepository
  /** Of `base`. It is disposed of, whatever happens. */
  readonly worktree: Worktree
  /** `null` if the clone has none: then `push` must be false. */
  readonly remote: string | null
  readonly base: string
  /** Stacked: each on the one before. */
  readonly branches: readonly Branch[]
  readonly push: boolean
  /** The remote's branches of these names, as `inspectBranch` saw them. Their commits are the leases. */
  readonly existing: ReadonlyMap<string, string | null>
}

/**
 * Looks at the remote's branch of that name.
 * @param base the freshly fetched commit that the change set is based on.
 * @param directory reroot's directory of this mesh.
 * @returns `null` if there is none; its commit if every commit since `base` carries the trailer `Reroot-Id`.
 * @throws RerootError FOREIGN_COMMITS, with the commits listed, if others have committed to it, or reroot has for another directory.
 */
export async function inspectBranch(
  git: GitRepository,
  remote: string,
  branch: string,
  base: string,
  directory: string,
): Promise<{ readonly commit: string } | null> {
  const commit = await git.fetch(remote, branch)
  if (commit === null) return null
  const commits = await git.commitsSince(base, commit)
  refuseOtherMesh(commits, `the branch ${branch} on ${remote}`, directory)
  const foreign = byOthers(commits)
  if (foreign.length === 0) return { commit }
  const listed = foreign.slice(0, 10).map(({ sha, subject }) => `  ${sha.slice(0, 10)} ${subject}`)
  const more = foreign.length > listed.length ? [`  and ${foreign.length - listed.length} more`] : []
  throw new RerootError(
    'FOREIGN_COMMITS',
    `the branch ${branch} on ${remote} holds ${foreign.length} ${foreign.length === 1 ? 'commit' : 'commits'} that reroot did not make`,
    {
      hint: ['merge the branch, or move these commits to another one and delete it; then run the command again:', ...listed, ...more].join(
        '\n',
      ),
    },
  )
}

/** Those that reroot did not make. */
export function byOthers(commits: readonly Commit[]): readonly Commit[] {
  return commits.filter(({ trailers }) => trailers['Reroot-Id'] === undefined)
}

/**
 * The commit that a branch has where it will go: at the remote, or in this clone. The same files on the same base keep it.
 * @throws RerootError FOREIGN_COMMITS, as `inspectBranch`.
 */
export async function presentCommit(
  git: GitRepository,
  base: Pick<Base, 'remote' | 'commit'>,
  branch: string,
  push: boolean,
  directory: string,
): Promise<string | null> {
  if (base.remote !== null && push) return (await inspectBranch(git, base.remote, branch, base.commit, directory))?.commit ?? null
  const commit = await git.resolve(`refs/heads/${branch}`)
  if (commit !== null) refuseOtherMesh(await git.commitsSince(base.commit, commit), `the branch ${branch} of this clone`, directory)
  return commit
}

/** reroot's directory of another mesh that a branch was made for; `null`: there is none. */
export function otherMesh(commits: readonly Commit[], directory: string): string | null {
  return commits.flatMap(({ trailers }) => trailers['Reroot-Directory'] ?? []).find((other) => other !== directory) ?? null
}

/**
 * Several meshes of one repository may have one prefix; then their branches would replace each other.
 * @throws RerootError FOREIGN_COMMITS.
 */
export function refuseOtherMesh(commits: readonly Commit[], which: string, directory: string): void {
  const other = otherMesh(commits, directory)
  if (other === null) return
  throw new RerootError('FOREIGN_COMMITS', `${which} is another mesh’s: reroot made it for ${other}, and this run is for ${directory}`, {
    hint: `give each mesh a git.branchPrefix of its own in its reroot.yaml; for ${directory}: ${branchPrefixFor(directory)}`,
  })
}

/**
 * Commits the branches in the worktree and pushes them in one atomic push, or keeps them as local branches. Running it again with
 * the same files on the same base pushes nothing. When any part fails, no branch appears anywhere and the worktree is gone.
 * @throws RerootError REFUSED if there is nowhere to push to; GIT_FAILED, FOREIGN_COMMITS as the ports say.
 */
export async function deliver(input: Delivery): Promise<readonly Delivered[]> {
  try {
    assertDeliverable(input)
    const made = await commitAll(input)
    if (input.push) await pushNew(input, made)
    else await input.git.setLocalBranches(made.filter(({ empty }) => !empty).map(({ branch, commit }) => ({ branch, commit })))
    return made.map(({ branch, commit, unchanged }) => ({ branch, commit, pushed: input.push && !unchanged, unchanged }))
  } finally {
    await input.worktree.dispose()
  }
}

interface Made {
  readonly branch: string
  readonly commit: string
  readonly unchanged: boolean
  readonly empty: boolean
}

async function commitAll(input: Delivery): Promise<readonly Made[]> {
  const made: Made[] = []
  let before = input.base
  for (const { name, write, remove, message } of input.branches) {
    const reuse = input.existing.get(name) ?? null
    const commit = await input.worktree.commit({ write, remove, message, reuse })
    made.push({ branch: name, commit: commit ?? before, unchanged: commit === null || commit === reuse, empty: commit === null })
    before = commit ?? before
  }
  return made
}

async function pushNew({ git, remote, existing }: Delivery, made: readonly Made[]): Promise<void> {
  const changed = made.filter(({ unchanged }) => !unchanged)
  if (changed.length === 0 || remote === null) return
  await git.push(
    remote,
    changed.map(({ branch, commit }) => ({ branch, commit, expected: existing.get(branch) ?? null })),
  )
}

function assertDeliverable({ remote, push, worktree, base, branches }: Delivery): void {
  if (push && remote === null) {
    throw new RerootError('REFUSED', 'this clone has no remote to push to', {
      hint: 'add one (`git remote add origin …`), or keep the branch here with --no-push',
    })
  }
  if (worktree.base !== base) throw new TypeError(`the worktree is of ${worktree.base}, not of ${base}`)
  for (const { name, message, id } of branches) {
    if (!message.split('\n').includes(`Reroot-Id: ${id}`)) throw new TypeError(`the message of ${name} lacks the trailer Reroot-Id: ${id}`)
  }
}
