import { RerootError } from '../base/index.ts'
import { parseConfig } from '../mesh/index.ts'
import type { Config } from '../mesh/index.ts'
import { branchPrefixFor, layoutOf } from '../plan/index.ts'
import type { Files, Worktree } from '../ports.ts'
import type { Context } from './context.ts'

/** Where a command reads from, and what its branches are based on. */
export interface Base {
  /** `null`: the clone has no remote, and nothing will be pushed. */
  readonly remote: string | null
  readonly branch: string
  readonly commit: string
}

export interface BaseOptions {
  /** reroot's directory in the repository. */
  readonly directory: string
  readonly push: boolean
  /** Another `reroot.yaml` (`--config`). */
  readonly config: Uint8Array | null
}

/**
 * Fetches the branch that the controllers read. Everything is read from it and based on it, whatever the user's checkout looks like.
 * @param checkout the user's checkout, only to learn which remote and branch `reroot.yaml` names.
 * @throws RerootError REFUSED without a remote, unless nothing is to be pushed; GIT_FAILED if the branch is not there.
 */
export async function fetchBase(context: Pick<Context, 'git' | 'terminal'>, checkout: Files, options: BaseOptions): Promise<Base> {
  const named = gitSection(options.config ?? checkout.read(layoutOf(options.directory).config), layoutOf(options.directory).config)
  const remotes = await context.git.remotes()
  const remote = named?.remote ?? (remotes.includes('origin') ? 'origin' : (remotes[0] ?? 'origin'))
  if (!remotes.includes(remote)) return localBase(context, named, { wanted: remote, remotes }, options.push)
  const branch = named?.branch ?? (await context.git.defaultBranch(remote)) ?? 'main'
  const commit = await context.git.fetch(remote, branch)
  if (commit !== null) return { remote, branch, commit }
  throw new RerootError('GIT_FAILED', `the remote ${remote} has no branch ${branch}`, {
    hint: 'push the branch that the cluster’s controller reads, or correct git.branch in reroot.yaml',
  })
}

async function localBase(
  context: Pick<Context, 'git' | 'terminal'>,
  named: Config['git'] | null,
  { wanted, remotes }: { readonly wanted: string; readonly remotes: readonly string[] },
  push: boolean,
): Promise<Base> {
  if (push) {
    throw new RerootError('REFUSED', `this clone has no remote ${wanted}`, {
      hint: 'add the remote, correct git.remote in reroot.yaml, or keep the branch here with --no-push',
    })
  }
  const branch = named?.branch ?? 'main'
  const commit = await context.git.resolve(`refs/heads/${branch}`)
  if (commit !== null) {
    // Without any remote the clone itself may be where all of it is.
    if (remotes.length > 0)
      context.terminal.say(
        `warning: this clone has no remote ${wanted}, as git.remote of reroot.yaml calls it, but ${remotes.join(', ')}: nothing was fetched, and its own branch ${branch} is read, which may be old (\`git remote rename\` gives a remote another name)`,
      )
    return { remote: null, branch, commit }
  }
  throw new RerootError('GIT_FAILED', `this clone has no branch ${branch}`, { hint: 'correct git.branch in reroot.yaml' })
}

/**
 * Refuses a base without `reroot.yaml`; if `init` is on its way, with that.
 * @throws RerootError CONFIG_INVALID.
 */
export async function refuseUninitialised(context: Pick<Context, 'git'>, base: Base, files: Files, directory: string): Promise<void> {
  const { config } = layoutOf(directory)
  if (files.read(config) !== null) return
  const branch = `${branchPrefixFor(directory)}init`
  const pushed = base.remote !== null && (await context.git.remoteBranches(base.remote, branch)).has(branch)
  const kept = !pushed && (await context.git.resolve(`refs/heads/${branch}`)) !== null
  const where = `${base.remote === null ? '' : `${base.remote}/`}${base.branch}`
  throw new RerootError('CONFIG_INVALID', `there is no ${config} on ${where}, the branch that the controllers read`, {
    hint: pushed
      ? `\`reroot init\` has pushed ${branch}: open its pull request into ${base.branch}, and merge it first`
      : kept
        ? `\`reroot init --no-push\` has kept ${branch} in this clone: push it, and merge it into ${base.branch} first`
        : 'run `reroot init` and merge its pull request; or name reroot’s directory with --directory',
  })
}

/** @returns `null` if there is no readable `reroot.yaml`: the base's own is read, and judged, later. */
function gitSection(bytes: Uint8Array | null, file: string): Config['git'] | null {
  if (bytes === null) return null
  try {
    return parseConfig(bytes, file).git
  } catch (error) {
    if (error instanceof RerootError) return null
    throw error
  }
}

/** Says so if the checkout's `reroot.yaml` is not the one that is followed. */
export function sayIfConfigDiffers(context: Pick<Context, 'terminal'>, checkout: Files, base: Worktree, directory: string): void {
  const { config } = layoutOf(directory)
  const [mine, theirs] = [checkout.read(config), base.files.read(config)]
  if (mine === null || theirs === null || Buffer.compare(mine, theirs) === 0) return
  context.terminal.say(
    `note: ${config} in your checkout differs from the branch; the branch's is followed (--config ${config} takes yours, and commits it)`,
  )
}

/** Files that `.gitignore` would leave out are committed all the same: the controllers need them. */
export async function sayIfIgnored(context: Pick<Context, 'terminal'>, worktree: Worktree, paths: readonly string[]): Promise<void> {
  // What git tracks it does not ignore.
  const ignored = await worktree.ignored(paths.filter((path) => worktree.files.read(path) === null))
  if (ignored.length > 0) context.terminal.say(`note: ignore rules would leave out ${ignored.join(', ')}; committed all the same`)
}
