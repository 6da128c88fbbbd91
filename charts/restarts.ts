import { Construct } from 'constructs'
import { linkName } from '../src/plan/index.ts'
import type { RestartList, Wave } from '../src/rotation/index.ts'
import { Access, workloadRules } from './access.ts'
import { patchCall } from './calls.ts'
import { renderStubs, restartPatch, shares, workloadStub } from './objects.ts'
import type { ClusterProps } from './props.ts'
import { gateFolder, Run } from './run.ts'

/** Restarts the wave's `job` workloads: one merge patch for all of them. That they roll out is for the gate to see. */
export class RestartRun extends Construct {
  constructor(scope: Construct, id: string, props: { readonly cluster: ClusterProps; readonly step: RestartList; readonly wave: Wave }) {
    super(scope, id)
    const { cluster, step, wave } = props
    const workloads = wave.restarts.filter((restart) => restart.delivery === 'job').map((restart) => restart.workload)
    if (workloads.length === 0) return
    const name = linkName(wave.name, 'restart')

    new Access(this, 'access', {
      name,
      istioNamespace: cluster.istioNamespace,
      rules: workloadRules(workloads, ['patch']),
      readsRoots: false,
    })
    shares(workloads).forEach((share, index) => {
      new Run(this, `run-${index}`, {
        id: step.id,
        wave: wave.name,
        part: 'restart',
        cluster,
        serviceAccount: name,
        calls: [patchCall(`${gateFolder}/workloads.yaml`, `--patch=${restartPatch(step.id)}`)],
        files: () => [{ key: 'workloads.yaml', text: renderStubs(share.map(workloadStub)) }],
      })
    })
  }
}
