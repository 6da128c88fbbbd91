import { ApiObject } from 'cdk8s'
import { Construct } from 'constructs'
import type { WorkloadId } from '../src/base/index.ts'
import type { RestartList, Wave } from '../src/rotation/index.ts'
import { Access, workloadRules } from './access.ts'
import { patchCall } from './calls.ts'
import { linkName, rotationAnnotation } from './names.ts'
import { renderStubs, shares, workloadStub } from './objects.ts'
import type { ClusterProps } from './props.ts'
import { gateFolder, Run } from './run.ts'

/** Restarts the wave's `job` workloads: one merge patch for all of them. That they roll out is for the gate to see. */
export class RestartRun extends Construct {
  constructor(scope: Construct, id: string, props: { readonly cluster: ClusterProps; readonly step: RestartList; readonly wave: Wave }) {
    super(scope, id)
    const { cluster, step, wave } = props
    const workloads = delivered(wave, 'job')
    if (workloads.length === 0) return
    const name = linkName(wave.name, 'restart')

    new Access(this, 'access', { name, istioNamespace: cluster.istioNamespace, rules: workloadRules(workloads, ['patch']), readsRoots: false })
    shares(workloads).forEach((share, index) => {
      new Run(this, `run-${index}`, {
        id: step.id,
        wave: wave.name,
        part: 'restart',
        namespace: cluster.istioNamespace,
        image: cluster.gates.image,
        serviceAccount: name,
        calls: [patchCall(`${gateFolder}/workloads.yaml`, step.id)],
        files: () => [{ key: 'workloads.yaml', text: renderStubs(share.map(workloadStub)) }],
      })
    })
  }
}

/**
 * Restarts the wave's `merge` workloads: the controller itself applies the one annotation to objects that nobody in Git defines.
 * `ssa: Merge` leaves the other managers' fields alone, `prune: disabled` keeps the object when this file goes (facts: gitops.md §2.2);
 * `containers: []` is what the API server's schema asks of a partial template.
 */
export class MergeRestarts extends Construct {
  constructor(scope: Construct, id: string, props: { readonly step: RestartList; readonly wave: Wave }) {
    super(scope, id)
    for (const { kind, namespace, name } of delivered(props.wave, 'merge')) {
      new ApiObject(this, `${kind}-${namespace}-${name}`, {
        apiVersion: 'apps/v1',
        kind,
        metadata: {
          name,
          namespace,
          annotations: { 'kustomize.toolkit.fluxcd.io/ssa': 'Merge', 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
        },
        spec: { template: { metadata: { annotations: { [rotationAnnotation]: props.step.id } }, spec: { containers: [] } } },
      })
    }
  }
}

function delivered(wave: Wave, delivery: 'job' | 'merge'): readonly WorkloadId[] {
  return wave.restarts.filter((restart) => restart.delivery === delivery).map((restart) => restart.workload)
}
