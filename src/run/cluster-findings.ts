import type { Finding } from '../base/index.ts'
import { argocdLimits, missingControlPlane, prunableSecret, unknownZtunnel } from '../plan/index.ts'
import type { Discovery } from '../workloads/index.ts'
import type { Loaded, LoadedCluster } from './load.ts'
import { unregistered } from './step-checks.ts'

/**
 * What stands against a step in one cluster, or should be known before it.
 * @param deliveries what the choice of deliveries found.
 */
export function clusterFindings(
  loaded: Pick<Loaded, 'config' | 'layout'>,
  cluster: Pick<LoadedCluster, 'config'>,
  discovery: Discovery,
  deliveries: readonly Finding[],
): readonly Finding[] {
  return [
    // What Git does not show is judged by restarts.namespaces: restart/unseen.
    ...discovery.findings.filter((finding) => finding.id !== 'workloads/opaque'),
    ...missingControlPlane(discovery),
    ...unknownZtunnel(discovery, cluster.config.istio.ztunnel),
    ...unregistered(cluster, discovery),
    ...argocdLimits(cluster.config, discovery, loaded.layout.config),
    ...prunableSecret(cluster.config, discovery),
    ...deliveries,
  ]
}
