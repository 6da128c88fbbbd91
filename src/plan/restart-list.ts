import { formatWorkloadId } from '../base/index.ts'
import type { WorkloadId } from '../base/index.ts'
import type { Config } from '../mesh/index.ts'
import { hasBarrier, lastTransition, mustHaveBegun } from '../rotation/index.ts'
import type { ClusterRecord, EntryGate, EntryWave, Past, RestartId, RestartList, Step } from '../rotation/index.ts'
import type { Discovery } from '../workloads/index.ts'
import type { ChosenRestart } from './delivery.ts'
import { planWaves } from './waves.ts'

/** Freezes what a step restarts in one cluster. */
export function freezeRestarts(input: {
  readonly id: RestartId
  readonly step: Step
  readonly config: Config
  readonly record: ClusterRecord
  /** What the history knows of the cluster, where it was read. */
  readonly past?: Past
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
      restarts: wave.restarts.map(({ workload, delivery, drain, file, at, why, selector }) => ({
        ...{ workload, delivery, drain, file, at, why },
        ...(selector === undefined ? {} : { selector }),
      })),
    })),
  }
}

/** A frozen list without the workloads that are gone since: a gate would wait for them for ever. Later ones are exempt, and stay out. */
export function withoutVanished(list: RestartList, discovery: Discovery): RestartList {
  const present = new Set(discovery.workloads.map((workload) => formatWorkloadId(workload.id)))
  const here = ({ workload }: { readonly workload: WorkloadId }): boolean => present.has(formatWorkloadId(workload))
  const waves = list.waves.map((wave) => ({ ...wave, restarts: wave.restarts.filter(here) }))
  if (list.entry === null) return { ...list, waves }
  const before = list.entry.waves.map((wave) => ({ ...wave, restarts: wave.restarts.filter(here) }))
  return { ...list, waves, entry: { ...list.entry, waves: before.filter((wave) => wave.restarts.length + wave.namespaces.length > 0) } }
}

/**
 * The step before must be complete before this one may change the Secret. It keeps its order; workloads that are gone since drop out.
 * A way back only has to start from a state that it is safe from.
 */
function entryGate(input: {
  readonly step: Step
  readonly record: ClusterRecord
  readonly past?: Past
  readonly before: RestartList | null
  readonly discovery: Discovery
}): EntryGate | null {
  const { step, record, before, discovery } = input
  if (!hasBarrier(step, input)) return mustHaveBegun(step, input) ? { state: record.state, id: null, waves: [], roots: false } : null
  const last = lastTransition(record)
  if (last === null || before === null) return { state: record.state, id: null, waves: [] }
  const present = new Set(discovery.workloads.map((workload) => formatWorkloadId(workload.id)))
  const waves = before.waves.map(({ name, restarts, namespaces }): EntryWave => ({
    name,
    restarts: restarts.flatMap(({ workload, delivery }) =>
      delivery === 'none' || !present.has(formatWorkloadId(workload)) ? [] : [{ workload, delivery }],
    ),
    namespaces,
  }))
  return { state: record.state, id: before.id, waves: waves.filter((wave) => wave.restarts.length + wave.namespaces.length > 0) }
}
