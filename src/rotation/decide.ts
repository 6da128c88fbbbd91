import { RerootError } from '../base/index.ts'
import { judge } from './evidence.ts'
import type { StepFacts, Testimony } from './evidence.ts'
import { follow } from './history.ts'
import { generationOf, unusedId } from './ids.ts'
import { after, describePhase, stateOf } from './phase.ts'
import type { Phase, Step } from './phase.ts'
import { lastTransition, nextGeneration } from './record.ts'
import type { Evidence, MeshRecord, Transition } from './record.ts'
import type { GenerationId, RestartId } from './types.ts'

export interface DecisionFacts {
  readonly mesh: MeshRecord
  readonly clusters: readonly StepFacts[]
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
  readonly moves: readonly Move[]
}

/**
 * Says yes to a step, with what every cluster does, or no.
 * A step that is merged in some clusters goes on in the others, under the same id.
 * @param force a person's reason to override the barrier; it is recorded.
 * @throws RerootError REFUSED that names what is missing, and where.
 */
export function decide(step: Step, facts: DecisionFacts, testimony: Testimony, force: string | null): Decision {
  const begun = facts.clusters.filter((cluster) => lastTransition(cluster.record)?.step === step && !canRepeat(step, cluster))
  const id = lastTransition((begun[0] ?? facts.clusters[0])?.record ?? never())?.id
  const apart = begun.filter((cluster) => lastTransition(cluster.record)?.id !== id)
  if (apart.length > 0) throw standApart(facts)

  const pending = facts.clusters.filter((cluster) => !begun.includes(cluster))
  const states = new Set(pending.map((cluster) => cluster.record.state))
  const origin = begun[0] === undefined ? undefined : lastTransition(begun[0].record)?.from
  if (states.size > 1 || (origin !== undefined && pending.some((cluster) => cluster.record.state !== origin))) throw standApart(facts)

  const generation = begun.length > 0 && id !== undefined ? named(id) : generationFor(step, facts)
  const chosen = begun.length > 0 && id !== undefined ? id : unusedId(step, generation, usedIds(facts))
  const barrier = pendingBarrier(step, facts, pending, testimony, force, begun)
  const moves = facts.clusters.map((cluster): Move => {
    if (begun.includes(cluster)) return mergedMove(cluster)
    const to = after(cluster.record.phase, step, step === 'restore' ? lastRetired(cluster) : generation)
    if (to === null) throw illegal(step, cluster)
    return { cluster: cluster.record.cluster, from: cluster.record.phase, to, ...barrier(cluster), merged: false }
  })
  return { step, id: chosen, generation, moves }
}

// `replace` is legal from every phase, so that a second one looks like a first one that was merged; it is a new one.
function canRepeat(step: Step, cluster: StepFacts): boolean {
  return step === 'replace' && cluster.restarts !== null && cluster.restarts.id === lastTransition(cluster.record)?.id
}

function generationFor(step: Step, facts: DecisionFacts): GenerationId {
  if (step === 'stage' || step === 'replace') {
    for (const cluster of facts.clusters) if (after(cluster.record.phase, step, nextGeneration(facts.mesh)) === null) throw illegal(step, cluster)
    return nextGeneration(facts.mesh)
  }
  const first = facts.clusters[0] ?? never()
  const { phase } = first.record
  return phase.phase === 'staged' ? phase.candidate : phase.signer
}

type Barrier = (cluster: StepFacts) => Pick<Move, 'evidence' | 'forced'>

function pendingBarrier(
  step: Step,
  facts: DecisionFacts,
  pending: readonly StepFacts[],
  testimony: Testimony,
  force: string | null,
  begun: readonly StepFacts[],
): Barrier {
  for (const cluster of pending) if (after(cluster.record.phase, step, step === 'restore' ? lastRetired(cluster) : 'g0') === null) throw illegal(step, cluster)
  if (!pending.some((cluster) => hasBarrier(step, cluster))) return () => ({ evidence: null, forced: null })

  // The barrier of a step that is merged somewhere was passed when it was planned.
  const passed = begun[0] === undefined ? null : lastTransition(begun[0].record)
  if (passed !== null) return () => ({ evidence: passed.evidence, forced: passed.forced })

  const judgements = new Map(
    facts.clusters.map((cluster) => [cluster, judge(cluster, testimony, facts.clusters.length === 1, facts.workloadCertificateHours, facts.now)]),
  )
  const lacks = [...judgements].flatMap(([cluster, judgement]) => ('lacks' in judgement ? judgement.lacks.map((lack) => `${cluster.record.cluster}: ${lack}`) : []))
  if (lacks.length > 0 && force === null) throw incomplete(step, facts, lacks)
  const forced = lacks.length > 0 && force !== null ? { barrier: lacks.join('; '), reason: force } : null
  return (cluster) => {
    const judgement = judgements.get(cluster)
    return { evidence: judgement !== undefined && 'evidence' in judgement ? judgement.evidence : null, forced }
  }
}

