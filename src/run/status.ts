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
import type { Phase, Step, Unfinished } from '../rotation/index.ts'
import { fetchBase, refuseUninitialised } from './base.ts'
import type { Context } from './context.ts'
import { load } from './load.ts'
import type { Loaded, LoadedCluster } from './load.ts'
import { stepFacts } from './step-facts.ts'

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
  /** Of the signing chain and of every trusted root; the first to expire comes first. */
  readonly expiries: readonly Expiry[]
  readonly renewDue: boolean
}

export interface NextStep {
  readonly step: Step
  /** Empty: the step can be planned now. */
  readonly needs: readonly string[]
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
    return { ...report(loaded, context.clock.now(), []), readFrom: 'the checkout', branches: null }
  }
  const base = await fetchBase(context, checkout, { directory: options.directory, push: false, config: null })
  const worktree = await context.git.openWorktree(base.commit)
  try {
    await refuseUninitialised(context, base, worktree.files, options.directory)
    const loaded = load(worktree.files, options.directory)
    const branches = base.remote === null ? null : await openBranches(context, loaded, base.remote, base.commit)
    return {
      ...report(loaded, context.clock.now(), branches ?? []),
      readFrom: `${base.remote === null ? '' : `${base.remote}/`}${base.branch} at ${base.commit.slice(0, 10)}`,
      branches,
    }
  } finally {
    await worktree.dispose()
  }
}

async function openBranches(context: Context, loaded: Loaded, remote: string, base: string): Promise<readonly string[]> {
  const branches = await context.git.remoteBranches(remote, loaded.config.git.branchPrefix)
  // A squash or a rebase leaves the branch's own commits out of the history; the record knows better.
  const ids = loaded.clusters.flatMap((cluster) => cluster.record.transitions.map((transition) => transition.id))
  const merged = new Set(['init', ...ids].map((id) => `${loaded.config.git.branchPrefix}${id}`))
  const open: string[] = []
  for (const branch of [...branches.keys()].toSorted()) {
    const commit = await context.git.fetch(remote, branch)
    if (!merged.has(branch) && commit !== null && (await context.git.commitsSince(base, commit)).length > 0) open.push(branch)
  }
  return open
}

function report(loaded: Loaded, now: Date, branches: readonly string[]): Pick<Status, 'mesh' | 'clusters' | 'unfinished' | 'next'> {
  const unfinished = unfinishedStep(stepFacts(loaded))
  return {
    mesh: loaded.mesh.mesh,
    clusters: loaded.clusters.map((cluster) => clusterStatus(loaded, cluster, now)),
    unfinished: unfinished === null ? null : withBranch(unfinished, loaded, branches),
    next: nextSteps(loaded, now, unfinished),
  }
}

function withBranch(unfinished: Unfinished, loaded: Loaded, branches: readonly string[]): UnfinishedStatus {
  const first = `${loaded.config.git.branchPrefix}${unfinished.id}`
  const branch = branches.find((one) => one.startsWith(`${first}-`)) ?? null
  return { ...unfinished, command: commandOf(unfinished.step), branch }
}

function clusterStatus(loaded: Loaded, { config, record }: LoadedCluster, now: Date): ClusterStatus {
  const trusted = trustedGenerations(record.phase)
  const certificates = [
    ...record.intermediates
      .filter((one) => one.state === 'active')
      .map((one) => ({ what: `intermediate under ${one.generation}`, certificate: one.certificate })),
    ...trusted.map((id) => ({ what: `root ${id}`, certificate: generationIn(loaded.mesh, id).certificate })),
  ]
  const expiries = certificates
    .map(({ what, certificate }) => ({
      what,
      notAfter: momentText(certificate.notAfter),
      daysLeft: Math.floor((certificate.notAfter.getTime() - now.getTime()) / 86_400_000),
    }))
    .toSorted((one, other) => one.daysLeft - other.daysLeft)
  return {
    cluster: config.name,
    phase: record.phase.phase,
    state: record.state,
    description: describePhase(record.phase),
    signer: record.phase.signer,
    trusted,
    lastStep: lastTransition(record)?.id ?? null,
    expiries,
    renewDue: expiries.some((expiry) => expiry.daysLeft <= loaded.config.pki.renewBeforeDays),
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

/** The steps that are legal now, and what each lacks if it were planned without a person's word. None leads on before the last one is whole. */
function nextSteps(loaded: Loaded, now: Date, unfinished: Unfinished | null): readonly NextStep[] {
  const facts = stepFacts(loaded)
  if (unfinished?.lacks === 'step') return waysBackFrom(loaded, unfinished)
  if (new Set(facts.map(({ record }) => record.state)).size > 1) return []
  return commonSteps(loaded, loaded.clusters)
    .filter((step) => unfinished === null || facts.every((cluster) => !hasBarrier(step, cluster)))
    .map((step) => ({
      step,
      needs: facts.flatMap((cluster) =>
        hasBarrier(step, cluster)
          ? judgeStep(cluster, facts.length === 1, loaded.config.pki.workloadCertificateHours, now).map(
              (lack) => `${cluster.record.cluster}: ${lack}`,
            )
          : [],
      ),
    }))
}

/** A step that only some clusters took can be taken back in those; what is half-way back only goes on. */
function waysBackFrom(loaded: Loaded, { step, id }: Unfinished): readonly NextStep[] {
  const ahead = loaded.clusters.filter(({ record }) => lastTransition(record)?.id === id)
  const back = wayBackFrom(step)
  if (back === null || !commonSteps(loaded, ahead).includes(back)) return []
  return [{ step: back, needs: [], clusters: ahead.map(({ config }) => config.name) }]
}

function commonSteps(loaded: Loaded, clusters: readonly LoadedCluster[]): readonly Step[] {
  const [first = [], ...others] = clusters.map((cluster) => possibleSteps(loaded, cluster))
  return first.filter((step) => others.every((possible) => possible.includes(step)))
}
