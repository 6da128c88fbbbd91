import type { Finding } from '../base/index.ts'
import { branchName, commitMessage, pullRequest, stepWords, vanishedFrom, vanishedRequest } from '../plan/index.ts'
import type { ChangeSet, PullRequest, Story } from '../plan/index.ts'
import type { Worktree } from '../ports.ts'
import type { Decision } from '../rotation/index.ts'
import { sayIfIgnored } from './base.ts'
import type { Base } from './base.ts'
import type { ClusterStep, Composition } from './compose.ts'
import type { Context } from './context.ts'
import { deliver, presentCommit } from './deliver.ts'
import type { Loaded } from './load.ts'

/** One pull request, and what became of its branch. */
export interface PreparedChange {
  readonly request: PullRequest
  readonly set: ChangeSet
  /** `null`: it waits until the one before is merged, or nothing was touched (`--dry-run`). */
  readonly commit: string | null
  readonly pushed: boolean
  /** The branch was there already, with the same content. */
  readonly unchanged: boolean
}

/** What the pull requests of a step have to say. */
export function tell(
  loaded: Loaded,
  decision: Decision,
  steps: readonly ClusterStep[],
  composition: Composition,
  findings: readonly Finding[],
  issued: boolean,
): Story {
  return {
    decision,
    config: loaded.config,
    directory: loaded.layout.directory,
    mesh: composition.mesh,
    extraRoots: loaded.extraRoots,
    findings,
    issued,
    clusters: steps.map(({ cluster, move, restarts, chosen, secretOwner, outside, hasBarrier }) => ({
      name: cluster.config.name,
      move,
      restarts,
      record: composition.records.get(cluster.config.name) ?? never(),
      istioNamespace: cluster.config.istio.namespace,
      controller: cluster.config.controller,
      managed: cluster.config.cacerts.managed,
      secretOwner,
      outside,
      gaps: chosen.flatMap(({ workload, source }) => (source.gap === true ? [workload] : [])),
      hasBarrier,
      multiRoot: cluster.config.istio.multiRoot,
    })),
  }
}

/** What is gone since the whole step was merged; empty while a part of it is still to be merged. */
export function goneSince(decision: Decision, steps: readonly ClusterStep[]): readonly string[] {
  const whole = steps.every(({ cluster, move }) => move.merged && cluster.restarts?.id === decision.id)
  return whole
    ? [...new Set(steps.flatMap(({ cluster, restarts }) => (cluster.restarts === null ? [] : vanishedFrom(cluster.restarts, restarts))))]
    : []
}

/**
 * The pull request of one change set.
 * @param gone workloads that it takes out of the list of a step that is merged.
 */
export function describe(
  loaded: Loaded,
  story: Story,
  set: ChangeSet,
  all: readonly ChangeSet[],
  gone: readonly string[] = [],
): PullRequest {
  const { git } = loaded.config
  const before = all[set.position - 2]
  const previous = before === undefined ? null : branchName(git, story.decision.id, before.position, before.name)
  const request = pullRequest(story, set, branchName(git, story.decision.id, set.position, set.name), previous)
  return gone.length === 0 ? request : vanishedRequest(request, story.decision.id, gone, [...set.write.keys(), ...set.remove].toSorted())
}

/**
 * Pushes the first change set, or all of them stacked; the rest waits.
 * @param seen branches at the remote when the step's certificates were chosen: see `StepMaterial`.
 */
export async function send(
  context: Context,
  worktree: Worktree,
  base: Base,
  pending: readonly ChangeSet[],
  requests: readonly PullRequest[],
  decision: Decision,
  {
    directory,
    ...options
  }: {
    readonly directory: string
    readonly stack: boolean
    readonly push: boolean
    readonly gone: readonly string[]
    readonly seen: ReadonlyMap<string, string | null>
  },
): Promise<readonly PreparedChange[]> {
  const sent = options.stack ? pending.length : 1
  await sayIfIgnored(
    context,
    worktree,
    pending.slice(0, sent).flatMap((set) => [...set.write.keys()]),
  )
  const branches = requests.slice(0, sent).map(({ branch }) => branch)
  const existing = await presentBranches(context, base, branches, { ...options, directory })
  const delivered = await deliver({
    git: context.git,
    worktree,
    remote: base.remote,
    base: base.commit,
    push: options.push,
    existing,
    branches: pending.slice(0, sent).map((set, index) => {
      const request = requests[index] ?? never()
      return {
        name: request.branch,
        write: set.write,
        remove: set.remove,
        message: commitMessage(
          request,
          options.gone.length > 0 ? 'The step itself is merged; a gate would wait for these for ever.' : stepWords[decision.step].short,
        ),
        id: decision.id,
      }
    }),
  })
  return pending.map((set, index) => {
    const done = delivered[index]
    return {
      request: requests[index] ?? never(),
      set,
      commit: done?.commit ?? null,
      pushed: done?.pushed ?? false,
      unchanged: done?.unchanged ?? false,
    }
  })
}

/** What each branch is now where it will go. The remote's branch that certificates were chosen by is what it was then. */
async function presentBranches(
  context: Context,
  base: Base,
  branches: readonly string[],
  { directory, push, seen }: { readonly directory: string; readonly push: boolean; readonly seen: ReadonlyMap<string, string | null> },
): Promise<ReadonlyMap<string, string | null>> {
  const present = new Map<string, string | null>()
  for (const branch of branches) {
    const known = push && base.remote !== null ? seen.get(branch) : undefined
    present.set(branch, known === undefined ? await presentCommit(context.git, base, branch, push, directory) : known)
  }
  return present
}

function never(): never {
  throw new TypeError('a part of the step was lost')
}
