import { RerootError } from '../base/index.ts'
import type { Worktree } from '../ports.ts'
import type { Decision } from '../rotation/index.ts'
import type { Base } from './base.ts'
import type { Context } from './context.ts'
import { inspectBranch } from './deliver.ts'
import type { Loaded } from './load.ts'
import { makeMaterial } from './material.ts'
import type { Material } from './material.ts'
import { reuseMaterial } from './reuse.ts'
import { openSealer } from './sealer.ts'

/** Only `stage` and `replace` need keys, and only once: what a run before has made is taken up again. */
export async function materialFor(
  context: Context,
  worktree: Worktree,
  loaded: Loaded,
  decision: Decision,
  base: Base,
  branch: string,
  options: { readonly reissue: boolean },
): Promise<Material | null> {
  if (decision.step !== 'stage' && decision.step !== 'replace') return null
  if (decision.moves.some((move) => move.merged)) {
    if (options.reissue)
      throw new RerootError('REFUSED', `${decision.id} is merged: its certificates cannot be made again`, {
        hint: 'leave --reissue out; to start over, run `reroot rollback` first',
      })
    return decision.moves.every((move) => move.merged)
      ? null
      : reuseMaterial(loaded, decision, loaded.files, 'the branch that the controllers read')
  }
  const existing = await existingBranch(context, base, branch)
  if (existing !== null && !options.reissue) {
    const earlier = await context.git.openWorktree(existing)
    try {
      context.terminal.say(`taking up ${branch} again: its certificates and sealed files are kept (--reissue makes new ones)`)
      return reuseMaterial(loaded, decision, earlier.files, branch)
    } finally {
      await earlier.dispose()
    }
  }
  return makeMaterial(loaded, decision, openSealer(loaded.files, worktree.directory, context), context)
}

async function existingBranch(context: Context, base: Base, branch: string): Promise<string | null> {
  if (base.remote === null) return context.git.resolve(`refs/heads/${branch}`)
  const remote = await inspectBranch(context.git, base.remote, branch, base.commit)
  return remote?.commit ?? context.git.resolve(`refs/heads/${branch}`)
}
