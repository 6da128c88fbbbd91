import { Construct } from 'constructs'
import type { WorkloadId } from '../src/base/index.ts'
import { linkName, rolledOutBy } from '../src/plan/index.ts'
import type { RestartList, Wave } from '../src/rotation/index.ts'
import { Access, watchVerbs, workloadRules } from './access.ts'
import { annotatedCall, rolledOutCall, rootsCall, stateCall } from './calls.ts'
import { stateName } from './names.ts'
import { renderStubs, rootsStub, shares, workloadStub } from './objects.ts'
import type { ClusterProps } from './props.ts'
import { rootsTemplate } from './roots.ts'
import { gateFolder, Run } from './run.ts'

const workloadsFile = `${gateFolder}/workloads.yaml`

/**
 * Holds the chain until a wave has been restarted, by whomever, has rolled out, and all of the mesh sees the step's roots. Where no wave waits for
 * another ({@link rolledOutBy}) it holds until the restart is there, or is the last and waits for all.
 */
export class WaveGate extends Construct {
  constructor(scope: Construct, id: string, props: { readonly cluster: ClusterProps; readonly step: RestartList; readonly wave: Wave }) {
    super(scope, id)
    const { cluster, step, wave } = props
    const waves = rolledOutBy(wave, step, cluster.breaksMutualTls)
    const untilRolledOut = waves.length > 0
    const workloads = (untilRolledOut ? waves : [wave]).flatMap(restartedIn)
    const roots = step.namespaces.length === 0 || !untilRolledOut ? null : cluster.roots.after
    const name = linkName(wave.name, 'gate')
    if (workloads.length === 0 && roots === null) return

    new Access(this, 'access', {
      name,
      istioNamespace: cluster.istioNamespace,
      rules: workloadRules(workloads, watchVerbs),
      readsRoots: roots !== null,
    })
    const parts = workloads.length === 0 ? [[]] : shares(workloads)
    parts.forEach((share, index) => {
      const restarted =
        share.length === 0 ? [] : [annotatedCall(workloadsFile, step.id), ...(untilRolledOut ? [rolledOutCall(workloadsFile)] : [])]
      // Last, since a roots check that comes too early fails, and the kubelet waits longer each time.
      const checked = roots === null || index < parts.length - 1 ? null : roots
      new Run(this, `run-${index}`, {
        id: step.id,
        wave: wave.name,
        part: 'gate',
        cluster,
        serviceAccount: name,
        calls: checked === null ? restarted : [...restarted, rootsCall(`${gateFolder}/roots.yaml`, `${gateFolder}/roots.tmpl`)],
        files: () => [
          ...(share.length === 0 ? [] : [{ key: 'workloads.yaml', text: renderStubs(share.map(workloadStub)) }]),
          ...(checked === null
            ? []
            : [
                { key: 'roots.yaml', text: renderStubs(step.namespaces.map(rootsStub)) },
                { key: 'roots.tmpl', text: rootsTemplate(checked) },
              ]),
        ],
      })
    })
  }
}

function restartedIn({ restarts }: Wave): readonly WorkloadId[] {
  return restarts.filter(({ delivery }) => delivery !== 'none').map(({ workload }) => workload)
}

/**
 * The entry of a chain whose Secret belongs to someone else: waits until that owner has delivered it, which the ConfigMap
 * beside it tells.
 */
export class StateGate extends Construct {
  constructor(scope: Construct, id: string, props: { readonly cluster: ClusterProps; readonly step: RestartList }) {
    super(scope, id)
    const { cluster, step } = props
    const name = linkName('entry-gate')
    const namespace = cluster.istioNamespace
    const rule = { apiGroups: [''], resources: ['configmaps'], resourceNames: [stateName], verbs: [...watchVerbs] }
    new Access(this, 'access', { name, istioNamespace: namespace, rules: new Map([[namespace, [rule]]]), readsRoots: false })
    new Run(this, 'run', {
      id: step.id,
      wave: 'entry',
      part: 'gate',
      cluster,
      serviceAccount: name,
      calls: [stateCall(`${gateFolder}/state.yaml`, cluster.state)],
      files: () => [
        { key: 'state.yaml', text: renderStubs([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: stateName, namespace } }]) },
      ],
    })
  }
}
