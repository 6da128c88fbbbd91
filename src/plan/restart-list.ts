import { formatWorkloadId } from '../base/index.ts'
import type { Config } from '../mesh/index.ts'
import { hasBarrier, lastTransition } from '../rotation/index.ts'
import type { ClusterRecord, EntryGate, RestartId, RestartList, Step } from '../rotation/index.ts'
import type { Discovery } from '../workloads/index.ts'
import type { ChosenRestart } from './delivery.ts'
import { planWaves } from './waves.ts'

/** Freezes what a step restarts in one cluster. */
export function freezeRestarts(input: {
  readonly id: RestartId
  readonly step: Step
  readonly config: Config
  readonly record: ClusterRecord
  /** The frozen list of the step before, from the base. */
  readonly before: RestartList | null
  readonly discovery: Discovery
  readonly restarts: readonly ChosenRestart[]
}): RestartList {
  const { id, config, discovery } = input
  const meshed = discovery.namespaces.filter((namespace) => namespace.meshed).map((namespace) => namespace.name)
  return {
    id,
    entry: entryGate(input),
    namespaces: [...new Set([...meshed, ...config.restarts.namespaces])].toSorted(),
    waves: planWaves(input.restarts, config).map((wave) => ({
      ...wave,
      restarts: wave.restarts.map(({ workload, delivery, drain, file, at, why }) => ({ workload, delivery, drain, file, at, why })),
    })),
  }
}

/** The step before must be complete before this one may change the Secret. Workloads that are gone since drop out. */
function entryGate(input: {
  readonly step: Step
  readonly record: ClusterRecord
  readonly before: RestartList | null
  readonly discovery: Discovery
}): EntryGate | null {
  const { step, record, before, discovery } = input
  if (!hasBarrier(step, { record })) return null
  const last = lastTransition(record)
  if (last === null || before === null) return { state: record.state, id: null, workloads: [], namespaces: [] }
  const present = new Set(discovery.workloads.map((workload) => formatWorkloadId(workload.id)))
  const restarted = before.waves.flatMap((wave) => wave.restarts).filter((restart) => restart.delivery !== 'none')
  return {
    state: record.state,
    id: before.id,
    workloads: restarted.map((restart) => restart.workload).filter((workload) => present.has(formatWorkloadId(workload))),
    namespaces: before.waves.flatMap((wave) => wave.namespaces),
  }
}
