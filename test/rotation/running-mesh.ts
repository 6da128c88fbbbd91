import { formatWorkloadId } from '../../src/base/index.ts'
import type { WorkloadId } from '../../src/base/index.ts'
import { trustedGenerations } from '../../src/rotation/index.ts'
import type { ClusterRecord, Delivery, EntryGate, RestartId, RestartList, StateId } from '../../src/rotation/index.ts'

/**
 * A mesh that runs. A workload presents a leaf of one root and accepts leaves of some: it gets both from its control plane when it
 * starts, and when its certificate is renewed. The control plane serves what the Secret held when it started; a new signer under the
 * same roots it takes up by itself (facts/istio.md 2.1). A restart is a new id on a pod template: an id that is there already restarts nothing.
 */
export interface Running {
  readonly name: string
  /** `in-place`: another owner delivers the Secret, and nothing holds it. */
  readonly managed: 'own' | 'in-place'
  /** Whether istiod takes up new roots beside the old ones by itself: `ISTIO_MULTIROOT_MESH`. */
  readonly multiRoot: boolean
  readonly workloads: readonly RunningWorkload[]
  secret: Served
  served: Served
  /** What was applied last; its restarts go on until something else is applied. */
  applied: RestartList | null
  /** What an entry gate holds, after having been applied up to there. */
  held: RestartList | null
  /** When the control plane’s gate of what is applied passed. */
  gate: { readonly id: RestartId; readonly day: number } | null
}

export interface RunningWorkload {
  readonly id: string
  readonly delivery: Delivery
  leaf: string
  trusted: readonly string[]
  carries: RestartId | null
}

/** What a Secret holds, by the names of its roots. */
export interface Served {
  readonly state: StateId
  readonly signer: string
  readonly trusted: readonly string[]
}

export const istiod = 'Deployment/istio-system/istiod'

export const servedIn = ({ state, phase }: Pick<ClusterRecord, 'state' | 'phase'>): Served => ({
  state,
  signer: phase.signer,
  trusted: trustedGenerations(phase),
})

export function running(
  name: string,
  first: Served,
  workloads: readonly { readonly id: string; readonly delivery: Delivery }[],
  { managed = 'own', multiRoot = false }: { readonly managed?: 'own' | 'in-place'; readonly multiRoot?: boolean } = {},
): Running {
  return {
    ...{ name, managed, multiRoot, secret: first, served: first, applied: null, held: null, gate: null },
    workloads: workloads.map(({ id, delivery }) => ({ id, delivery, leaf: first.signer, trusted: first.trusted, carries: null })),
  }
}

/** What Git holds for a cluster. */
export interface Wanted {
  readonly live: Served
  readonly restarts: RestartList | null
  /** The state that the list of restarts is about. */
  readonly state: StateId
}

/** The controller applies what is merged; a gate that holds leaves all as it was. */
export function sync(cluster: Running, { live, restarts, state }: Wanted): void {
  if (cluster.managed === 'in-place') {
    if (restarts !== null && cluster.secret.state === state) apply(cluster, restarts)
  } else if (restarts === null || opens(restarts.entry, cluster, state)) {
    cluster.secret = live
    apply(cluster, restarts)
  } else {
    cluster.held = restarts
  }
}

/** Whoever delivers a Secret in place applies it. */
export function deliver(cluster: Running, { live }: Wanted): void {
  if (cluster.managed === 'in-place') cluster.secret = live
}

function apply(cluster: Running, restarts: RestartList | null): void {
  cluster.held = null
  if (JSON.stringify(cluster.applied) === JSON.stringify(restarts)) return
  cluster.applied = restarts
  cluster.gate = null
}

function opens(entry: EntryGate | null, { secret, served, workloads }: Running, to: StateId): boolean {
  if (entry === null || secret.state === to) return true
  if (secret.state !== entry.state) return false
  if (entry.roots === false) return true
  const carried = entry.waves.flatMap((wave) => wave.restarts.map(({ workload }) => formatWorkloadId(workload)))
  return sameRoots(served, secret) && workloads.every(({ id, carries }) => !carried.includes(id) || carries === entry.id)
}

export function restartControlPlane(cluster: Running): void {
  cluster.served = cluster.secret
}

