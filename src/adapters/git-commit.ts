import { gitFailure, hookFailure } from './git-failure.ts'
import type { Git } from './git-process.ts'
import { stageFiles } from './git-staging.ts'
import type { Index } from './git-staging.ts'
import { allDone, RerootError } from '../base/index.ts'
import type { Change } from '../ports.ts'

/** Commits exactly these files on top of what the worktree has checked out. See `Worktree.commit`. */
export async function commitFiles(git: Git, index: Index, change: Change): Promise<string | null> {
  if (!(await stageFiles(git, index, change))) return null
  const tree = (await git.read(['write-tree', '--missing-ok'])).trim()
  if (change.reuse !== undefined && change.reuse !== null && (await isSame(git, change.reuse, tree))) {
    await git.read(['update-ref', '--no-deref', 'HEAD', change.reuse])
    return change.reuse
  }
  await runCommit(git, change.message)
  const [commit = '', actual = '', ...written] = (
    await git.read(['show', '--no-patch', '--no-show-signature', '--format=%H%n%T%n%B'])
  ).split('\n')
  await refuseOtherChanges(git, tree, actual)
  refuseLostTrailers(change.message, written)
  return commit
}

/** Those of the paths that the repository's or the user's ignore rules would leave out, and that are not tracked. */
export async function ignoredPaths(git: Git, paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length === 0) return []
  const args = ['check-ignore', '-z', '--stdin']
  const output = await git.run(args, { input: paths.map((path) => `${path}\0`).join('') })
  // 1 means that none is ignored.
  if (output.exitCode > 1) throw gitFailure(args, output)
  return output.stdout.split('\0').filter((path) => path !== '')
}

/** Whether a commit is what would be made: this tree, on top of what is checked out. */
async function isSame(git: Git, commit: string, tree: string): Promise<boolean> {
  const [parents, ids] = await allDone([
    git.read(['rev-list', '--parents', '--max-count=1', commit]),
    git.read(['rev-parse', 'HEAD', `${commit}^{tree}`]),
  ])
  const [head, itsTree] = ids.split('\n')
  return parents.trim() === `${commit} ${head}` && itsTree === tree
}

async function runCommit(git: Git, message: string): Promise<void> {
  const args = ['commit', '--quiet', '--no-status', '--cleanup=whitespace', '--file=-']
  const settings = ['-c', 'i18n.commitEncoding=utf-8']
  const output = await git.run([...settings, ...args], { input: message, timeoutSeconds: null })
  if (output.exitCode === 0) return
  // git's own failures end in 128; 1 is what it makes of a hook's refusal.
  if (output.exitCode === 1) throw hookFailure(output, 'a git hook of yours refused the commit (it ran in a temporary checkout)')
  throw gitFailure(args, output, 'git cannot commit')
}

/** A hook may format files or add others; then what was reviewed and guarded is not what would be pushed. */
async function refuseOtherChanges(git: Git, tree: string, actual: string): Promise<void> {
  if (actual === tree) return
  const names = await git.read(['diff-tree', '-r', '-z', '--name-only', '--no-renames', tree, actual])
  const files = names.split('\0').filter((name) => name !== '')
  throw new RerootError('GIT_FAILED', `a git hook of yours changed what was to be committed: ${files.join(', ')}`, {
    hint: 'let the hook leave these files alone: the sealed and guarded bytes must be committed as they are',
  })
}

/** @param written the lines of the message that the commit has. */
function refuseLostTrailers(message: string, written: readonly string[]): void {
  const trailers = message.split('\n').filter((line) => /^Reroot-[A-Za-z-]+: /.test(line))
  const lost = trailers.filter((line) => !written.includes(line.trimEnd()))
  if (lost.length === 0) return
  throw new RerootError('GIT_FAILED', `a git hook of yours took "${lost[0]}" out of the commit message`, {
    hint: 'let the commit-msg and prepare-commit-msg hooks keep the trailers: by them reroot knows its own commits',
  })
}
