import { hasBarrier } from './barrier.ts'
import { judge } from './evidence.ts'
import type { StepFacts, Testimony } from './evidence.ts'
import { follow } from './history.ts'
import { generationOf, unusedId } from './ids.ts'
import { after, namedGeneration } from './phase.ts'
import type { Phase, Step } from './phase.ts'
import { isTornApart, progressOf } from './progress.ts'
import type { Progress } from './progress.ts'
import { lastTransition, nextGeneration } from './record.ts'
import type { Evidence, MeshRecord, Transition } from './record.ts'
import { illegal, incomplete, mergedInPart, revertedAlone, standApart, unfit } from './refusals.ts'
import type { GenerationId, RestartId } from './types.ts'

export interface DecisionFacts {
  readonly mesh: MeshRecord
  readonly clusters: readonly StepFacts[]
  /** Generations that the base's history shows, also those of reverted merges. */
  readonly usedGenerations: readonly GenerationId[]
  readonly workloadCertificateHours: number
  readonly now: Date
}

/** What one cluster does in the step. */
export interface Move {
  readonly cluster: string
  readonly from: Phase
  readonly to: Phase
  readonly evidence: Evidence | null
  readonly forced: Transition['forced']
  /** The base has this transition already: a part of the step is merged. */
  readonly merged: boolean
}

/** A step that may be taken. */
export interface Decision {
  readonly step: Step
  readonly id: RestartId
  /** The generation that the id names: the candidate, the new signer, or what is given up. */
  readonly generation: GenerationId
  /** Of all clusters, except those that a way back leaves alone: they never took what it takes back. */
  readonly moves: readonly Move[]
}

/**
 * Says yes to a step, with what every cluster does, or no.
 * A step that is merged in some clusters goes on in the others, under the same id; or the way back takes back those alone.
 * @param force a person's reason to override the barrier; it is recorded.
 * @param anew `replace` makes another root, though restarts of the last one are left.
 * @throws RerootError REFUSED that names what is missing, and where.
 */
export function decide(step: Step, facts: DecisionFacts, testimony: Testimony, force: string | null, anew = false): Decision {
  const progress = progressOf(step, facts.clusters, anew)
  if (progress === null || isTornApart(step, progress)) throw standApart(facts.clusters)
  const { begun, pending } = progress
  // In an emergency there is no other way on.
  const again = step === 'replace' ? undefined : pending.find(({ past }) => progress.id !== null && past?.ids.includes(progress.id))
  if (again !== undefined && progress.id !== null) throw revertedAlone(progress.id, again, begun)
  const generation = progress.id === null ? generationFor(step, facts, pending) : (generationOf(progress.id) ?? never())
  const id = progress.id ?? unusedId(step, generation, usedIds(facts))

  const ahead = new Map(pending.map((cluster) => [cluster, phaseAhead(step, cluster, generation, facts)]))
  const barrier = pendingBarrier(step, facts, progress, testimony, force)
  const moves = facts.clusters.flatMap((cluster): readonly Move[] => {
    const to = ahead.get(cluster)
    if (to !== undefined) return [{ cluster: cluster.record.cluster, from: cluster.record.phase, to, ...barrier(cluster), merged: false }]
    return begun.includes(cluster) ? [mergedMove(cluster)] : []
  })
  return { step, id, generation, moves }
}

function generationFor(step: Step, facts: DecisionFacts, pending: readonly StepFacts[]): GenerationId {
  return step === 'stage' || step === 'replace'
    ? nextGeneration(facts.mesh, [...facts.usedGenerations, ...generationsOfPast(facts)])
    : namedGeneration((pending[0] ?? never()).record.phase)
}

/** Also those of which no file was ever committed. */
function generationsOfPast({ clusters }: DecisionFacts): readonly GenerationId[] {
  return clusters.flatMap(({ past }) => (past?.ids ?? []).flatMap((id) => generationOf(id) ?? []))
}

/** @throws RerootError REFUSED if the cluster cannot take the step. */
function phaseAhead(step: Step, cluster: StepFacts, generation: GenerationId, { mesh, now }: DecisionFacts): Phase {
  const to = after(cluster.record.phase, step, step === 'restore' ? lastRetired(cluster) : generation)
  if (to === null) throw illegal(step, cluster)
  const refusal = unfit(step, cluster, to, mesh, now)
  if (refusal !== null) throw refusal
  return to
}

type Barrier = (cluster: StepFacts) => Pick<Move, 'evidence' | 'forced'>

function pendingBarrier(
  step: Step,
  facts: DecisionFacts,
  { begun, pending }: Progress,
  testimony: Testimony,
  force: string | null,
): Barrier {
  if (!pending.some((cluster) => hasBarrier(step, cluster))) return () => ({ evidence: null, forced: null })

  // The barrier of a step that is merged somewhere was passed when it was planned.
  const passed = begun[0] === undefined ? null : lastTransition(begun[0].record)
  if (passed !== null) {
    const evidence =
      passed.evidence === null
        ? null
        : { ...passed.evidence, detail: `as planned with ${begun[0]?.record.cluster}: ${passed.evidence.detail}` }
    return () => ({ evidence, forced: passed.forced })
  }

  const { clusters, workloadCertificateHours: hours, now } = facts
  const judgements = new Map(clusters.map((cluster) => [cluster, judge(cluster, testimony, clusters.length === 1, hours, now)]))
  const lacks = [...judgements].flatMap(([cluster, judgement]) =>
    'lacks' in judgement ? judgement.lacks.map((lack) => `${cluster.record.cluster}: ${lack}`) : [],
  )
  // The restarts of the step before do not exist for the cluster yet: there is nothing that force could stand for.
  const unmerged = clusters.find(({ record, restarts }) => lastTransition(record) !== null && restarts?.id !== lastTransition(record)?.id)
  const cut = unmerged === undefined ? null : lastTransition(unmerged.record)
  if (lacks.length > 0 && cut !== null) throw mergedInPart(step, cut, lacks)
  if (lacks.length > 0 && force === null)
    throw incomplete(
      step,
      lastIds(clusters),
      lacks,
      hours,
      clusters.some(({ past }) => (past?.reverted ?? null) !== null),
    )
  const forced = lacks.length > 0 && force !== null ? { barrier: lacks.join('; '), reason: force } : null
  return (cluster) => {
    const judgement = judgements.get(cluster)
    return { evidence: judgement !== undefined && 'evidence' in judgement ? judgement.evidence : null, forced }
  }
}

/** After a way back that spared some, the clusters' last steps differ. */
function lastIds(clusters: readonly StepFacts[]): readonly string[] {
  return [...new Set(clusters.flatMap(({ record }) => lastTransition(record)?.id ?? []))]
}

function mergedMove(cluster: StepFacts): Move {
  const { record } = cluster
  const last = lastTransition(record)
  const before = follow(record.transitions.slice(0, -1), last?.from ?? record.state)
  return {
    cluster: record.cluster,
    from: before.ok ? before.phase : record.phase,
    to: record.phase,
    evidence: last?.evidence ?? null,
    forced: last?.forced ?? null,
    merged: true,
  }
}

function lastRetired(cluster: StepFacts): GenerationId | null {
  const history = follow(cluster.record.transitions, cluster.record.state)
  return history.ok ? history.lastRetired : null
}

function usedIds(facts: DecisionFacts): ReadonlySet<RestartId> {
  return new Set(
    facts.clusters.flatMap(({ record, past }) => [...record.transitions.map((transition) => transition.id), ...(past?.ids ?? [])]),
  )
}

function never(): never {
  throw new TypeError('a mesh has at least one cluster')
}
