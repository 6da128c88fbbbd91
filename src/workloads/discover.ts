import { parseYamlFile } from '../base/index.ts'
import { generatedWorkloads } from './generated-workloads.ts'
import type { Inventory } from './inventory.ts'
import { plainIstiod } from './istio-chart.ts'
import { readManifests } from './manifest.ts'
import { byPlace, judgeAll } from './members.ts'
import { makeNamespaces } from './namespaces.ts'
import type { Labels } from './namespaces.ts'
import { injectsByDefault, opaqueReleases, readReleases, servedRevisions, workloadsOfReleases } from './releases.ts'
import type { Releases } from './releases.ts'
import { makeReport } from './report.ts'
import type { Report } from './report.ts'
import { sourceIgnoreOf } from './sources.ts'
import { readTree, repositoryPath } from './source-tree.ts'
import type { Files, SourceTree } from './source-tree.ts'
import type { Discovery, IstioRelease } from './types.ts'
import { asMap, asText, valueAt } from './value.ts'
import type { ValueMap } from './value.ts'
import { walk } from './walk.ts'

/** What a cluster's discovery starts from. */
export interface DiscoveredCluster {
  readonly name: string
  /** Folders that the cluster's own Flux syncs. */
  readonly paths: readonly string[]
  readonly source: { readonly kind: string; readonly name: string }
  /** `revisions`: revisions and tags that exist; `null`: those that Git shows. */
  readonly istio: { readonly namespace: string; readonly revisions: readonly string[] | null }
  /** Labels that `reroot.yaml` states for namespaces that Git does not show. */
  readonly namespaces: ReadonlyMap<string, Labels>
  /** reroot's own folder: of what is written there only the `cacerts` Secret counts. */
  readonly ignore: string
}

/** What one cluster's Flux applies, following Kustomizations from the cluster's paths. Never throws for what files hold: that is findings. */
export function discover(files: Files, cluster: DiscoveredCluster): Discovery {
  const report = makeReport()
  const tree = readTree(files, sourceIgnoreOf(files, cluster))
  const manifests = readManifests(tree, report)
  const ignore = repositoryPath(cluster.ignore)
  reportHidden(tree, cluster, ignore, report)
  const { inventory, controllers } = walk(manifests, { ...cluster, ignore }, report)
  const releases = readReleases(inventory, manifests, report)
  const namespaces = makeNamespaces(cluster.name, inventory, cluster.namespaces, report)

  const members = judgeAll(inventory.pods, {
    cluster: cluster.name,
    namespaces,
    byDefault: injectsByDefault(releases),
    revisions: revisionsOf(cluster, inventory, releases),
    report,
  })
  const workloads = [...members.workloads, ...workloadsOfReleases(cluster.name, releases, namespaces)]
  const opaque = [
    ...opaqueReleases(cluster.name, releases, namespaces, report),
    ...generatedWorkloads(cluster.name, inventory, cluster.istio.namespace, namespaces, report),
  ]
  const facts = namespaces.facts()
  return {
    cluster: cluster.name,
    workloads: workloads.toSorted((a, b) => byPlace(a.id, b.id)),
    outside: members.outside.toSorted((a, b) => byPlace(a.id, b.id)),
    namespaces: facts,
    opaque,
    controllers,
    istio: [...releases.istio.map(({ facts: release }) => release), ...plainControlPlanes(inventory)],
    cacerts: inventory.cacerts,
    findings: report.all().map((finding) => ({ ...finding, place: { cluster: cluster.name, ...finding.place } })),
  }
}

/** What reroot writes must reach Flux: a source that lists what it takes does not know reroot's folder. */
function reportHidden(tree: SourceTree, cluster: DiscoveredCluster, directory: string, report: Report): void {
  const written = `${directory}/clusters/${cluster.name}/flux.yaml`
  if (!tree.hides(written)) return
  report.add({
    id: 'flux/hidden',
    severity: 'error',
    place: { cluster: cluster.name, object: `${cluster.source.kind} ${cluster.source.name}` },
    message: `the source leaves out ${directory}/, so Flux would not see what reroot writes`,
    expected: `a source that takes ${written}`,
    found: 'a pattern of .sourceignore or of spec.ignore that hides it',
    remedy: `add the line !/${directory}/ to .sourceignore (or spec.ignore), or choose another --directory`,
  })
}

function plainControlPlanes(inventory: Inventory): readonly IstioRelease[] {
  return inventory.pods.flatMap(({ istiod, name, namespace, definition }) => {
    if (istiod === null) return []
    const suffix = istiod.revision === 'default' ? '' : `-${istiod.revision}`
    const mesh = asText(inventory.configMaps.get(`${namespace}/istio${suffix}`)?.['mesh'])
    return [plainIstiod(name, namespace, definition, istiod, mesh === null ? {} : parsedMap(mesh))]
  })
}

function parsedMap(text: string): ValueMap {
  return asMap(parseYamlFile(new TextEncoder().encode(text), '').documents[0]?.value) ?? {}
}

/** Revisions and tags that labels may name; `null` if nothing says which exist. */
function revisionsOf(cluster: DiscoveredCluster, inventory: Inventory, releases: Releases): ReadonlySet<string> | null {
  if (cluster.istio.revisions !== null) return new Set(cluster.istio.revisions)
  const found = new Set(servedRevisions(releases))
  for (const { istiod } of inventory.pods) if (istiod !== null) found.add(istiod.revision)
  for (const { object, name } of inventory.kept.values()) {
    const tag = object['kind'] === 'IstioRevisionTag' ? name : asText(valueAt(object, 'metadata', 'labels', 'istio.io/tag'))
    if (tag !== null) found.add(tag)
  }
  return found.size === 0 ? null : found
}
