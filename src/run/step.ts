import { setImmediate } from 'node:timers/promises'
import { allDone, RerootError, togetherForClusters } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import { branchName, freezeRestarts, missingShellImage, secretSite, waysPast, withoutVanished } from '../plan/index.ts'
import type { ChangeSet } from '../plan/index.ts'
import type { Files, Worktree } from '../ports.ts'
import { commandOf, decide, hasBarrier, lastTransition, stateOf, unfinishedStep, wayBackFrom } from '../rotation/index.ts'
import type { Decision, Step, Testimony } from '../rotation/index.ts'
import { fetchBase, refuseUninitialised, sayIfConfigDiffers } from './base.ts'
import type { Base } from './base.ts'
import { differing, refuseSecrets } from './changes.ts'
import { preloadCharts } from './charts.ts'
import { compose } from './compose.ts'
import type { ClusterStep } from './compose.ts'
import type { Context } from './context.ts'
import { load } from './load.ts'
import type { Loaded } from './load.ts'
import { readBranches, sayOpenBranches } from './open-branches.ts'
import type { Branches } from './open-branches.ts'
import { checkGateTimes, checkTestimony, refuseOtherBranch, sayIfClockIsOff, sayIfNotRecorded, sayIfOwnersAreLeft } from './step-checks.ts'
import { decisionFacts, discoveredFacts, pastIn, readPasts, usedGenerations } from './step-facts.ts'
import type { Pasts } from './step-facts.ts'
import { discoverAll, discoveryOf, examine } from './step-findings.ts'
import type { Discoveries } from './step-findings.ts'
import { sayDryMade, sayMade } from './material.ts'
import { materialFor, verifyKept } from './step-material.ts'
import { describe, goneSince, send, tell } from './step-requests.ts'
import type { PreparedChange } from './step-requests.ts'

export interface StepOptions {
  readonly directory: string
  /** Another `reroot.yaml`, which is committed with the change. */
  readonly config: Uint8Array | null
  readonly testimony: Testimony
  /** The reason to override the barrier. */
  readonly force: string | null
  readonly reissue: boolean
  readonly stack: boolean
  readonly push: boolean
  readonly dryRun: boolean
}

export interface StepResult {
  readonly decision: Decision
  readonly base: Base
  /** What is not merged yet; empty: nothing is left to do. */
  readonly changes: readonly PreparedChange[]
  readonly findings: readonly Finding[]
}

/**
 * Takes a step: reads the branch that the controllers read, decides, makes or copies what is sealed, composes the change sets, and
 * pushes the first (`stack`: all) that is not merged yet.
 * @param choose the step; for `rollback` it depends on the phase, and on what owners have yet to restart.
 * @throws RerootError with everything that stands against it. Then nothing was written.
 */
export async function takeStep(
  context: Context,
  checkout: Files,
  choose: (loaded: Loaded, discover: () => Discoveries) => Step,
  options: StepOptions,
): Promise<StepResult> {
  void preloadCharts()
  const base = await fetchBase(context, checkout, options)
  const worktree = await context.git.openWorktree(base.commit)
  try {
    if (options.config === null) sayIfConfigDiffers(context, checkout, worktree, options.directory)
    if (options.config === null) await refuseUninitialised(context, base, worktree.files, options.directory)
    const loaded = load(worktree.files, options.directory, options.config)
    refuseOtherBranch(loaded, base)
    checkTestimony(loaded, options.testimony, context.clock.now())
    if (!options.dryRun) worktree.checkOut()
    let found: Discoveries | undefined
    const discover = (): Discoveries => (found ??= discoverAll(loaded))
    const step = choose(loaded, discover)
    const { discoveries, pasts, used, branches } = await readSurroundings(context, loaded, base, step, discover)
    checkGateTimes(loaded, options.testimony, pasts)
    const facts = decisionFacts(loaded, discoveries, context, used, pasts)
    const decision = decide(step, facts, options.testimony, options.force, options.reissue)
    sayIfOwnersAreLeft(context, decision, facts.clusters)
    sayIfNotRecorded(context, decision, options.testimony, options.force)
    await sayOpenBranches(context, loaded, base, branches, decision)
    const { steps, findings } = planClusters(loaded, discoveries, decision, pasts)
    refuseErrors(step, findings)

    const first = branchName(loaded.config.git, decision.id, 1, '')
    if (step === 'stage' || step === 'replace') await sayIfClockIsOff(context, base)
    // Keys that are told and never used would confuse people: a disk without room is told first.
    if (!options.dryRun) await worktree.folder()
    const { material, seen } = await materialFor(context, worktree, loaded, decision, base, { name: first, branches }, options)
    const composition = await compose(loaded, decision, steps, material)
    if (material?.isNew !== true) await verifyKept(context, loaded, decision, composition, material)
    const pending = unmerged(withConfig(composition.changeSets, loaded, options.config), worktree)
    for (const set of pending) refuseSecrets(set.write)
    const story = tell(loaded, decision, steps, composition, findings, material !== null)
    const gone = goneSince(decision, steps)
    if (gone.length > 0 && pending.length > 0)
      context.terminal.say(`gone since ${decision.id} was merged, and taken out of its list: ${gone.join(', ')}`)
    const requests = pending.map((set) => describe(loaded, story, set, composition.changeSets, gone))
    if (options.dryRun && material?.isNew === true) sayDryMade(material, context)
    if (options.dryRun || pending.length === 0) {
      return {
        decision,
        base,
        findings,
        changes: pending.map((set, index) => ({ request: requests[index] ?? never(), set, commit: null, pushed: false, unchanged: false })),
      }
    }
    // Before: what the remote has taken stays, however the run ends.
    if (material?.isNew === true) sayMade(material, context)
    const changes = await send(context, worktree, base, pending, requests, decision, { ...options, gone, seen })
    return { decision, base, findings, changes }
  } finally {
    await worktree.dispose()
  }
}

