import { groupBy } from '../../base/index.ts'
import type { Layout, Scaffold, ScaffoldCluster } from '../../plan/index.ts'
import type { Base } from '../base.ts'
import type { FoundCluster } from './find.ts'

/** What the first `reroot.yaml` will say. */
export function scaffoldOf(input: {
  readonly base: Base
  readonly layout: Layout
  readonly clusters: readonly FoundCluster[]
  readonly mesh: string
  readonly extraRoots: readonly string[]
}): Scaffold {
  const { base, layout, clusters } = input
  return {
    mesh: input.mesh,
    trustDomain:
      clusters.flatMap((cluster) => cluster.istiod.map((release) => release.trustDomain)).find((domain) => domain !== null) ??
      'cluster.local',
    remote: base.remote ?? 'origin',
    branch: base.branch,
    extraRoots: input.extraRoots,
    clusters: clusters.map((cluster) => clusterOf(cluster, layout)),
    unseen: clusters.flatMap((cluster) =>
      cluster.discovery.opaque.map((opaque) => ({
        namespace: opaque.namespace,
        owner: opaque.owner,
        at: `${opaque.site.file}:${opaque.site.line}`,
      })),
    ),
  }
}

function clusterOf(found: FoundCluster, layout: Layout): ScaffoldCluster {
  const { flux, discovery, istiod, cacerts } = found
  const meshed = groupBy(
    discovery.workloads.filter((workload) => workload.role !== 'control-plane'),
    (workload) => workload.id.namespace,
  )
  return {
    name: flux.name,
    path: flux.path,
    syncAt: `${flux.site.file}:${flux.site.line}`,
    istioNamespace: found.istioNamespace,
    version: found.version,
    versionAt: found.versionAt,
    revisions: revisionsOf(found),
    istiod: discovery.workloads.some((workload) => workload.role === 'control-plane')
      ? []
      : revisionsOf(found).map((revision) => (revision === 'default' ? 'istiod' : `istiod-${revision}`)),
    multiRoot: istiod.some((release) => release.multiRoot),
    ztunnel: found.ztunnel,
    caProvider: found.caProvider,
    cacerts:
      cacerts === null ? { file: layout.cluster(flux.name).ownSecret, managed: 'own' } : { file: cacerts.site.file, managed: 'in-place' },
    controllerNamespace: flux.namespace,
    source: flux.source,
    register: `${flux.path}/mesh-ca.yaml`,
    ageKeySecret:
      discovery.controllers.find((controller) => controller.namespace === flux.namespace && controller.decryptsWith !== null)
        ?.decryptsWith ?? 'sops-age',
    meshed: [...meshed].map(([namespace, workloads]) => ({ namespace, workloads: workloads.length, why: workloads[0]?.rule ?? '' })),
  }
}

/** Revisions as pods name them: a release without one serves `default`. */
function revisionsOf({ istiod }: FoundCluster): readonly string[] {
  const revisions = [...new Set(istiod.map((release) => (release.revision === '' ? 'default' : release.revision)))]
  return revisions.length === 0 ? ['default'] : revisions
}
