import { ApiObject } from 'cdk8s'
import { Construct } from 'constructs'
import { formatWorkloadId } from '../src/base/index.ts'
import type { RestartList, Wave } from '../src/rotation/index.ts'
import { rotationAnnotation } from './names.ts'
import type { ClusterProps } from './props.ts'

/**
 * What keeps the rest of the workload: the partial object is merged into what is there, and neither pruned nor deleted with reroot's objects
 * (facts: gitops.md §2.1, §2.2). `Validate=false`: kubectl's schema wants fields that a partial object leaves to its maker.
 */
const protections: Readonly<Record<ClusterProps['controller']['type'], Readonly<Record<string, string>>>> = {
  flux: { 'kustomize.toolkit.fluxcd.io/ssa': 'Merge', 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
  argocd: {
    'argocd.argoproj.io/sync-options': 'ServerSideApply=true,Validate=false,Prune=false,Delete=false',
    // Once a step does not merge it any more, the Application would be out of sync for good.
    'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
  },
}

/**
 * The wave's `merge` workloads as partial objects, which the cluster's controller applies itself. They bear no label of reroot's: it would stay on the
 * workload. @throws TypeError if the list holds no selector for one.
 */
export class MergedRestarts extends Construct {
  constructor(scope: Construct, id: string, props: { readonly cluster: ClusterProps; readonly step: RestartList; readonly wave: Wave }) {
    super(scope, id)
    const { cluster, step, wave } = props
    for (const { workload, selector } of wave.restarts.filter((restart) => restart.delivery === 'merge')) {
      const name = formatWorkloadId(workload)
      if (selector === undefined) throw new TypeError(`${name}: an object without its selector cannot be merged`)
      new ApiObject(this, name.replaceAll('/', '-'), {
        apiVersion: 'apps/v1',
        kind: workload.kind,
        metadata: { name: workload.name, namespace: workload.namespace, annotations: protections[cluster.controller.type] },
        spec: {
          selector: { matchLabels: selector },
          template: { metadata: { labels: selector, annotations: { [rotationAnnotation]: step.id } }, spec: { containers: [] } },
        },
      })
    }
  }
}
