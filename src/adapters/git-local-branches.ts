import { gitFailure, printable } from './git-failure.ts'
import { commitsBetween } from './git-history.ts'
import type { Git } from './git-process.ts'
import { isConflict, namespaceConflict } from './git-push.ts'
import { RerootError } from '../base/index.ts'

/** Makes or moves local branches in one transaction. See `GitRepository.setLocalBranches`. */
export async function setLocalBranches(git: Git, branches: readonly { readonly branch: string; readonly commit: string }[]): Promise<void> {
  const present = await localBranches(git)
  const checkedOut = await checkedOutBranches(git)
  const lines: string[] = []
  for (const { branch, commit } of branches) {
    const old = present.get(branch)
    if (old === commit) continue
    if (old !== undefined) await refuseTaken(git, { branch, commit, old, checkedOutAt: checkedOut.get(branch) })
    const blocking = [...present.keys()].find((name) => isConflict(branch, name))
    if (blocking !== undefined) throw namespaceConflict(blocking, branch, 'this clone has')
    lines.push(`update refs/heads/${branch}\0${commit}\0${old ?? '0'.repeat(commit.length)}\0`)
  }
  if (lines.length === 0) return
  const args = ['update-ref', '-m', 'reroot', '-z', '--stdin']
  // Without the last line nothing is done: where our end breaks off, git would take what it has got for all.
  const output = await git.run(args, { input: ['start\0', ...lines, 'commit\0'].join('') })
  if (output.exitCode !== 0) throw gitFailure(args, output, 'cannot set the local branches')
}

async function refuseTaken(
  git: Git,
  at: { readonly branch: string; readonly commit: string; readonly old: string; readonly checkedOutAt: string | undefined },
): Promise<void> {
  if (at.checkedOutAt !== undefined) {
    throw new RerootError('GIT_FAILED', `the branch ${at.branch} is checked out in ${at.checkedOutAt}`, {
      hint: 'switch to another branch there, and run the command again',
    })
  }
  const foreign = (await commitsBetween(git, at.commit, at.old)).filter(({ trailers }) => trailers['Reroot-Id'] === undefined)
  if (foreign.length === 0) return
  throw new RerootError('FOREIGN_COMMITS', `the local branch ${at.branch} holds commits that reroot did not make`, {
    hint: [
      `keep them under another name (git branch -m ${at.branch} …) and run the command again:`,
      ...foreign.slice(0, 10).map(({ sha, subject }) => `  ${sha.slice(0, 10)} ${printable(subject)}`),
    ].join('\n'),
  })
}

async function localBranches(git: Git): Promise<ReadonlyMap<string, string>> {
  const listed = await git.read(['for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads/'])
  return new Map(
    listed
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(line.indexOf(' ') + 1).replace('refs/heads/', ''), line.slice(0, line.indexOf(' '))]),
  )
}

/** Branch → folder of the worktree that has it checked out. */
async function checkedOutBranches(git: Git): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  let directory = ''
  for (const line of (await git.read(['worktree', 'list', '--porcelain'])).split('\n')) {
    directory = /^worktree (.*)$/.exec(line)?.[1] ?? directory
    const branch = /^branch refs\/heads\/(.*)$/.exec(line)?.[1]
    if (branch !== undefined) found.set(branch, directory)
  }
  return found
}
