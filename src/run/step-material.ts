import { RerootError } from '../base/index.ts'
import type { Worktree } from '../ports.ts'
import { stateOf } from '../rotation/index.ts'
import type { Decision } from '../rotation/index.ts'
import { readSealed, sameRecipients } from '../seal/index.ts'
import type { Base } from './base.ts'
import type { Composition } from './compose.ts'
import type { Context } from './context.ts'
import { byOthers, inspectBranch, refuseOtherMesh } from './deliver.ts'
import type { Loaded } from './load.ts'
import { makeMaterial } from './material.ts'
import type { Material } from './material.ts'
import type { Branches } from './open-branches.ts'
import { reuseMaterial } from './reuse.ts'
import { verifySealedState } from './sealed-state.ts'
import { openSealer } from './sealer.ts'
import type { Sealer } from './sealer.ts'

/** What a step issues or takes up again. */
export interface StepMaterial {
  /** `null`: the step only copies. */
  readonly material: Material | null
  /**
   * The step's branch at the remote, and its commit (`null`: it was not there), when the certificates were chosen. Its push must find it
   * so: what somebody else has pushed since holds other certificates. Empty where no branch played a part.
   */
  readonly seen: ReadonlyMap<string, string | null>
}

const none: StepMaterial = { material: null, seen: new Map() }

/** Only `stage` and `replace` need keys, and only once: what a run before has made is taken up again. */
export async function materialFor(
  context: Context,
  worktree: Worktree,
  loaded: Loaded,
  decision: Decision,
  base: Base,
  { name: branch, branches }: { readonly name: string; readonly branches: Branches },
  options: { readonly reissue: boolean },
): Promise<StepMaterial> {
  if (decision.step !== 'stage' && decision.step !== 'replace') return none
  if (decision.moves.some((move) => move.merged)) {
    if (options.reissue)
      throw new RerootError('REFUSED', `${decision.id} is merged: its certificates cannot be made again`, {
        hint: 'leave --reissue out; to start over, run `reroot rollback` first',
      })
    if (decision.moves.every((move) => move.merged)) return none
    return { ...none, material: reuseMaterial(loaded, decision, loaded.files, 'the branch that the controllers read') }
  }
  const { existing, seen } = await existingBranch(context, base, branch, branches, loaded.layout.directory)
  if (existing !== null && !options.reissue) {
    const earlier = await context.git.openWorktree(existing)
    try {
      context.terminal.say(`taking up ${branch} again: its certificates and sealed files are kept (--reissue makes new ones)`)
      const material = reuseMaterial(loaded, decision, earlier.files, branch)
      refuseOtherRules(material, openSealer(loaded.files, worktree.folder, context), branch)
      return { material, seen }
    } finally {
      await earlier.dispose()
    }
  }
  const material = await makeMaterial(loaded, decision, openSealer(loaded.files, worktree.folder, context), context)
  return { material, seen }
}

/**
 * Sealed bytes that are taken up again must be for whom the rules name now: somebody may have been taken out since.
 * @throws RerootError SEAL_REFUSED.
 */
function refuseOtherRules(material: Material, sealer: Sealer, branch: string): void {
  for (const [path, bytes] of material.sealed) {
    const readers = readSealed(bytes, path)?.facts.recipients ?? []
    if (sameRecipients(sealer.rule(path).recipients, readers)) continue
    throw new RerootError('SEAL_REFUSED', `${path} on ${branch} is sealed for others than the rules of .sops.yaml name now`, {
      hint: 'make new certificates, sealed by the present rules, with --reissue; it replaces the branch',
    })
  }
}

/**
 * Sealed bytes that no run has just made go on without an identity; but where there is one, it is used to look inside.
 * @param material what was taken up again; `null`: the step copies what the base holds.
 * @throws RerootError REFUSED or SEAL_REFUSED if the state that the step brings is not what its record says.
 */
export async function verifyKept(
  context: Context,
  loaded: Loaded,
  decision: Decision,
  { records }: Composition,
  material: Material | null,
): Promise<void> {
  for (const move of decision.moves.filter((one) => !one.merged)) {
    const cluster = loaded.clusters.find((one) => one.config.name === move.cluster) ?? never()
    const record = records.get(move.cluster) ?? never()
    const file = cluster.layout.prepared(stateOf(move.to))
    const bytes = material?.sealed.get(file) ?? loaded.files.read(file) ?? never()
    const opened = await verifySealedState(bytes, file, record, context)
    if (!opened)
      context.terminal.say(
        `note: ${file} was not opened: no identity at hand. It was compared with the record by what it says in the clear`,
      )
  }
}

/** The step's branch at the remote; else one that a run with --no-push has left in this clone, if reroot alone made it. */
async function existingBranch(
  context: Context,
  base: Base,
  branch: string,
  branches: Branches,
  directory: string,
): Promise<{ readonly existing: string | null; readonly seen: StepMaterial['seen'] }> {
  const isThere = branches?.has(branch) === true
  const remote = base.remote === null || !isThere ? null : await inspectBranch(context.git, base.remote, branch, base.commit, directory)
  if (remote !== null) return { existing: remote.commit, seen: new Map([[branch, remote.commit]]) }
  const seen: StepMaterial['seen'] = base.remote === null ? none.seen : new Map([[branch, null]])
  const local = await context.git.resolve(`refs/heads/${branch}`)
  if (local === null) return { existing: null, seen }
  const commits = await context.git.commitsSince(base.commit, local)
  refuseOtherMesh(commits, `the branch ${branch} of this clone`, directory)
  if (byOthers(commits).length === 0) return { existing: local, seen }
  throw new RerootError('FOREIGN_COMMITS', `the branch ${branch} of this clone holds commits that reroot did not make`, {
    hint: `move them to another branch and delete it (git branch -D ${branch}), then run the command again`,
  })
}

function never(): never {
  throw new TypeError('a part of the step was lost')
}
