import { Construct } from 'constructs'
import type { k8s } from 'cdk8s-plus-27'
import type { WorkloadId } from '../src/base/index.ts'
import type { EntryGate, RestartList, Wave } from '../src/rotation/index.ts'
import { Access, watchVerbs } from './access.ts'
import { stateVariable } from './entry-gate.ts'
import { injectionRules, meshedTemplate, namespaceTemplate } from './injection.ts'
import { linkName, rotationAnnotation, stateName } from './names.ts'
import { resourceOf, restartSpec } from './objects.ts'
import type { ClusterProps } from './props.ts'
import { gateFolder, Run } from './run.ts'
import type { RunFile } from './run.ts'
import { entryScript, restartScript, sinceTemplate } from './scripts.ts'

/** Restarts whatever is meshed, at that moment, in namespaces whose workloads Git does not show, and waits for the rollouts. */
export class NamespaceRestarts extends Construct {
  constructor(scope: Construct, id: string, props: { readonly cluster: ClusterProps; readonly step: RestartList; readonly wave: Wave }) {
    super(scope, id)
    const { cluster, step, wave } = props
    if (wave.namespaces.length === 0) return
    const name = linkName(wave.name, 'namespaces')

    new Access(this, 'access', {
      name,
      istioNamespace: cluster.istioNamespace,
      rules: namespaceRules(wave.namespaces, ['patch']),
      readsRoots: false,
    })
    new Run(this, 'run', {
      id: step.id,
      wave: wave.name,
      part: 'namespaces',
      namespace: cluster.istioNamespace,
      image: shellImage(cluster, wave.namespaces),
      serviceAccount: name,
      calls: [
        {
          name: 'restart',
          command: ['sh', `${gateFolder}/restart.sh`],
          env: [
            { name: 'NAMESPACES', value: wave.namespaces.join(' ') },
            { name: 'PATCH', value: JSON.stringify({ spec: restartSpec(rotationAnnotation, step.id) }) },
          ],
        },
      ],
      files: () => [{ key: 'restart.sh', text: restartScript }, ...templates(listed(step))],
    })
  }
}

/** The entry gate's look at such namespaces: what is meshed there, and older than the present state, carries the last restart. */
export class NamespaceEntryGate extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { readonly cluster: ClusterProps; readonly step: RestartList; readonly entry: EntryGate },
  ) {
    super(scope, id)
    const { cluster, step, entry } = props
    if (entry.id === null || entry.namespaces.length === 0 || entry.state === cluster.state) return
    const name = linkName('entry-gate', 'namespaces')
    const rules = namespaceRules(entry.namespaces, [])
    const readsState = { apiGroups: [''], resources: ['configmaps'], resourceNames: [stateName], verbs: ['get'] }
    rules.set(cluster.istioNamespace, [...(rules.get(cluster.istioNamespace) ?? []), readsState])

    new Access(this, 'access', { name, istioNamespace: cluster.istioNamespace, rules, readsRoots: false })
    const env = {
      NAMESPACES: entry.namespaces.join(' '),
      ISTIO_NAMESPACE: cluster.istioNamespace,
      BEFORE: entry.state,
      AFTER: cluster.state,
    }
    // An `$since` that the script defines in front of the template.
    const lacking = `(ne $rotation ${JSON.stringify(entry.id)}) (lt .metadata.creationTimestamp $since)`
    const except = [...listed(step), ...entry.workloads]
    new Run(this, 'run', {
      id: step.id,
      wave: 'entry',
      part: 'namespaces',
      namespace: cluster.istioNamespace,
      image: shellImage(cluster, entry.namespaces),
      serviceAccount: name,
      calls: [
        {
          name: 'restarted',
          command: ['sh', `${gateFolder}/entry.sh`],
          env: [stateVariable, ...Object.entries(env).map(([variable, value]) => ({ name: variable, value }))],
        },
      ],
      files: () => [
        { key: 'entry.sh', text: entryScript },
        { key: 'since.tmpl', text: sinceTemplate },
        ...templates(except),
        ...injectionRules.map((rule) => ({ key: `lacking-${rule}.tmpl`, text: meshedTemplate(rule, except, lacking) })),
      ],
    })
  }
}

function shellImage(cluster: ClusterProps, namespaces: readonly string[]): string {
  if (cluster.gates.shellImage === null) throw new TypeError(`gates.shellImage is needed for the namespaces ${namespaces.join(', ')}`)
  return cluster.gates.shellImage
}

/** Everything that the step's list names: restarted by another way, or left to expire. */
function listed(step: RestartList): readonly WorkloadId[] {
  return step.waves.flatMap((wave) => wave.restarts.map((restart) => restart.workload))
}

function templates(except: readonly WorkloadId[]): readonly RunFile[] {
  return [
    { key: 'namespace.tmpl', text: namespaceTemplate },
    ...injectionRules.map((rule) => ({ key: `${rule}.tmpl`, text: meshedTemplate(rule, except) })),
  ]
}

/** In these namespaces the names are not known beforehand. A Role may grant its own Namespace: the API server counts that as inside. */
function namespaceRules(namespaces: readonly string[], verbs: readonly string[]): Map<string, k8s.PolicyRule[]> {
  return new Map(
    namespaces.map((namespace) => [
      namespace,
      [
        { apiGroups: [''], resources: ['namespaces'], resourceNames: [namespace], verbs: ['get'] },
        { apiGroups: ['apps'], resources: Object.values(resourceOf), verbs: [...watchVerbs, ...verbs] },
      ],
    ]),
  )
}
