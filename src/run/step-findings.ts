import type { Finding } from '../base/index.ts'
import { acceptFindings, chooseDeliveries, shortCertificateHours, unmatchedSettings, unusedAcceptances } from '../plan/index.ts'
import type { ChosenRestart } from '../plan/index.ts'
import type { Step } from '../rotation/index.ts'
import type { Discovery } from '../workloads/index.ts'
import { clusterFindings } from './cluster-findings.ts'
import { discoverCluster, meshFindings } from './load.ts'
import type { Loaded, LoadedCluster } from './load.ts'
import { liveSecretFindings } from './sealed-state.ts'

/** What each cluster's controller applies. */
export type Discoveries = ReadonlyMap<LoadedCluster, Discovery>

export function discoverAll(loaded: Loaded): Discoveries {
  return new Map(loaded.clusters.map((cluster) => [cluster, discoverCluster(loaded, cluster)]))
}

/**
 * How a step restarts the workloads of each cluster that takes it, and all findings about that. Those of severity error refuse it.
 * @param waits whether the step before must be complete, which the lifetime of certificates may be the evidence for.
 */
export function examine(
  loaded: Loaded,
  discoveries: Discoveries,
  step: Step,
  clusters: readonly LoadedCluster[],
  waits: boolean,
): { readonly chosen: ReadonlyMap<LoadedCluster, readonly ChosenRestart[]>; readonly findings: readonly Finding[] } {
  const workloads = [...discoveries.values()].flatMap((discovery) => discovery.workloads)
  const file = loaded.layout.config
  const hours = shortCertificateHours(loaded.config, file, [...discoveries.values()])
  const findings: Finding[] = [
    ...meshFindings(loaded),
    ...unmatchedSettings(loaded.config, file, workloads),
    // What waits for no certificate must not be held by one, least of all a way back.
    ...(waits ? hours : hours.map((finding) => ({ ...finding, severity: 'warning' }) as const)),
  ]
  const chosen = new Map<LoadedCluster, readonly ChosenRestart[]>()
  for (const cluster of clusters) {
    const discovery = discoveryOf(cluster, discoveries)
    const { restarts, findings: about } = chooseDeliveries(loaded.config, cluster.config, discovery, step)
    chosen.set(cluster, restarts)
    findings.push(...clusterFindings(loaded, cluster, discovery, about))
    // A leaked key does not wait until somebody knows what happened to the Secret.
    if (step !== 'replace') findings.push(...liveSecretFindings(loaded.files, cluster))
  }
  const { accept } = loaded.config
  const settled = [...discoveries.values()].flatMap((discovery) => discovery.settled.map(({ finding }) => finding))
  const unused = clusters.length < loaded.clusters.length ? [] : unusedAcceptances([...findings, ...settled], accept, file)
  return { chosen, findings: [...acceptFindings(findings, accept), ...unused] }
}

/** @throws TypeError if the cluster was not discovered. */
export function discoveryOf(cluster: LoadedCluster, discoveries: Discoveries): Discovery {
  const discovery = discoveries.get(cluster)
  if (discovery === undefined) throw new TypeError('a cluster was not discovered')
  return discovery
}
