import { allDone } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import type { Certificate } from '../pki/index.ts'
import type { Files } from '../ports.ts'
import {
  commandOf,
  describePhase,
  generationIn,
  hasBarrier,
  judgeStep,
  lastTransition,
  momentText,
  trustedGenerations,
  unfinishedStep,
  wayBackFrom,
} from '../rotation/index.ts'
import type { Phase, Step, StepFacts, Unfinished } from '../rotation/index.ts'
import { fetchBase, refuseUninitialised } from './base.ts'
import type { Context } from './context.ts'
import { load } from './load.ts'
import type { Loaded, LoadedCluster } from './load.ts'
import { isAhead, openBranches, readBranches, stepOfBranch } from './open-branches.ts'
import type { OpenBranch, Taken } from './open-branches.ts'
import { discoveredFacts, readPasts } from './step-facts.ts'
import type { Pasts } from './step-facts.ts'
import { discoverAll, examine } from './step-findings.ts'
import type { Discoveries } from './step-findings.ts'

export interface StatusOptions {
  readonly directory: string
  /** Read the checkout as it is, and ask no remote. */
  readonly offline: boolean
}

/** What expires, and when. */
export interface Expiry {
  readonly what: string
  readonly notAfter: string
  readonly daysLeft: number
}

export interface ClusterStatus {
  readonly cluster: string
  readonly phase: Phase['phase']
  readonly state: string
  readonly description: string
  readonly signer: string
  readonly trusted: readonly string[]
  readonly lastStep: string | null
  /** Of the signer and of every trusted root, extra roots included; the first to expire comes first. */
  readonly expiries: readonly Expiry[]
  /** Something of the cluster's own CA ends soon; extra roots are other people's. */
  readonly renewDue: boolean
}

export interface NextStep {
  readonly step: Step
  /** Evidence that is lacking. */
  readonly needs: readonly string[]
  /** Findings of severity error: they would refuse the step. */
  readonly findings: readonly Finding[]
  /** Its branch, if it is pushed already: the command takes it up again. */
  readonly branch: string | null
  /** Why the command would not take that branch up, and stop. If it is `null`, and `needs` and `findings` are empty, the step can be planned now. */
  readonly branchTaken: Taken | null
  /** The clusters that it takes back, where the others stay as they are. */
  readonly clusters?: readonly string[]
}

/** A step that is merged in part, and how it goes on. */
export interface UnfinishedStatus extends Unfinished {
  /** What prepares the next part: `stage`, `rollback` … */
  readonly command: string
  /** The branch of the next part, if it is pushed already. */
  readonly branch: string | null
}

export interface Status {
  readonly mesh: string
  readonly readFrom: string
  readonly clusters: readonly ClusterStatus[]
  /** It comes before everything in `next`. */
  readonly unfinished: UnfinishedStatus | null
  readonly next: readonly NextStep[]
  /** reroot's branches on the remote that are not merged; `null` when no remote was asked. */
  readonly branches: readonly string[] | null
}

/** Says where every cluster stands and what the next step needs, without looking at a cluster and without a key. */
export async function status(context: Context, checkout: Files, options: StatusOptions): Promise<Status> {
  if (options.offline) {
    const loaded = load(checkout, options.directory)
    return { ...report(loaded, context.clock.now(), [], new Map()), readFrom: 'the checkout', branches: null }
  }
  const base = await fetchBase(context, checkout, { directory: options.directory, push: false, config: null })
  const worktree = await context.git.openWorktree(base.commit)
  try {
    await refuseUninitialised(context, base, worktree.files, options.directory)
    const loaded = load(worktree.files, options.directory)
    const [remote, pasts] = await allDone([readBranches(context, loaded, base), readPasts(context, loaded, base)])
    const open = remote === null ? null : await openBranches(context, loaded, base, remote)
    return {
      ...report(loaded, context.clock.now(), open ?? [], pasts),
      readFrom: `${base.remote === null ? '' : `${base.remote}/`}${base.branch} at ${base.commit.slice(0, 10)}`,
      branches: open?.map(({ name }) => name) ?? null,
    }
  } finally {
    await worktree.dispose()
  }
}

function report(
  loaded: Loaded,
  now: Date,
  open: readonly OpenBranch[],
  pasts: Pasts,
): Pick<Status, 'mesh' | 'clusters' | 'unfinished' | 'next'> {
  const discoveries = discoverAll(loaded)
  const facts = discoveredFacts(loaded, discoveries, pasts)
  const unfinished = unfinishedStep(facts)
  return {
    mesh: loaded.mesh.mesh,
    clusters: loaded.clusters.map((cluster) => clusterStatus(loaded, cluster, now)),
    unfinished: unfinished === null ? null : withBranch(unfinished, loaded, open),
    next: nextSteps(loaded, now, unfinished, open, discoveries, facts),
  }
}

function withBranch(unfinished: Unfinished, loaded: Loaded, open: readonly OpenBranch[]): UnfinishedStatus {
  const first = `${loaded.config.git.branchPrefix}${unfinished.id}`
  const branch = open.find(({ name, taken }) => taken !== 'another-mesh' && name.startsWith(`${first}-`))?.name ?? null
  return { ...unfinished, command: commandOf(unfinished.step), branch }
}

