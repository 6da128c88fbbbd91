import { resolve as resolvePath } from 'node:path'
import { gitFailure, isLocked } from './git-failure.ts'
import { commitsBetween, completeHistory, deepenUntilMerged, fetchArguments, hasHeld, lineChanges, pathsEver } from './git-history.ts'
import type { FetchedBranch } from './git-history.ts'
import { setLocalBranches } from './git-local-branches.ts'
import { gitIn } from './git-process.ts'
import type { Git } from './git-process.ts'
import { namespaceConflict, parentBranches, pushBranches } from './git-push.ts'
import { removeLeftovers } from './temporary-folder.ts'
import { openGitWorktree } from './git-worktree.ts'
import type { InTurn, Places } from './git-worktree.ts'
import { allDone, RerootError } from '../base/index.ts'
import type { GitRepository } from '../ports.ts'

/**
 * The clone that a folder belongs to, without what crashed runs have left in it. A linked worktree, a shallow, sparse or partial clone, and a
 * detached or dirty checkout are all fine: none of them is touched.
 * @throws RerootError GIT_FAILED if it is not a clone with a working tree, or git is missing or too old.
 */
export async function openGitRepository(directory: string): Promise<GitRepository> {
  const start = gitIn(resolvePath(directory))
  const { top, places, isShallow, isPartial, remotes } = await lookAt(start)
  const git = gitIn(top)
  // First of all: git itself stumbles over a worktree that was not made to its end.
  await removeLeftovers(places.registry)
  /** Which branch a commit was fetched from: where a shallow clone finds more history. */
  const fetched = new Map<string, FetchedBranch>()
  const times = new Map<string, Date>()
  const inTurn = makeTurns()
  const deepen = async (base: string, head: string): Promise<void> => {
    const branches = [base, head].flatMap((commit) => fetched.get(commit) ?? [])
    if (isShallow) await inTurn(() => deepenUntilMerged(git, [base, head], branches))
  }
  let completed: Promise<void> | undefined
  /** Once: several ask for it at the same time. Without a branch that the commit was fetched from there is nowhere to ask. */
  const complete = async (commit: string): Promise<void> => {
    const branch = fetched.get(commit)
    if (isShallow && branch !== undefined) await (completed ??= inTurn(() => completeHistory(git, branch)))
  }
  return {
    root: git.directory,
    async fetch(remote, branch) {
      const found = await inTurn(() => fetchBranch(git, { remote, branch }))
      if (found === null) return null
      fetched.set(found.commit, { remote, branch })
      times.set(found.commit, found.time)
      return found.commit
    },
    remoteBranches: (remote, prefix) => inTurn(() => remoteBranches(git, remote, prefix)),
    hasTag: (remote, tag) => inTurn(() => hasTag(git, remote, tag)),
    resolve: (revision) => resolveCommit(git, revision),
    remotes: () => Promise.resolve(remotes),
    remoteUrl: (remote) => remoteUrl(git, remote),
    defaultBranch: (remote) => inTurn(() => defaultBranch(git, remote)),
    commitTime: async (commit) => times.get(commit) ?? (await readCommit(git, commit)).time,
    async hasHeld(base, head) {
      await deepen(base, head)
      return hasHeld(git, base, head)
    },
    async pathsEver(commit, folder) {
      await complete(commit)
      return pathsEver(git, commit, folder)
    },
    async lineChanges(commit, paths) {
      await complete(commit)
      return lineChanges(git, commit, paths)
    },
    async commitsSince(base, head) {
      await deepen(base, head)
      return commitsBetween(git, base, head)
    },
    openWorktree: (commit) => openGitWorktree({ git, places, isPartial, inTurn }, commit),
    push: (remote, branches) => pushBranches(git, remote, branches),
    setLocalBranches: (branches) => setLocalBranches(git, branches),
  }
}

/**
 * One command at a time talks to a remote: two would ask for a passphrase on one terminal. Nor is a worktree added meanwhile: git names its commit
 * only at the end, and a fetch takes one without for a fault of the clone.
 */
function makeTurns(): InTurn {
  let last: Promise<void> = Promise.resolve()
  return async (command) => {
    const before = last
    let pass = (): void => {}
    last = new Promise((resolve) => {
      pass = resolve
    })
    await before
    try {
      return await command()
    } finally {
      pass()
    }
  }
}

/** @returns the URL without a user or a token: it is compared, and may be shown. */
async function remoteUrl(git: Git, remote: string): Promise<string | null> {
  const { exitCode, stdout } = await git.run(['remote', 'get-url', '--', remote])
  return exitCode === 0 ? oneLine(stdout).replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1') : null
}

const oldestVersion = [2, 30] as const

async function refuseOldGit(git: Git): Promise<void> {
  const version = oneLine(await git.read(['version']))
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(version) ?? []
  if (Number(major) > oldestVersion[0] || (Number(major) === oldestVersion[0] && Number(minor) >= oldestVersion[1])) return
  throw new RerootError('GIT_FAILED', `${version} is too old`, { hint: `install git ${oldestVersion.join('.')} or newer` })
}

/** What does not change while a command runs. @throws RerootError GIT_FAILED if it is no clone to work in. */
async function lookAt(start: Git): Promise<Folders & { readonly isPartial: boolean; readonly remotes: readonly string[] }> {
  const [, folders, named, isPartial] = await allDone([refuseOldGit(start), foldersOf(start), start.run(['remote']), isPartialClone(start)])
  return { ...folders, isPartial, remotes: named.stdout.split('\n').filter((name) => name !== '') }
}