interface Surroundings {
  readonly discoveries: Discoveries
  readonly pasts: Pasts
  /** Generations that the history shows. */
  readonly used: readonly string[]
  readonly branches: Branches
}

/** What the repository, its history and its remote tell: git answers while the repository is read. */
async function readSurroundings(
  context: Context,
  loaded: Loaded,
  base: Base,
  step: Step,
  discover: () => Discoveries,
): Promise<Surroundings> {
  const read = async (): Promise<Discoveries> => {
    // First the programs are started: what follows keeps the processor.
    await setImmediate()
    return discover()
  }
  const [pasts, used, branches, discoveries] = await allDone([
    readPasts(context, loaded, base),
    usedGenerations(context, loaded, base, step),
    readBranches(context, loaded, base),
    read(),
  ])
  return { pasts, used, branches, discoveries }
}

/** Examines every cluster and freezes what the step restarts there; a list that is merged already stays as it is. */
function planClusters(
  loaded: Loaded,
  discoveries: Discoveries,
  decision: Decision,
  pasts: Pasts,
): { readonly steps: readonly ClusterStep[]; readonly findings: readonly Finding[] } {
  const moving = decision.moves.map((move) => {
    const cluster = loaded.clusters.find((one) => one.config.name === move.cluster) ?? never()
    const before = move.merged
      ? { ...cluster.record, transitions: cluster.record.transitions.slice(0, -1), phase: move.from, state: stateOf(move.from) }
      : cluster.record
    const past = pastIn(pasts, cluster.config.name)
    return { move, cluster, before, past, barrier: hasBarrier(decision.step, { record: before, ...past }) }
  })
  const { chosen, findings } = examine(
    loaded,
    discoveries,
    decision.step,
    moving.map(({ cluster }) => cluster),
    moving.some(({ barrier }) => barrier),
  )
  const steps = moving.map(({ move, cluster, before, past, barrier }): ClusterStep => {
    const discovery = discoveryOf(cluster, discoveries)
    const restarting = chosen.get(cluster) ?? never()
    const frozen = cluster.restarts?.id === decision.id ? withoutVanished(cluster.restarts, discovery) : null
    const restarts =
      frozen ??
      freezeRestarts({
        id: decision.id,
        step: decision.step,
        config: loaded.config,
        record: before,
        ...past,
        before: cluster.restarts,
        discovery,
        restarts: restarting,
      })
    const secretOwner = secretSite(cluster.config, discovery)?.controller ?? null
    return { cluster, move, restarts, chosen: restarting, secretOwner, outside: discovery.outside, hasBarrier: barrier }
  })
  return { steps, findings: [...findings, ...shellImages(loaded, steps)] }
}

/** The list, and the entry gate, were made when the configuration may have been another. */
function shellImages({ config }: Loaded, steps: readonly ClusterStep[]): readonly Finding[] {
  if (config.restarts.namespaces.length > 0) return []
  return steps.flatMap(({ cluster, restarts }) => {
    const waves = [...restarts.waves, ...(restarts.entry?.waves ?? [])]
    return missingShellImage(config, cluster.config.name, [...new Set(waves.flatMap(({ namespaces }) => namespaces))])
  })
}

function refuseErrors(step: Step, findings: readonly Finding[]): void {
  const errors = findings.filter((finding) => finding.severity === 'error')
  if (errors.length === 0) return
  const count = togetherForClusters(errors).length
  throw new RerootError('REFUSED', `${step} is blocked by ${count === 1 ? 'a finding' : `${count} findings`}, and nothing was written`, {
    hint: waysPast(errors),
    findings: errors,
  })
}

/** Drops what the base holds already; a change set of which nothing is left is merged. What an earlier one writes can be removed by a later one. */
function unmerged(sets: readonly ChangeSet[], worktree: Worktree): readonly ChangeSet[] {
  return sets
    .map((set, index): ChangeSet => {
      const write = differing(set.write, worktree.files)
      const written = (path: string): boolean => sets.slice(0, index).some((earlier) => earlier.write.has(path))
      return { ...set, write, remove: set.remove.filter((path) => worktree.files.read(path) !== null || written(path)) }
    })
    .filter((set) => set.write.size + set.remove.length > 0)
}

function withConfig(sets: readonly ChangeSet[], loaded: Loaded, config: Uint8Array | null): readonly ChangeSet[] {
  const [first, ...rest] = sets
  if (config === null || first === undefined) return sets
  return [{ ...first, write: new Map([...first.write, [loaded.layout.config, config]]) }, ...rest]
}

/** The step that `rollback` takes from here. @throws RerootError REFUSED if there is nothing to go back from. */
export function rollbackStep(loaded: Loaded, discover: () => Discoveries): Step {
  const unfinished = unfinishedStep(discoveredFacts(loaded, discover(), new Map()))
  if (unfinished !== null && commandOf(unfinished.step) === 'rollback') return unfinished.step
  const back = unfinished === null ? null : wayBackFrom(unfinished.step)
  if (back !== null) return back
  const phases = new Set(loaded.clusters.map((cluster) => cluster.record.phase.phase))
  if (phases.has('promoted')) return 'demote'
  if (phases.has('staged')) return 'abandon'
  if (loaded.clusters.every((cluster) => lastTransition(cluster.record)?.step === 'retire')) return 'restore'
  throw new RerootError('REFUSED', 'there is nothing to roll back: the mesh is steady', {
    hint: 'to undo a pull request that is not merged yet, close it and delete its branch',
  })
}

function never(): never {
  throw new TypeError('a part of the step was lost')
}
