import { printable } from './git-failure.ts'
import type { Git } from './git-process.ts'
import type { Commit, LineChange } from '../ports.ts'

/** Commits that `head` has and `base` has not, newest first. */
export async function commitsBetween(git: Git, base: string, head: string): Promise<readonly Commit[]> {
  const format = '%H%n%s%n%(trailers:only=true,unfold=true)'
  const output = await git.read([
    '-c',
    'trailer.separators=:',
    '-c',
    'i18n.logOutputEncoding=utf-8',
    'log',
    '-z',
    '--no-color',
    `--format=${format}`,
    `${base}..${head}`,
  ])
  return output
    .split('\0')
    .filter((entry) => entry !== '')
    .map(parseCommit)
}

/** Every path below a folder that a commit of this history has added, also those that are gone. A shallow clone is completed first. */
export async function pathsEver(git: Git, commit: string, folder: string, branches: readonly FetchedBranch[]): Promise<readonly string[]> {
  await completeHistory(git, branches)
  const output = await git.read([
    'log',
    '-z',
    '--no-color',
    '--no-renames',
    ...everyParent,
    '--format=',
    '--name-only',
    '--diff-filter=A',
    commit,
    '--',
    folder,
  ])
  return [...new Set(output.split('\0').map((path) => path.trim()))].filter((path) => path !== '').toSorted()
}

/** What every commit of this history has changed in files, oldest first: a merge by its own commits, not as a whole. A shallow clone is completed first. */
export async function lineChanges(
  git: Git,
  commit: string,
  paths: readonly string[],
  branches: readonly FetchedBranch[],
): Promise<readonly LineChange[]> {
  if (paths.length === 0) return []
  await completeHistory(git, branches)
  const output = await git.read([
    ...['-c', 'log.diffMerges=off', '-c', 'log.follow=false', 'log', '--reverse', '--topo-order', '--no-color', '--no-renames', ...everyParent],
    ...['--no-ext-diff', '--no-textconv', '--text', '--format=', '--src-prefix=a/', '--dst-prefix=b/', '--unified=0', '-p', commit, '--'],
    ...paths.map((path) => `:(literal)${path}`),
  ])
  return output.split(/^diff --git /m).flatMap((text): readonly LineChange[] => {
    const [, ...hunks] = text.split(/^@@ .*\n/m)
    const path = paths.find((one) => text.startsWith(`a/${one} b/${one}\n`))
    if (path === undefined) return []
    const lines = hunks.flatMap((hunk) => hunk.split('\n'))
    const starting = (mark: string): readonly string[] => lines.flatMap((line) => (line.startsWith(mark) ? [line.slice(1)] : []))
    return [{ path, added: starting('+'), removed: starting('-') }]
  })
}

/** Otherwise git follows one parent of a merge whose sides agree: what came and went again on the other side would be hidden. */
const everyParent = ['--full-history'] as const

async function completeHistory(git: Git, branches: readonly FetchedBranch[]): Promise<void> {
  if (branches.length === 0 || (await git.read(['rev-parse', '--is-shallow-repository'])).trim() !== 'true') return
  await git.read(fetchArguments(branches, '--unshallow'), { network: true })
}

function parseCommit(entry: string): Commit {
  const [sha = '', subject = '', ...lines] = entry.split('\n')
  const trailers = lines.flatMap((line) => {
    const [, name, value] = /^([A-Za-z0-9-]+): ?(.*)$/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [[name, value.trim()] as const]
  })
  return { sha, subject: printable(subject), trailers: Object.fromEntries(trailers) }
}

/** A branch of a remote, as it was fetched. */
export interface FetchedBranch {
  readonly remote: string
  readonly branch: string
}

/**
 * Fetches one branch into its remote-tracking ref, and nothing else: no tags, no other refs, no FETCH_HEAD, no local branch.
 * @returns `null` if the remote has no such branch.
 */
export function fetchArguments(branches: readonly FetchedBranch[], deepen: string | null): readonly string[] {
  const remote = branches[0]?.remote ?? ''
  return [
    'fetch',
    '--no-tags',
    '--no-prune',
    '--no-write-fetch-head',
    '--no-recurse-submodules',
    // Without it the user's configured refspecs would move other refs along.
    '--refmap=',
    ...(deepen === null ? [] : [deepen]),
    '--',
    remote,
    ...branches.map(({ branch }) => `+refs/heads/${branch}:refs/remotes/${remote}/${branch}`),
  ]
}

/** In a shallow clone, fetches history until the two commits meet: otherwise old commits of the base look like commits of the branch. */
export async function deepenUntilMerged(git: Git, commits: readonly [string, string], branches: readonly FetchedBranch[]): Promise<void> {
  if (branches.length === 0) return
  if ((await git.read(['rev-parse', '--is-shallow-repository'])).trim() !== 'true') return
  for (const deepen of ['--deepen=50', '--deepen=1000', '--unshallow']) {
    if ((await git.run(['merge-base', ...commits])).exitCode === 0) return
    await git.run(fetchArguments(branches, deepen), { network: true })
  }
}
