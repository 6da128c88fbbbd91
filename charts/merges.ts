import { ApiObject } from 'cdk8s'
import { Construct } from 'constructs'
import { formatWorkloadId } from '../src/base/index.ts'
import type { RestartList, Wave } from '../src/rotation/index.ts'
import { rotationAnnotation } from './names.ts'
import { restartSpec } from './objects.ts'
import type { ClusterProps } from './props.ts'

/**
 * What keeps the rest of the workload: the partial object is merged into what is there, and neither pruned nor deleted with reroot's objects
 * (facts: gitops.md §2.1, §2.2). Without `IgnoreExtraneous` Argo CD would show the Application OutOfSync for ever once the object leaves Git.
 */
const protections: Readonly<Record<ClusterProps['controller']['type'], Readonly<Record<string, string>>>> = {
  flux: { 'kustomize.toolkit.fluxcd.io/ssa': 'Merge', 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
  argocd: {
    'argocd.argoproj.io/sync-options': 'ServerSideApply=true,Prune=false,Delete=false',
    'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
  },
}

/**
 * The wave's `merge` workloads as partial objects, which the cluster's controller applies itself. They bear no label of reroot's: it would stay on the
 * workload. Argo CD sends what is written; Flux sends a whole object with empty fields, so that it takes the selector (run: Argo CD 3.1.9,
 * kustomize-controller 1.9.4, on Deployments and DaemonSets).
 * @throws TypeError if the list holds no selector for one that Flux applies.
 */
export class MergedRestarts extends Construct {
  constructor(scope: Construct, id: string, props: { readonly cluster: ClusterProps; readonly step: RestartList; readonly wave: Wave }) {
    super(scope, id)
    const { cluster, step, wave } = props
    for (const { workload, selector } of wave.restarts.filter((restart) => restart.delivery === 'merge')) {
      const name = formatWorkloadId(workload)
      const flux = cluster.controller.type === 'flux'
      if (flux && selector === undefined) throw new TypeError(`${name}: Flux cannot merge an object without its selector`)
      new ApiObject(this, name.replaceAll('/', '-'), {
        apiVersion: 'apps/v1',
        kind: workload.kind,
        metadata: { name: workload.name, namespace: workload.namespace, annotations: protections[cluster.controller.type] },
        spec: { ...(flux ? { selector: { matchLabels: selector } } : {}), ...restartSpec(rotationAnnotation, step.id) },
      })
    }
  }
}
