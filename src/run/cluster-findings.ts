import { parseYamlFile } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import { argocdLimits, missingControlPlane, prunableSecret, unknownZtunnel, wrongNamespace } from '../plan/index.ts'
import type { Discovery } from '../workloads/index.ts'
import type { Loaded, LoadedCluster } from './load.ts'
import { sealedNamespace } from './sealed-state.ts'
import { registeredElsewhere, unregistered } from './step-checks.ts'

/**
 * What stands against a step in one cluster, or should be known before it.
 * @param deliveries what the choice of deliveries found.
 */
export function clusterFindings(
  loaded: Pick<Loaded, 'files' | 'config' | 'written' | 'layout'>,
  cluster: Pick<LoadedCluster, 'config'>,
  discovery: Discovery,
  deliveries: readonly Finding[],
): readonly Finding[] {
  const at = (...path: readonly string[]): { readonly file: string; readonly line: number } => placeIn(loaded, cluster.config.name, path)
  return [
    // What Git does not show is judged by restarts.namespaces: restart/unseen.
    ...discovery.findings.filter((finding) => finding.id !== 'workloads/opaque'),
    ...missingControlPlane(discovery),
    ...unknownZtunnel(discovery, cluster.config.istio.ztunnel),
    ...wrongNamespace(cluster.config, discovery, sealedNamespace(loaded.files, cluster), () => at('istio', 'namespace')),
    ...unregistered(cluster, discovery),
    ...registeredElsewhere(cluster, discovery, () => at('controller', 'register')),
    ...argocdLimits(cluster.config, discovery, loaded.layout.config),
    ...prunableSecret(cluster.config, discovery),
    ...deliveries,
  ]
}

/** Of a key of the cluster in `reroot.yaml`. */
function placeIn(
  { config, written, layout: { config: file } }: Pick<Loaded, 'config' | 'written' | 'layout'>,
  cluster: string,
  path: readonly string[],
): { readonly file: string; readonly line: number } {
  const index = config.clusters.findIndex(({ name }) => name === cluster)
  return { file, line: parseYamlFile(written, file).documents[0]?.lineOf(['clusters', index, ...path]) ?? 1 }
}
