import { printable } from './git-failure.ts'
import type { Git } from './git-process.ts'
import type { Commit, LineChange } from '../ports.ts'

/** A partial clone asks its remote for what it lacks. */
const mayFetch = { network: true } as const

/** Commits that `head` has and `base` has not, newest first. */
export async function commitsBetween(git: Git, base: string, head: string): Promise<readonly Commit[]> {
  const format = '%H%n%s%n%(trailers:only=true,unfold=true)'
  const output = await git.read(
    [
      '-c',
      'trailer.separators=:',
      '-c',
      'i18n.logOutputEncoding=utf-8',
      'log',
      '-z',
      '--no-color',
      `--format=${format}`,
      `${base}..${head}`,
    ],
    mayFetch,
  )
  return output
    .split('\0')
    .filter((entry) => entry !== '')
    .map(parseCommit)
}

/** Makes a shallow clone whole. */
export async function completeHistory(git: Git, branch: FetchedBranch): Promise<void> {
  // Asked anew: what was fetched since may have made it whole, and git does not do that twice.
  if ((await git.read(['rev-parse', '--is-shallow-repository'])).trim() !== 'true') return
  await git.read(fetchArguments([branch], '--unshallow'), { network: true })
}

/** See `GitRepository.pathsEver`. */
export async function pathsEver(git: Git, commit: string, folder: string): Promise<readonly string[]> {
  const output = await git.read(
    ['log', '-z', '--no-color', '--no-renames', ...everyParent, '--format=', '--name-only', '--diff-filter=A', commit, '--', folder],
    mayFetch,
  )
  return [...new Set(output.split('\0').map((path) => path.trim()))].filter((path) => path !== '').toSorted()
}

/** See `GitRepository.hasHeld`. What `head` has removed is left out of account. */
export async function hasHeld(git: Git, base: string, head: string): Promise<boolean> {
  const parted = await git.run(['merge-base', base, head])
  if (parted.exitCode !== 0) return false
  const from = parted.stdout.trim()
  const raw = ['--raw', '-z', '--no-abbrev', '--no-renames']
  const changed = rawEntries(await git.read(['diff-tree', '-r', ...raw, from, head], mayFetch))
  if (changed.length === 0) return true
  // One of the parents alone would not show what the merge of the other brought, whatever log.diffMerges says.
  const everyMerge = ['-c', 'log.diffMerges=separate', 'log', '-m', ...everyParent, '--format=']
  for (const some of batchesOf(changed)) {
    const literal = some.map(({ path }) => `:(literal)${path}`)
    const held = rawEntries(await git.read([...everyMerge, ...raw, `${from}..${base}`, '--', ...literal], mayFetch))
    const known = new Set(held.map(({ path, blob }) => `${blob} ${path}`))
    if (!some.every(({ path, blob }) => known.has(`${blob} ${path}`))) return false
  }
  return true
}

// `git log` takes paths from nowhere but its arguments, and no system takes those of a whole repository: macOS a megabyte, in bytes.
const longestArguments = 100_000

function batchesOf<Entry extends { readonly path: string }>(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const batches: Entry[][] = []
  let length = Infinity
  for (const entry of entries) {
    length += entry.path.length + 20
    if (length > longestArguments) {
      batches.push([])
      length = entry.path.length + 20
    }
    batches.at(-1)?.push(entry)
  }
  return batches
}

/** Of `:100644 100644 <blob> <blob> M`, NUL, path: what each path has become; removals are none. */
function rawEntries(output: string): readonly { readonly blob: string; readonly path: string }[] {
  return [...output.matchAll(/:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) [AMT]\u0000([^\u0000]*)/g)].map(([, blob = '', path = '']) => ({ blob, path }))
}

/** See `GitRepository.lineChanges`. */
export async function lineChanges(git: Git, commit: string, paths: readonly string[]): Promise<readonly LineChange[]> {
  if (paths.length === 0) return []
  const output = await git.read(
    [
      ...[
        '-c',
        'log.diffMerges=off',
        '-c',
        'log.follow=false',
        'log',
        '--reverse',
        '--topo-order',
        '--no-color',
        '--no-renames',
        ...everyParent,
      ],
      ...[
        '--no-ext-diff',
        '--no-textconv',
        '--text',
        '--format=%x01%cI',
        '--src-prefix=a/',
        '--dst-prefix=b/',
        '--unified=0',
        '-p',
        commit,
        '--',
      ],
      ...paths.map((path) => `:(literal)${path}`),
    ],
    mayFetch,
  )
  return output.split(/^\u0001/m).flatMap((commit): readonly LineChange[] => {
    const [head = '', ...files] = commit.split(/^diff --git /m)
    const at = new Date(head.trim())
    return files.flatMap((text) => changeOf(text, paths, at))
  })
}

function changeOf(text: string, paths: readonly string[], at: Date): readonly LineChange[] {
  const [, ...hunks] = text.split(/^@@ .*\n/m)
  const path = paths.find((one) => text.startsWith(`a/${one} b/${one}\n`))
  if (path === undefined) return []
  const lines = hunks.flatMap((hunk) => hunk.split('\n'))
  const starting = (mark: string): readonly string[] => lines.flatMap((line) => (line.startsWith(mark) ? [line.slice(1)] : []))
  return [{ at, path, added: starting('+'), removed: starting('-') }]
}

/** Otherwise git follows one parent of a merge whose sides agree: what came and went again on the other side would be hidden. */
const everyParent = ['--full-history'] as const

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

/** Fetches branches of one remote into their remote-tracking refs, and nothing else: no tags, no other refs, no FETCH_HEAD, no local branch. */
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
  for (const deepen of ['--deepen=50', '--deepen=1000', '--unshallow']) {
    if ((await git.run(['merge-base', ...commits])).exitCode === 0) return
    await git.run(fetchArguments(branches, deepen), { network: true })
  }
}
