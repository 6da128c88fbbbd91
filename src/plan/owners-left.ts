import { formatWorkloadId } from '../base/index.ts'
import type { ClusterConfig, Config } from '../mesh/index.ts'
import type { RestartList, Step } from '../rotation/index.ts'
import type { Discovery } from '../workloads/index.ts'
import { chooseDeliveries } from './delivery.ts'

/**
 * The workloads of a merged list whose owners are to restart them, and whose definitions do not bear that restart: a change set of theirs is
 * not merged yet. (Or somebody has taken the annotation out again: Git does not tell the one from the other.)
 * @param step whose list it is.
 */
export function ownersLeft(config: Config, cluster: ClusterConfig, discovery: Discovery, list: RestartList, step: Step): readonly string[] {
  const entries = list.waves.flatMap(({ restarts }) => restarts.filter(({ delivery }) => delivery === 'owner'))
  const owned = new Set(entries.map(({ workload }) => formatWorkloadId(workload)))
  const left = discovery.workloads.filter(({ id, carried }) => carried !== list.id && owned.has(formatWorkloadId(id)))
  if (left.length === 0) return []
  // What its owner cannot restart any more, no change set will.
  const { restarts } = chooseDeliveries(config, cluster, discovery, step)
  const able = new Set(restarts.filter(({ delivery }) => delivery === 'owner').map(({ source }) => source))
  return left.filter((workload) => able.has(workload)).map(({ id }) => formatWorkloadId(id))
}
