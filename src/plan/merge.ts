import { formatWorkloadId } from '../base/index.ts'
import type { Finding, Place } from '../base/index.ts'
import type { ClusterConfig } from '../mesh/index.ts'
import type { Workload } from '../workloads/index.ts'
import type { ChosenRestart } from './delivery.ts'

/**
 * Delivery `merge`: reroot's own Application or Kustomization applies a partial object that holds nothing but the restart. That is safe only for
 * objects that nobody in Git applies (facts/gitops.md 2.1, 2.2), and takes their selector, which `reroot.yaml` must state.
 */
export function mergeInto(
  workload: Workload,
  cluster: ClusterConfig,
  reason: string | null,
): (Pick<ChosenRestart, 'delivery' | 'why'> & Required<Pick<ChosenRestart, 'selector'>>) | { readonly finding: Finding } {
  const id = formatWorkloadId(workload.id)
  if (workload.owner.kind !== 'elsewhere') return { finding: twoOwners(workload, cluster) }
  const selector = cluster.workloads.find((stated) => stated.workload === id)?.selector
  if (selector === undefined) return { finding: noSelector(workload) }
  return { delivery: 'merge', selector, why: reason ?? 'restarts.delivery is merge' }
}

/** Where a workload is written, for findings. */
export function placeOf({ cluster, definition, id }: Workload): Place {
  return { cluster, file: definition.file, line: definition.line, object: formatWorkloadId(id) }
}

const consequences: Readonly<Record<ClusterConfig['controller']['type'], string>> = {
  argocd:
    'all Applications apply under one field manager, so each sync of the partial object would remove the rest of the workload or be refused (422), both Applications would undo each other’s work, and whoever removes the partial one prunes the workload',
  flux: 'all Kustomizations apply under one field manager, so the partial object would remove the rest of the workload or stop its Kustomization (422), and pruning it would delete the workload',
}

function twoOwners(workload: Workload, cluster: ClusterConfig): Finding {
  const { owner } = workload
  return {
    id: 'restart/merge',
    severity: 'error',
    place: placeOf(workload),
    message: `delivery merge would give it a second owner: ${consequences[cluster.controller.type]}`,
    expected: 'a workload that nobody in Git applies (made by helm or istioctl)',
    found:
      owner.kind === 'chart' ? owner.by : `${cluster.controller.type === 'flux' ? 'Kustomization' : 'Application'} ${owner.controller}`,
    remedy: 'use delivery job, or owner where the definition is in this repository',
  }
}

function noSelector(workload: Workload): Finding {
  const { kind, namespace, name } = workload.id
  return {
    id: 'restart/merge',
    severity: 'error',
    place: placeOf(workload),
    message: 'delivery merge needs the selector of the workload: the API server refuses an object without it',
    expected: 'clusters[].workloads with a selector for it',
    found: 'none',
    remedy: `state it in reroot.yaml: clusters[].workloads: [{ workload: ${formatWorkloadId(workload.id)}, selector: { … } }] (\`kubectl -n ${namespace} get ${kind.toLowerCase()} ${name} -o jsonpath='{.spec.selector.matchLabels}'\`)`,
  }
}
