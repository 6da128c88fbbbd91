import type { Commit } from '../ports.ts'
import { parseId } from '../rotation/index.ts'
import type { Decision, RestartId, Step } from '../rotation/index.ts'
import type { Base } from './base.ts'
import type { Context } from './context.ts'
import { byOthers, otherMesh } from './deliver.ts'
import type { Loaded } from './load.ts'

/** reroot's branches on the remote, with their commits; `null` if the clone has no remote. */
export type Branches = ReadonlyMap<string, string> | null

export async function readBranches(context: Pick<Context, 'git'>, loaded: Loaded, { remote }: Pick<Base, 'remote'>): Promise<Branches> {
  return remote === null ? null : context.git.remoteBranches(remote, loaded.config.git.branchPrefix)
}

/** A branch that is not this mesh's alone: others have committed to it, or reroot made it for another mesh. */
export type Taken = 'commits-of-others' | 'another-mesh'

export interface OpenBranch {
  readonly name: string
  /** What would stop a command that takes it up; `null`: nothing. */
  readonly taken: Taken | null
}

/** Those of reroot's branches on the remote that are not merged. */
export async function openBranches(
  context: Pick<Context, 'git'>,
  loaded: Loaded,
  base: Base,
  branches: Branches,
): Promise<readonly OpenBranch[]> {
  const { branchPrefix } = loaded.config.git
  // A squash or a rebase leaves the branch's own commits out of the history; the record knows better.
  const ids = loaded.clusters.flatMap((cluster) => cluster.record.transitions.map((transition) => transition.id))
  const merged = new Set(['init', ...ids].map((id) => `${branchPrefix}${id}`))
  const open: OpenBranch[] = []
  for (const branch of [...(branches?.keys() ?? [])].toSorted()) {
    if (base.remote === null || merged.has(branch)) continue
    const commit = await context.git.fetch(base.remote, branch)
    const commits = commit === null ? [] : await context.git.commitsSince(base.commit, commit)
    if (commit === null || commits.length === 0) continue
    // Of a later part the record says nothing: after a way back it may still wait, though its step is long over.
    const id = idOf(loaded, branch)
    if (id !== null && ids.includes(id) && (await context.git.hasHeld(base.commit, commit))) continue
    open.push({ name: branch, taken: takenBy(commits, loaded.layout.directory) })
  }
  return open
}

function takenBy(commits: readonly Commit[], directory: string): Taken | null {
  if (otherMesh(commits, directory) !== null) return 'another-mesh'
  return byOthers(commits).length > 0 ? 'commits-of-others' : null
}

/** A branch that a command to prepare this step would take up again: not one that a step of before has left behind. */
export function isAhead(loaded: Loaded, branch: string): boolean {
  const id = idOf(loaded, branch)
  return id !== null && !loaded.clusters.some(({ record }) => record.transitions.some((transition) => transition.id === id))
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
export async function sayOpenBranches(
  context: Pick<Context, 'git' | 'terminal'>,
  loaded: Loaded,
  base: Base,
  branches: Branches,
  { id: own }: Decision,
): Promise<void> {
  for (const { name: branch, taken } of await openBranches(context, loaded, base, branches)) {
    const id = idOf(loaded, branch)
    if (id === null || id === own || taken === 'another-mesh') continue
    context.terminal.say(
      `warning: ${branch} is not merged, and was made for another step: close its pull request and delete the branch before ${own} is merged`,
    )
  }
}
