import type { ClusterProps } from '../../charts/index.ts'
import type { ClusterConfig, Config } from '../mesh/index.ts'
import type { Certificate } from '../pki/index.ts'
import { applicationName } from '../plan/index.ts'
import { follow, rootBundleText, stateOf } from '../rotation/index.ts'
import type { ClusterRecord, MeshRecord, Phase, RestartList, Step } from '../rotation/index.ts'
import type { LoadedCluster } from './load.ts'

/** What the charts need to know of a cluster. Everything but sealed files follows from it, offline and without keys. */
export function clusterProps(input: {
  readonly config: Config
  readonly mesh: MeshRecord
  readonly extraRoots: readonly Certificate[]
  readonly cluster: Pick<LoadedCluster, 'config' | 'layout'>
  readonly record: ClusterRecord
  readonly restarts: RestartList | null
}): ClusterProps {
  const { config, cluster, record, restarts } = input
  const bundle = (phase: Phase): string => rootBundleText(input.mesh, phase, input.extraRoots, record.adoptedRootBundle)
  const shown = shownTransition(record, restarts)
  return {
    cluster: cluster.config.name,
    directory: cluster.layout.directory,
    istioNamespace: cluster.config.istio.namespace,
    controller: controllerProps(cluster.config, config),
    gates: config.gates,
    cacerts: cluster.config.cacerts,
    state: shown === null ? record.state : stateOf(shown.after),
    roots: { before: shown === null ? null : bundle(shown.before), after: shown === null ? null : bundle(shown.after) },
    breaksMutualTls: shown?.step === 'replace',
    step: shown === null ? null : restarts,
  }
}

/**
 * The phases around the step of the frozen list. Between the two pull requests of a Secret in place that is the step before: the record is
 * one ahead of the list, and of all that is rendered from it.
 */
function shownTransition(
  { transitions, state }: ClusterRecord,
  restarts: RestartList | null,
): { readonly step: Step; readonly before: Phase; readonly after: Phase } | null {
  const index = transitions.findIndex(({ id }) => id === restarts?.id)
  const transition = transitions[index]
  if (transition === undefined) return null
  const phaseAfter = (count: number): Phase => {
    const history = follow(transitions.slice(0, count), transitions[0]?.from ?? state)
    if (!history.ok) throw new TypeError(`the record was read, but does not hang together: ${history.message}`)
    return history.phase
  }
  return { step: transition.step, before: phaseAfter(index), after: phaseAfter(index + 1) }
}

function controllerProps({ name, controller }: ClusterConfig, config: Config): ClusterProps['controller'] {
  if (controller.type === 'flux') {
    const { type, namespace, source, ageKeySecret, serviceAccountName } = controller
    return { type, namespace, source, ageKeySecret, serviceAccountName }
  }
  const { type, namespace, project, repoURL, destination } = controller
  // Argo CD refuses a destination with both.
  const to = destination.name === undefined ? { server: destination.server ?? '' } : { name: destination.name }
  return { type, namespace, application: applicationName(name), project, repoURL, branch: config.git.branch, destination: to }
}
