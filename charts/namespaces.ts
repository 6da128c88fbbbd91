import { Construct } from 'constructs'
import type * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js'
import { RerootError } from '../src/base/index.ts'
import type { WorkloadId } from '../src/base/index.ts'
import { linkName, rolledOutBy } from '../src/plan/index.ts'
import type { RestartList, Wave } from '../src/rotation/index.ts'
import { Access, watchVerbs } from './access.ts'
import { injectionRules, meshedTemplate, namespaceTemplate } from './injection.ts'
import { resourceOf, restartPatch } from './objects.ts'
import type { ClusterProps } from './props.ts'
import { gateFolder, Run } from './run.ts'
import type { Call, RunFile } from './run.ts'
import { restartOnlyScript, restartScript, rolledOutScript } from './scripts.ts'

/**
 * Restarts whatever is meshed, at that moment, in namespaces whose workloads Git does not show, and waits for the rollouts, unless no wave waits
 * for those of another.
 */
export class NamespaceRestarts extends Construct {
  constructor(scope: Construct, id: string, props: { readonly cluster: ClusterProps; readonly step: RestartList; readonly wave: Wave }) {
    super(scope, id)
    const { cluster, step, wave } = props
    if (wave.namespaces.length === 0) return
    const name = linkName(wave.name, 'namespaces')
    const call = namespaceCall(cluster, `${gateFolder}/restart.sh`, wave.namespaces, step.id)

    new Access(this, 'access', {
      name,
      istioNamespace: cluster.istioNamespace,
      rules: namespaceRules(wave.namespaces),
      readsRoots: false,
    })
    new Run(this, 'run', {
      id: step.id,
      wave: wave.name,
      part: 'namespaces',
      cluster,
      image: call.image,
      serviceAccount: name,
      calls: [call],
      files: () => [{ key: 'restart.sh', text: cluster.breaksMutualTls ? restartOnlyScript : restartScript }, ...meshedFiles(listed(step))],
    })
  }
}

/** While mutual TLS is broken: waits at the end of the chain for the rollouts of what {@link NamespaceRestarts} has restarted, wave by wave. */
export class NamespaceGate extends Construct {
  constructor(scope: Construct, id: string, props: { readonly cluster: ClusterProps; readonly step: RestartList; readonly wave: Wave }) {
    super(scope, id)
    const { cluster, step, wave } = props
    const namespaces = cluster.breaksMutualTls ? rolledOutBy(wave, step, true).flatMap((one) => one.namespaces) : []
    if (namespaces.length === 0) return
    const name = linkName(wave.name, 'namespaces-gate')
    const call = namespaceCall(cluster, `${gateFolder}/rolled-out.sh`, namespaces, step.id)

    new Access(this, 'access', {
      name,
      istioNamespace: cluster.istioNamespace,
      rules: namespaceRules(namespaces, watchVerbs),
      readsRoots: false,
    })
    new Run(this, 'run', {
      id: step.id,
      wave: wave.name,
      part: 'namespaces-gate',
      cluster,
      image: call.image,
      serviceAccount: name,
      calls: [{ ...call, name: 'rolled-out' }],
      files: () => [{ key: 'rolled-out.sh', text: rolledOutScript }, ...meshedFiles(listed(step))],
    })
  }
}

/**
 * Runs a script on all that is meshed in namespaces; it needs {@link meshedFiles} beside it.
 * @throws RerootError CONFIG_INVALID without an image that has a shell: the list was frozen when the configuration named one.
 */
export function namespaceCall(
  cluster: ClusterProps,
  script: string,
  namespaces: readonly string[],
  id: string,
): Call & { readonly image: string } {
  const { shellImage } = cluster.gates
  if (shellImage === null)
    throw new RerootError(
      'CONFIG_INVALID',
      `gates.shellImage is not set, and the step restarts what is meshed in ${namespaces.join(', ')}`,
      {
        hint: 'set gates.shellImage in reroot.yaml to an image of yours that has sh and kubectl, until the step after this one is merged',
      },
    )
  return {
    name: 'restart',
    image: shellImage,
    command: ['sh', script],
    env: [
      { name: 'NAMESPACES', value: namespaces.join(' ') },
      { name: 'PATCH', value: restartPatch(id) },
    ],
  }
}

/** Everything that the step's list names: restarted by another way, or left to expire. */
export function listed(step: RestartList): readonly WorkloadId[] {
  return step.waves.flatMap((wave) => wave.restarts.map((restart) => restart.workload))
}

/** By these files the script finds what is meshed. */
export function meshedFiles(except: readonly WorkloadId[]): readonly RunFile[] {
  return [
    { key: 'namespace.tmpl', text: namespaceTemplate },
    ...injectionRules.map((rule) => ({ key: `${rule}.tmpl`, text: meshedTemplate(rule, except) })),
  ]
}

/** In these namespaces the names are not known beforehand. A Role may grant its own Namespace: the API server counts that as inside. */
export function namespaceRules(
  namespaces: readonly string[],
  verbs: readonly string[] = [...watchVerbs, 'patch'],
): Map<string, k8s.PolicyRule[]> {
  return new Map(
    namespaces.map((namespace) => [
      namespace,
      [
        { apiGroups: [''], resources: ['namespaces'], resourceNames: [namespace], verbs: ['get'] },
        { apiGroups: ['apps'], resources: Object.values(resourceOf), verbs: [...verbs] },
      ],
    ]),
  )
}