function clusterStatus(loaded: Loaded, { config, record }: LoadedCluster, now: Date): ClusterStatus {
  const trusted = trustedGenerations(record.phase)
  const expiry = (what: string, { notAfter }: Certificate): Expiry => ({
    what,
    notAfter: momentText(notAfter),
    daysLeft: Math.floor((notAfter.getTime() - now.getTime()) / 86_400_000),
  })
  const own = [
    ...record.intermediates
      .filter((one) => one.state === 'active')
      .map((one) => expiry(`intermediate under ${one.generation}`, one.certificate)),
    ...trusted.map((id) => expiry(`root ${id}`, generationIn(loaded.mesh, id).certificate)),
  ]
  const extra = loaded.extraRoots.map((certificate) => expiry(`extra root ${certificate.subject}`, certificate))
  return {
    cluster: config.name,
    phase: record.phase.phase,
    state: record.state,
    description: describePhase(record.phase),
    signer: record.phase.signer,
    trusted,
    lastStep: lastTransition(record)?.id ?? null,
    expiries: [...own, ...extra].toSorted((one, other) => one.daysLeft - other.daysLeft),
    renewDue: own.some(({ daysLeft }) => daysLeft <= loaded.config.pki.renewBeforeDays),
  }
}

/** Steps that lead on or back from a phase, as far as the sealed states that they copy are there. */
function possibleSteps(loaded: Loaded, { layout, record }: LoadedCluster): readonly Step[] {
  const { phase } = record
  const has = (state: string): boolean => loaded.files.read(layout.prepared(state)) !== null
  switch (phase.phase) {
    case 'steady':
      return lastTransition(record)?.step === 'retire' && has(`${phase.signer}-promoted`) ? ['stage', 'restore'] : ['stage']
    case 'staged':
      return ['promote', 'abandon']
    case 'promoted':
      return has(`${phase.signer}-staged`) ? ['retire', 'demote'] : ['retire']
    default:
      return phase satisfies never
  }
}

/** The steps that are legal now, and what stands against each if it were planned without a person's word. None leads on before the last one is whole. */
function nextSteps(
  loaded: Loaded,
  now: Date,
  unfinished: Unfinished | null,
  open: readonly OpenBranch[],
  discoveries: Discoveries,
  facts: readonly StepFacts[],
): readonly NextStep[] {
  const add = (step: Step, needs: readonly string[], clusters: readonly LoadedCluster[]): NextStep => {
    const prepared = open.find(({ name }) => stepOfBranch(loaded, name) === step && isAhead(loaded, name))
    return {
      step,
      needs,
      findings: errorsOf(loaded, discoveries, step, clusters, facts),
      branch: prepared?.name ?? null,
      branchTaken: prepared?.taken ?? null,
      ...(clusters.length === loaded.clusters.length ? {} : { clusters: clusters.map(({ config }) => config.name) }),
    }
  }
  if (unfinished?.lacks === 'step') {
    const ahead = loaded.clusters.filter(({ record }) => lastTransition(record)?.id === unfinished.id)
    const back = wayBackFrom(unfinished.step)
    return back === null || !commonSteps(loaded, ahead).includes(back) ? [] : [add(back, [], ahead)]
  }
  if (new Set(facts.map(({ record }) => record.state)).size > 1) return []
  return (
    commonSteps(loaded, loaded.clusters)
      // What owners have yet to restart holds no step: evidence is asked for.
      .filter((step) => unfinished === null || unfinished.lacks === 'owners' || facts.every((cluster) => !hasBarrier(step, cluster)))
      .map((step) => add(step, lacksOf(step, facts, loaded, now), loaded.clusters))
  )
}

function lacksOf(step: Step, facts: readonly StepFacts[], loaded: Loaded, now: Date): readonly string[] {
  if (!facts.some((cluster) => hasBarrier(step, cluster))) return []
  return facts.flatMap((cluster) =>
    judgeStep(cluster, facts.length === 1, loaded.config.pki.workloadCertificateHours, now).map(
      (lack) => `${cluster.record.cluster}: ${lack}`,
    ),
  )
}

function errorsOf(
  loaded: Loaded,
  discoveries: Discoveries,
  step: Step,
  clusters: readonly LoadedCluster[],
  facts: readonly StepFacts[],
): readonly Finding[] {
  const moving = facts.filter(({ record }) => clusters.some((cluster) => cluster.record === record))
  const waits = moving.some((cluster) => hasBarrier(step, cluster))
  return examine(loaded, discoveries, step, clusters, waits).findings.filter(({ severity }) => severity === 'error')
}

function commonSteps(loaded: Loaded, clusters: readonly LoadedCluster[]): readonly Step[] {
  const [first = [], ...others] = clusters.map((cluster) => possibleSteps(loaded, cluster))
  return first.filter((step) => others.every((possible) => possible.includes(step)))
}
