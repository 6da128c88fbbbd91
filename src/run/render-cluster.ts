import type { ClusterProps } from '../../charts/index.ts'
import type { ClusterConfig, Config } from '../mesh/index.ts'
import type { Certificate } from '../pki/index.ts'
import { applicationName } from '../plan/index.ts'
import { follow, lastTransition, rootBundleText } from '../rotation/index.ts'
import type { ClusterRecord, MeshRecord, Phase, RestartList } from '../rotation/index.ts'
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
  const last = lastTransition(record)
  // Right after the first change set of an in-place Secret, the list is still that of the step before: nothing of it is rendered anew.
  const step = last !== null && restarts?.id === last.id ? restarts : null
  const before = follow(record.transitions.slice(0, -1), last?.from ?? record.state)
  return {
    cluster: cluster.config.name,
    directory: cluster.layout.directory,
    istioNamespace: cluster.config.istio.namespace,
    controller: controllerProps(cluster.config, config),
    gates: config.gates,
    cacerts: cluster.config.cacerts,
    state: record.state,
    roots: { before: step === null || !before.ok ? null : bundle(before.phase), after: step === null ? null : bundle(record.phase) },
    step,
  }
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
