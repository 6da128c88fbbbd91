import { groupBy } from '../../base/index.ts'
import { longestLifetime } from '../../plan/index.ts'
import type { Layout, Scaffold, ScaffoldCluster } from '../../plan/index.ts'
import { isCloudKey } from '../../seal/index.ts'
import type { Base } from '../base.ts'
import type { FoundCluster } from './find.ts'

/** What the first `reroot.yaml` will say. */
export function scaffoldOf(input: {
  readonly base: Base
  readonly layout: Layout
  readonly clusters: readonly FoundCluster[]
  /** The recipients of each cluster's controller, where init asks for them. */
  readonly controllers: ReadonlyMap<string, readonly string[]>
  readonly mesh: string
  readonly extraRoots: readonly string[]
}): Scaffold {
  const { base, layout, clusters } = input
  return {
    directory: layout.directory,
    mesh: input.mesh,
    trustDomain:
      clusters.flatMap((cluster) => cluster.istiod.map((release) => release.trustDomain)).find((domain) => domain !== null) ??
      'cluster.local',
    remote: base.remote ?? 'origin',
    branch: base.branch,
    extraRoots: input.extraRoots,
    certificateHours: certificateHours(clusters),
    clusters: clusters.map((cluster) => clusterOf(cluster, layout, input.controllers.get(cluster.sync.name) ?? [])),
    unseen: clusters.flatMap((cluster) =>
      cluster.discovery.opaque.map((opaque) => ({
        namespace: opaque.namespace,
        owner: opaque.owner,
        at: `${opaque.site.file}:${opaque.site.line}`,
      })),
    ),
  }
}

/** A shorter time than Istio's own is a promise that Git makes for what it shows alone. */
function certificateHours(clusters: readonly FoundCluster[]): Scaffold['certificateHours'] {
  const longest = longestLifetime(clusters.map(({ discovery }) => discovery))
  if (longest === null || longest.hours <= 24) return null
  const { hours, found, place } = longest
  return { hours, at: `${found}, ${place.file ?? ''}:${place.line ?? 1}` }
}

function clusterOf(found: FoundCluster, layout: Layout, recipients: readonly string[]): ScaffoldCluster {
  const { sync, discovery, istiod, cacerts } = found
  const meshed = groupBy(
    discovery.workloads.filter((workload) => workload.role !== 'control-plane'),
    (workload) => workload.id.namespace,
  )
  const register = registerFile(found, layout)
  return {
    name: sync.name,
    // What people apply by hand is no part of what leads to the cluster, so it is named.
    paths: sync.type === 'flux' ? [sync.path] : [...sync.paths, ...(sync.register === null ? [register] : [])],
    syncAt: `${sync.site.file}:${sync.site.line}`,
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
      cacerts === null ? { file: layout.cluster(sync.name).ownSecret, managed: 'own' } : { file: cacerts.site.file, managed: 'in-place' },
    controller: controllerOf(found, recipients),
    register,
    meshed: [...meshed].map(([namespace, workloads]) => ({ namespace, workloads: workloads.length, why: workloads[0]?.rule ?? '' })),
  }
}

/** Where the one reference to reroot's directory goes. */
function registerFile({ sync }: FoundCluster, layout: Layout): string {
  if (sync.type === 'flux') return `${sync.path}/mesh-ca.yaml`
  return sync.register?.file ?? `${layout.cluster(sync.name).directory}/argocd.yaml`
}

/** The Application that picks the reference up; `null` under Flux, and where nothing in Git does. */
export function registeredBy({ sync }: FoundCluster): string | null {
  return sync.type === 'argocd' ? (sync.register?.by ?? null) : null
}

function controllerOf(found: FoundCluster, recipients: readonly string[]): ScaffoldCluster['controller'] {
  const { sync } = found
  if (sync.type === 'flux')
    return { type: 'flux', namespace: sync.namespace, source: sync.source, ageKeySecret: ageKeySecretOf(found, recipients) }
  const { namespace, project, repoURL, destination, labels } = sync
  // Argo CD takes the name or the address, not both; what ApplicationSets ask for may need both.
  const to = {
    ...(destination.name === null ? {} : { name: destination.name }),
    ...(destination.server === null ? {} : { server: destination.server }),
  }
  return { type: 'argocd', namespace, project, repoURL, destination: to, labels, registeredBy: registeredBy(found) }
}

/**
 * The Secret with which Flux unseals for other Kustomizations already: it is there, and does no harm beside a KMS. Without one, a cluster
 * whose recipients are all keys of a cloud needs none; a Secret that is named and not there would stop Flux before it asks for them.
 */
function ageKeySecretOf({ sync, discovery }: FoundCluster, recipients: readonly string[]): string | null {
  const named = discovery.controllers.flatMap((controller) =>
    controller.type === 'flux' && controller.namespace === sync.namespace ? (controller.decryption?.secret ?? []) : [],
  )
  return named[0] ?? (recipients.length > 0 && recipients.every(isCloudKey) ? null : 'sops-age')
}

/** Revisions as pods name them: a release without one serves `default`. */
function revisionsOf({ istiod }: FoundCluster): readonly string[] {
  const revisions = [...new Set(istiod.map((release) => (release.revision === '' ? 'default' : release.revision)))]
  return revisions.length === 0 ? ['default'] : revisions
}