/** Whether git fetches objects when they are asked for (git-clone(1), --filter): that is configured, wherever the objects lie. */
async function isPartialClone(git: Git): Promise<boolean> {
  const { exitCode } = await git.run(['config', '--get-regexp', '^(extensions\\.partialclone|remote\\..*\\.promisor)$'])
  return exitCode === 0
}

interface Folders {
  readonly top: string
  readonly places: Places
  readonly isShallow: boolean
}

async function foldersOf(git: Git): Promise<Folders> {
  const args = ['rev-parse', '--show-toplevel', '--git-path', 'hooks', '--git-path', 'worktrees', '--is-shallow-repository']
  const output = await git.run(args)
  const [top = '', hooks = '', registry = '', shallow = ''] = oneLine(output.stdout).split('\n')
  if (output.exitCode === 0 && registry !== '')
    return {
      top,
      places: { hooks: resolvePath(git.directory, hooks), registry: resolvePath(git.directory, registry) },
      isShallow: shallow === 'true',
    }
  if (/must be run in a work tree/.test(output.stderr) || output.exitCode === 0) {
    throw new RerootError('GIT_FAILED', `${git.directory} has no working tree (a bare repository, or a .git folder)`, {
      hint: 'run reroot in an ordinary clone of the GitOps repository',
    })
  }
  if (/not a git repository/i.test(output.stderr)) {
    throw new RerootError('GIT_FAILED', `${git.directory} is not in a git repository`, {
      hint: 'run reroot in a clone of the GitOps repository',
    })
  }
  throw gitFailure(args, output, `cannot read the git repository of ${git.directory}`)
}

async function fetchBranch(git: Git, wanted: FetchedBranch): Promise<{ readonly commit: string; readonly time: Date } | null> {
  const { remote, branch } = wanted
  const output = await git.run(fetchArguments([wanted], null), { network: true })
  if (output.exitCode === 0) return readCommit(git, `refs/remotes/${remote}/${branch}`)
  if (/couldn't find remote ref/i.test(output.stderr)) return null
  const stale = /'refs\/remotes\/[^']*' exists; cannot create|cannot lock ref 'refs\/remotes/.test(output.stderr)
  if (stale && !isLocked(output.stderr)) throw staleTracking(wanted, output.stderr)
  const known = (await git.read(['remote'])).split('\n')
  throw gitFailure(
    ['fetch'],
    output,
    known.includes(remote) ? `cannot fetch ${branch} from ${remote}` : `this clone has no remote named ${remote}`,
  )
}

/** `log`, since `show` reads trees, which a partial clone would fetch. */
async function readCommit(git: Git, revision: string): Promise<{ readonly commit: string; readonly time: Date }> {
  const printed = await git.read(['log', '--max-count=1', '--no-show-signature', '--format=%H%n%cI', `${revision}^{commit}`, '--'])
  const [commit = '', time = ''] = printed.split('\n')
  return { commit, time: new Date(time) }
}

/** A branch that the remote no longer has can still stand in the way as a remote-tracking ref. */
function staleTracking({ remote, branch }: FetchedBranch, words: string): RerootError {
  const blocking = parentBranches(branch).find((parent) => words.includes(`'refs/remotes/${remote}/${parent}' exists`))
  if (blocking !== undefined) return namespaceConflict(blocking, branch, `${remote} has, or once had,`)
  return gitFailure(
    ['fetch'],
    { exitCode: 1, stdout: '', stderr: words },
    `cannot fetch ${branch} from ${remote}: run \`git remote prune ${remote}\``,
  )
}

async function remoteBranches(git: Git, remote: string, prefix: string): Promise<ReadonlyMap<string, string>> {
  const args = ['ls-remote', '--heads', '--', remote]
  const output = await git.run(args, { network: true })
  if (output.exitCode !== 0) throw gitFailure(args, output, `cannot list the branches of ${remote}`)
  const branches = output.stdout.split('\n').flatMap((line) => {
    const [, commit, branch] = /^([0-9a-f]+)\trefs\/heads\/(.*)$/.exec(line) ?? []
    return commit === undefined || branch === undefined || !branch.startsWith(prefix) ? [] : [[branch, commit] as const]
  })
  return new Map(branches)
}

async function hasTag(git: Git, remote: string, tag: string): Promise<boolean> {
  const args = ['ls-remote', '--tags', '--', remote, `refs/tags/${tag}`]
  const output = await git.run(args, { network: true })
  if (output.exitCode !== 0) throw gitFailure(args, output, `cannot list the tags of ${remote}`)
  return output.stdout.split('\n').some((line) => line.endsWith(`\trefs/tags/${tag}`))
}

async function resolveCommit(git: Git, revision: string): Promise<string | null> {
  if (revision.startsWith('-')) return null
  const output = await git.run(['rev-parse', '--verify', '--quiet', `${revision}^{commit}`])
  return output.exitCode === 0 ? oneLine(output.stdout) : null
}

async function defaultBranch(git: Git, remote: string): Promise<string | null> {
  const args = ['ls-remote', '--symref', '--', remote, 'HEAD']
  const output = await git.run(args, { network: true })
  if (output.exitCode !== 0) throw gitFailure(args, output, `cannot ask ${remote} for its default branch`)
  return /^ref: refs\/heads\/(.*)\tHEAD$/m.exec(output.stdout)?.[1] ?? null
}

function oneLine(text: string): string {
  return text.replace(/\r?\n$/, '')
}