/** Steps that would break handshakes, or take the ground from under the next step, if the one before were not complete everywhere. */
export function hasBarrier(step: Step, cluster: Pick<StepFacts, 'record'>): boolean {
  switch (step) {
    case 'stage':
    case 'promote':
    case 'retire':
      return true
    case 'abandon':
      // After a demote, certificates of the candidate are alive: giving up its root is as grave as `retire`.
      return sinceStage(cluster.record.transitions).some((transition) => transition.step === 'promote')
    case 'demote':
    case 'restore':
    case 'replace':
    case 'renew':
    case 'restart':
      return false
    default:
      return step satisfies never
  }
}

function sinceStage(transitions: readonly Transition[]): readonly Transition[] {
  return transitions.slice(transitions.findLastIndex((transition) => transition.step === 'stage') + 1)
}

function mergedMove(cluster: StepFacts): Move {
  const { record } = cluster
  const before = follow(record.transitions.slice(0, -1), lastTransition(record)?.from ?? record.state)
  const last = lastTransition(record)
  return { cluster: record.cluster, from: before.ok ? before.phase : record.phase, to: record.phase, evidence: last?.evidence ?? null, forced: last?.forced ?? null, merged: true }
}

function lastRetired(cluster: StepFacts): GenerationId | null {
  const history = follow(cluster.record.transitions, cluster.record.state)
  return history.ok ? history.lastRetired : null
}

function usedIds(facts: DecisionFacts): ReadonlySet<RestartId> {
  return new Set(facts.clusters.flatMap((cluster) => cluster.record.transitions.map((transition) => transition.id)))
}

function named(id: RestartId): GenerationId {
  return generationOf(id) ?? never()
}

function illegal(step: Step, cluster: StepFacts): RerootError {
  const { phase } = cluster.record
  const legal: Readonly<Record<Phase['phase'], string>> = { steady: '`stage`', staged: '`promote`, or `rollback` to abandon', promoted: '`retire`, or `rollback` to demote' }
  return new RerootError('REFUSED', `${step} is not possible: ${cluster.record.cluster} is ${describePhase(phase)}`, {
    hint: `what is possible now: ${legal[phase.phase]}. A step counts only once its pull request is merged`,
  })
}

function standApart(facts: DecisionFacts): RerootError {
  const table = facts.clusters.map((cluster) => `${cluster.record.cluster} is in ${stateOf(cluster.record.phase)}`).join(', ')
  return new RerootError('REFUSED', `the clusters of the mesh stand apart: ${table}`, {
    hint: 'a step must be complete in all clusters before the next one starts anywhere: run the step that some have not taken yet',
  })
}

function incomplete(step: Step, facts: DecisionFacts, lacks: readonly string[]): RerootError {
  const first = facts.clusters[0] ?? never()
  const id = lastTransition(first.record)?.id ?? ''
  return new RerootError('REFUSED', `${step} needs evidence that ${id} is complete:\n  - ${lacks.join('\n  - ')}`, {
    hint: [
      'check that every workload follows (`istioctl proxy-config secret`, or wait until the longest certificate has expired), then give one of',
      '  --confirmed "<what was checked>"            your word, which goes into the record and the pull request',
      `  --gate-passed <cluster>=<time>              when the control plane’s gate of ${id} passed; counts after ${facts.workloadCertificateHours} h`,
      '  --force --reason "<why>"                    overrides the barrier; it is recorded',
    ].join('\n'),
  })
}

function never(): never {
  throw new TypeError('a mesh has at least one cluster')
}
