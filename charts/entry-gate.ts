import { Construct } from 'constructs'
import type { k8s } from 'cdk8s-plus-27'
import type { EntryGate, RestartList } from '../src/rotation/index.ts'
import { Access, watchVerbs, workloadRules } from './access.ts'
import { annotatedCall, rolledOutCall, rootsCall } from './calls.ts'
import { linkName, rotationAnnotation, stateName } from './names.ts'
import { renderStubs, rootsStub, shares, workloadStub } from './objects.ts'
import type { Stub } from './objects.ts'
import type { ClusterProps } from './props.ts'
import { rootsTemplate } from './roots.ts'
import { gateFolder, Run } from './run.ts'
import type { Call, RunFile } from './run.ts'

/** The state that the cluster says it is in, as a container sees it. */
export const stateVariable: k8s.EnvVar = {
  name: 'STATE',
  valueFrom: { configMapKeyRef: { name: stateName, key: 'state', optional: true } },
}

// Kubernetes puts the variable's value here; without a value the words stay as they are, and name a folder as well.
const presentState = '$(STATE)'

/**
 * Holds a step before it changes the Secret, until the step before is complete in this cluster.
 *
 * What there is to wait for depends on the state that the cluster is in, and kubectl knows no "or": so `/gate` has a folder for
 * each state, and the calls read the one that `mesh-ca-state` names when they start.
 *
 * - The state before the step: its workloads carry the last restart and have rolled out, and its roots are everywhere.
 * - The state after it: the step has happened. Nothing to wait for, however often the Job is deleted and runs again.
 * - None: nothing of reroot's was ever applied here (a rebuilt cluster). Nothing to protect.
 * - Any other: there is no such folder, and the gate holds.
 */
export class EntryGateRun extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { readonly cluster: ClusterProps; readonly step: RestartList; readonly entry: EntryGate },
  ) {
    super(scope, id)
    const { cluster, step, entry } = props
    const namespace = cluster.istioNamespace
    // A step that leaves the Secret as it is has nothing to hold.
    const workloads = entry.id === null || entry.state === cluster.state ? [] : entry.workloads
    const roots = entry.state === cluster.state || step.namespaces.length === 0 ? null : cluster.roots.before
    const name = linkName('entry-gate')

    const parts = workloads.length === 0 ? [[]] : shares(workloads)
    const jobs = parts.map((share, index) => {
      const calls = entry.id === null || share.length === 0 ? [] : restartedCalls(entry.id)
      return new Run(this, `run-${index}`, {
        id: step.id,
        wave: 'entry',
        part: 'gate',
        namespace,
        image: cluster.gates.image,
        serviceAccount: name,
        calls: [...calls, rootsCall(`${gateFolder}/${presentState}/roots.yaml`, `${gateFolder}/roots.tmpl`)].map((call) => ({
          ...call,
          env: [stateVariable],
        })),
        files: (job) => [
          ...stateFiles(
            { before: entry.state, after: cluster.state },
            {
              restarted: share.map(workloadStub),
              roots: roots === null ? [] : step.namespaces.map(rootsStub),
              self: { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: job, namespace } },
            },
          ),
          { key: 'roots.tmpl', text: rootsTemplate(roots ?? '') },
        ],
        ...(entry.id === null ? {} : { podAnnotations: { [rotationAnnotation]: entry.id } }),
      }).name
    })
    const rules = workloadRules(workloads, watchVerbs)
    const own = { apiGroups: ['batch'], resources: ['jobs'], resourceNames: jobs, verbs: [...watchVerbs] }
    rules.set(namespace, [...(rules.get(namespace) ?? []), own])
    new Access(this, 'access', { name, istioNamespace: namespace, rules, readsRoots: roots !== null })
  }
}

function restartedCalls(id: string): readonly Call[] {
  return [annotatedCall(`${gateFolder}/${presentState}/restarted.yaml`, id), rolledOutCall(`${gateFolder}/${presentState}/rolled-out.yaml`)]
}

/** The folders of the states. `rollout status` and `get` are content with an empty list; `wait` is not: there stands the Job itself, whose template carries the id. */
function stateFiles(
  states: { readonly before: string; readonly after: string },
  lists: { readonly restarted: readonly Stub[]; readonly roots: readonly Stub[]; readonly self: Stub },
): readonly RunFile[] {
  const before = states.before === states.after ? [] : [states.before]
  const passed = [states.after, presentState]
  const has = lists.restarted.length > 0
  const files = [
    { key: 'self.yaml', text: renderStubs([lists.self]), paths: passed.map((state) => `${state}/restarted.yaml`) },
    { key: 'nothing.yaml', text: renderStubs([]), paths: passed.flatMap((state) => [`${state}/rolled-out.yaml`, `${state}/roots.yaml`]) },
    {
      key: 'workloads.yaml',
      text: renderStubs(lists.restarted),
      paths: before.flatMap((state) => [`${state}/restarted.yaml`, `${state}/rolled-out.yaml`]),
    },
    { key: 'roots.yaml', text: renderStubs(lists.roots), paths: before.map((state) => `${state}/roots.yaml`) },
  ]
  return files.filter((file) => file.paths.length > 0 && (has || (file.key !== 'workloads.yaml' && file.key !== 'self.yaml')))
}
