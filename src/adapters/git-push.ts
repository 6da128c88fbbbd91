import { gitFailure, hookFailure, printable } from './git-failure.ts'
import type { Git, GitOutput } from './git-process.ts'
import { RerootError } from '../base/index.ts'

/** A branch to push, with the commit that the remote's has now; `null`: it must not exist. */
export interface PushedBranch {
  readonly branch: string
  readonly commit: string
  readonly expected: string | null
}

/** Pushes all branches or none. The user's pre-push hook runs in the user's checkout, as always. */
export async function pushBranches(git: Git, remote: string, branches: readonly PushedBranch[]): Promise<void> {
  if (branches.length === 0) return
  const args = [
    'push',
    '--porcelain',
    // One branch is atomic by itself, and some servers know no --atomic.
    ...(branches.length > 1 ? ['--atomic'] : []),
    '--no-follow-tags',
    '--recurse-submodules=no',
    ...branches.map(({ branch, expected }) => `--force-with-lease=refs/heads/${branch}:${expected ?? ''}`),
    '--',
    remote,
    ...branches.map(({ branch, commit }) => `${commit}:refs/heads/${branch}`),
  ]
  const output = await git.run(args, { network: true, timeoutSeconds: null })
  if (output.exitCode !== 0) throw await rejected(git, remote, branches, output)
}

async function rejected(git: Git, remote: string, branches: readonly PushedBranch[], output: GitOutput): Promise<RerootError> {
  const blocking = await blockingBranch(git, remote, branches)
  if (blocking !== null) return namespaceConflict(blocking.existing, blocking.branch, `${remote} has`)
  const refusals = output.stdout.split('\n').flatMap((line) => {
    const [, branch, why] = /^!\t[^\t]*:refs\/heads\/([^\t]*)\t(.*)$/.exec(line) ?? []
    return branch === undefined || why === undefined ? [] : [{ branch, why: printable(why) }]
  })
  const stale = refusals.find(({ why }) => why.includes('stale info') || isLostRace(why, output.stderr))
  if (stale !== undefined) {
    return new RerootError('GIT_FAILED', `${stale.branch} on ${remote} was changed by someone else in the meantime; nothing was pushed`, {
      hint: 'run the same command again: it reads the branch anew',
    })
  }
  const refused = refusals.find(({ why }) => why.includes('[remote rejected]') && !why.includes('atomic'))
  if (refused !== undefined) {
    const why = /\((.*)\)/.exec(refused.why)?.[1] ?? refused.why
    return gitFailure(['push'], { ...output, stdout: '' }, `${remote} refused ${refused.branch}: ${why}; nothing was pushed`)
  }
  // Without a verdict on any branch, 1 is the refusal of the pre-push hook; git's own failures end in 128.
  if (refusals.length === 0 && output.exitCode === 1) return hookFailure(output, 'the pre-push hook of yours refused; nothing was pushed')
  return gitFailure(['push'], output, `cannot push to ${remote}; nothing was pushed`)
}

/** The branch was moved after the lease was checked, while the remote took what was sent; forges and git word it in two places. */
function isLostRace(why: string, stderr: string): boolean {
  const lost = /reference already exists|is at [0-9a-f]+ but expected [0-9a-f]+/
  return lost.test(why) || (why.includes('failed to update ref') && lost.test(stderr))
}

/** git keeps branches as files in folders: `mesh-ca` and `mesh-ca/g2-staged` cannot both exist. */
async function blockingBranch(
  git: Git,
  remote: string,
  branches: readonly PushedBranch[],
): Promise<{ branch: string; existing: string } | null> {
  const wanted = branches.filter(({ expected }) => expected === null).map(({ branch }) => branch)
  const patterns = wanted.flatMap((branch) => [...parentBranches(branch), `${branch}/*`]).map((name) => `refs/heads/${name}`)
  const output = await git.run(['ls-remote', '--heads', '--', remote, ...new Set(patterns)], { network: true })
  const existing = output.stdout.split('\n').flatMap((line) => /\trefs\/heads\/(.*)$/.exec(line)?.[1] ?? [])
  for (const branch of wanted) {
    const blocking = existing.find((name) => isConflict(branch, name))
    if (blocking !== undefined) return { branch, existing: blocking }
  }
  return null
}

/** `mesh-ca/x/y` → `mesh-ca`, `mesh-ca/x`. */
export function parentBranches(branch: string): readonly string[] {
  const parts = branch.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

export function isConflict(one: string, other: string): boolean {
  return one.startsWith(`${other}/`) || other.startsWith(`${one}/`)
}

export function namespaceConflict(existing: string, branch: string, where: string): RerootError {
  return new RerootError('GIT_FAILED', `the branch ${branch} cannot be made: ${where} a branch named ${existing}`, {
    hint: `rename or delete the branch ${existing}, or choose another git.branchPrefix in reroot.yaml: git keeps branches as folders, and one name cannot be both`,
  })
}
