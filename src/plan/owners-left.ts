import { formatWorkloadId } from '../base/index.ts'
import type { ClusterConfig, Config } from '../mesh/index.ts'
import type { RestartId, RestartList, Step } from '../rotation/index.ts'
import type { Discovery } from '../workloads/index.ts'
import { chooseDeliveries } from './delivery.ts'

/**
 * The workloads of a merged list whose owners are to restart them, and whose definitions do not bear that restart: a change set of theirs is
 * not merged yet. (Or somebody has taken the annotation out again: Git does not tell the one from the other.)
 * @param of the list, the step whose it is, and the ids of the cluster's steps before it.
 */
export function ownersLeft(
  config: Config,
  cluster: ClusterConfig,
  discovery: Discovery,
  { list, step, earlier }: { readonly list: RestartList; readonly step: Step; readonly earlier: readonly RestartId[] },
): readonly string[] {
  const entries = list.waves.flatMap(({ restarts }) => restarts.filter(({ delivery }) => delivery === 'owner'))
  const owned = new Map(entries.map(({ workload, file }) => [formatWorkloadId(workload), file]))
  // Another id is of a later restart: another cluster, whose step has gone on, may share the definition.
  const isBehind = (carried: string | null): boolean => carried === null || earlier.includes(carried)
  const left = discovery.workloads.filter(({ id, carried }) => owned.has(formatWorkloadId(id)) && isBehind(carried))
  if (left.length === 0) return []
  // What its owner cannot restart any more, or not in the file that the list names, no change set will.
  const { restarts } = chooseDeliveries(config, cluster, discovery, step)
  const able = new Set(
    restarts
      .filter(({ delivery, file, workload }) => delivery === 'owner' && file === owned.get(formatWorkloadId(workload)))
      .map(({ source }) => source),
  )
  return left.filter((workload) => able.has(workload)).map(({ id }) => formatWorkloadId(id))
}
