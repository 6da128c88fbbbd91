import { formatWorkloadId } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import type { ClusterConfig } from '../mesh/index.ts'
import type { Workload } from '../workloads/index.ts'
import type { ChosenRestart } from './delivery.ts'
import { placeOf } from './place.ts'

/**
 * Delivery `merge`: reroot's own Application or Kustomization applies a partial object that holds nothing but the restart. That is safe only for
 * objects that nobody in Git applies (facts/gitops.md 2.1, 2.2). Flux also takes their selector, which `reroot.yaml` must state, and cannot
 * merge into a StatefulSet without more of its spec.
 */
export function mergeInto(
  workload: Workload,
  cluster: ClusterConfig,
  reason: string | null,
): Pick<ChosenRestart, 'delivery' | 'why' | 'selector'> | { readonly finding: Finding } {
  const id = formatWorkloadId(workload.id)
  if (workload.owner.kind !== 'elsewhere') return { finding: twoOwners(workload, cluster) }
  const chosen = { delivery: 'merge', why: reason ?? 'restarts.delivery is merge' } as const
  if (cluster.controller.type === 'argocd') return chosen
  const selector = cluster.workloads.find((stated) => stated.workload === id)?.selector
  if (workload.id.kind === 'StatefulSet') return { finding: statefulSet(workload) }
  return selector === undefined ? { finding: noSelector(workload) } : { ...chosen, selector }
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

function statefulSet(workload: Workload): Finding {
  return {
    id: 'restart/merge',
    severity: 'error',
    place: placeOf(workload),
    message: 'Flux cannot merge a restart into a StatefulSet: it sends fields of the spec that cannot be changed',
    expected: 'a Deployment or a DaemonSet',
    found: 'StatefulSet',
    remedy: 'use delivery job for it: a rule in restarts.rules can say so',
  }
}

function noSelector(workload: Workload): Finding {
  const { kind, namespace, name } = workload.id
  return {
    id: 'restart/merge',
    severity: 'error',
    place: placeOf(workload),
    message: 'delivery merge under Flux needs the selector of the workload: the API server refuses what Flux sends without it',
    expected: 'clusters[].workloads with a selector for it',
    found: 'none',
    remedy: `state it in reroot.yaml: clusters[].workloads: [{ workload: ${formatWorkloadId(workload.id)}, selector: { … } }] (\`kubectl -n ${namespace} get ${kind.toLowerCase()} ${name} -o jsonpath='{.spec.selector.matchLabels}'\`)`,
  }
}