/** istiod reloads a new signer under the same root bytes, or roots beside the old ones, at a moment of its own. */
export function reload(cluster: Running): void {
  const { served, secret, multiRoot } = cluster
  const within = (one: Served, other: Served): boolean => one.trusted.every((root) => other.trusted.includes(root))
  if (sameRoots(served, secret) || (multiRoot && (within(served, secret) || within(secret, served)))) restartControlPlane(cluster)
}

/** A pod starts anew, or renews its certificate: both ask the control plane. */
export function renew(cluster: Running, which: number): void {
  const workload = cluster.workloads[which % cluster.workloads.length]
  if (workload !== undefined) ask(cluster, workload)
}

function ask(cluster: Running, workload: RunningWorkload): void {
  // istiod is a member of the mesh, too: it starts with what the Secret holds.
  if (workload.id === istiod) restartControlPlane(cluster)
  workload.leaf = cluster.served.signer
  workload.trusted = cluster.served.trusted
}

/** The longest life of a certificate passes: whoever has not restarted has renewed it. */
export function passDay(cluster: Running): void {
  for (const workload of cluster.workloads) {
    workload.leaf = cluster.served.signer
    workload.trusted = cluster.served.trusted
  }
}

/** The next restart that a Job makes: of the entry gate, which finishes the step before, or of the step that is applied. */
export function restart(cluster: Running, which: number): void {
  const entry = cluster.held?.entry ?? null
  if (entry !== null && entry.id !== null && entry.state === cluster.secret.state) restartNext(cluster, entry.waves, entry.id, which)
  else if (cluster.applied !== null) restartNext(cluster, cluster.applied.waves, cluster.applied.id, which)
}

type Waves = readonly { readonly restarts: readonly { readonly workload: WorkloadId; readonly delivery: Delivery }[] }[]

/** In order: the control plane before all others, and its gate behind it. */
function restartNext(cluster: Running, waves: Waves, id: RestartId, which: number): void {
  const byJob = waves.flatMap((wave) => wave.restarts.filter(({ delivery }) => delivery === 'job' || delivery === 'merge'))
  const [first, ...others] = byJob.flatMap(({ workload }) => cluster.workloads.filter((one) => one.id === formatWorkloadId(workload)))
  const next = first?.carries === id ? others[which % Math.max(1, others.length)] : first
  if (next === undefined || next.carries === id) return
  if (next !== first && !sameRoots(cluster.served, cluster.secret)) return
  next.carries = id
  ask(cluster, next)
}

/** A workload’s owner applies what Git says of it, whatever reroot’s gates say. */
export function applyOwner(cluster: Running, which: number, ids: ReadonlyMap<string, RestartId | null>): void {
  const workload = cluster.workloads[which % cluster.workloads.length]
  const wanted = workload === undefined ? null : (ids.get(workload.id) ?? null)
  if (workload?.delivery !== 'owner' || workload.carries === wanted) return
  workload.carries = wanted
  ask(cluster, workload)
}

/** Notes when the control plane’s gate passes. */
export function watchGate(cluster: Running, wanted: StateId, day: number): void {
  const { applied, gate, secret, served, workloads } = cluster
  const passes = applied !== null && secret.state === wanted && sameRoots(served, secret)
  if (gate === null && passes && workloads[0]?.carries === applied.id) cluster.gate = { id: applied.id, day }
}

function sameRoots(one: Served, other: Served): boolean {
  return one.trusted.join() === other.trusted.join()
}

/** Pairs of workloads, over all clusters, that reject each other. */
export function broken(clusters: readonly Running[]): readonly string[] {
  const all = clusters.flatMap(({ name, workloads }) => workloads.map((workload) => ({ ...workload, id: `${name}: ${workload.id}` })))
  return all.flatMap((one) =>
    all
      .filter((other) => !other.trusted.includes(one.leaf))
      .map((other) => `${other.id} trusts ${other.trusted.join()}, ${one.id} presents ${one.leaf}`),
  )
}

/** Whether a person who looked at this cluster would find it where Git says, with every workload. */
export function isComplete(cluster: Running, wanted: Served): boolean {
  return (
    cluster.secret.state === wanted.state &&
    cluster.served.state === wanted.state &&
    cluster.workloads.every(({ leaf, trusted }) => leaf === wanted.signer && trusted.join() === wanted.trusted.join())
  )
}
