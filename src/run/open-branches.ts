import { parseId, unfinishedStep } from '../rotation/index.ts'
import type { Decision, RestartId, Step } from '../rotation/index.ts'
import type { Base } from './base.ts'
import type { Context } from './context.ts'
import type { Loaded } from './load.ts'
import { stepFacts } from './step-facts.ts'

/** reroot's branches on the remote that are not merged. */
export async function openBranches(context: Context, loaded: Loaded, remote: string, base: string): Promise<readonly string[]> {
  const { branchPrefix } = loaded.config.git
  const branches = await context.git.remoteBranches(remote, branchPrefix)
  // A squash or a rebase leaves the branch's own commits out of the history; the record knows better.
  const ids = loaded.clusters.flatMap((cluster) => cluster.record.transitions.map((transition) => transition.id))
  const merged = new Set(['init', ...ids].map((id) => `${branchPrefix}${id}`))
  const unfinished = unfinishedStep(stepFacts(loaded))?.id
  const open: string[] = []
  for (const branch of [...branches.keys()].toSorted()) {
    const id = idOf(loaded, branch)
    if (merged.has(branch) || (id !== null && id !== unfinished && ids.includes(id))) continue
    const commit = await context.git.fetch(remote, branch)
    if (commit !== null && (await context.git.commitsSince(base, commit)).length > 0) open.push(branch)
  }
  return open
}

/** The step that a branch of reroot's belongs to; `null` for all others. */
export function stepOfBranch(loaded: Loaded, branch: string): Step | null {
  const id = idOf(loaded, branch)
  return id === null ? null : (parseId(id)?.step ?? null)
}

/** `mesh-ca/g2-staged` is the first part of a step, `mesh-ca/g2-staged-2-restarts` a later one. */
function idOf(loaded: Loaded, branch: string): RestartId | null {
  const [, id = ''] = /^(g\d+-[a-z]+(?:\.\d+)?)(?:-\d+-.+)?$/.exec(branch.slice(loaded.config.git.branchPrefix.length)) ?? []
  return parseId(id) === null ? null : id
}

/** Branches of other steps were made for where the mesh was before: merged beside this step, they would lead it elsewhere. */
export async function sayOpenBranches(context: Context, loaded: Loaded, base: Base, { id: own }: Decision): Promise<void> {
  if (base.remote === null) return
  for (const branch of await openBranches(context, loaded, base.remote, base.commit)) {
    const id = idOf(loaded, branch)
    if (id === null || id === own) continue
    context.terminal.say(
      `warning: ${branch} is not merged, and was made for another step: close its pull request and delete the branch before ${own} is merged`,
    )
  }
}
