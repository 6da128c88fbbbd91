import { parseYamlFile } from '../base/index.ts'
import { certificateLifetimes } from './certificate-lifetime.ts'
import { injectsByDefault } from './default-injection.ts'
import { generatedWorkloads } from './generated-workloads.ts'
import type { Inventory } from './inventory.ts'
import { plainIstiod } from './istio-chart.ts'
import { walkArgocd } from './argocd/walk.ts'
import type { Manifests } from './manifest.ts'
import { byPlace, judgeAll } from './members.ts'
import { makeNamespaces } from './namespaces.ts'
import type { Labels } from './namespaces.ts'
import { reportOperated } from './operated.ts'
import type { Covered } from './operated.ts'
import { opaqueReleases, readReleases, servedRevisions, workloadsOfReleases } from './releases.ts'
import { makeReport } from './report.ts'
import type { Report } from './report.ts'
import { repositoryPath } from './source-tree.ts'
import type { Files } from './source-tree.ts'
import type { ArgocdSettings, Controller, Destination, Discovery, IstioRelease } from './types.ts'
import { reportUnseenIstiods, shownRevisions } from './unseen-istiod.ts'
import type { RevisionUses, ShownRevisions } from './unseen-istiod.ts'
import { asMap, asText } from './value.ts'
import type { ValueMap } from './value.ts'
import { reportMachine } from './virtual-machine.ts'
import { walkFlux } from './walk.ts'

/** Who applies this repository to a cluster. */
export type DiscoveredController =
  | { readonly type: 'flux'; readonly source: { readonly kind: string; readonly name: string } }
  | {
      readonly type: 'argocd'
      /** Argo CD's own. */
      readonly namespace: string
      readonly repoURL: string
      readonly branch: string
      readonly destination: Destination
      /** Labels of the cluster Secret, stated by people. */
      readonly labels: Readonly<Record<string, string>>
    }

/** What a cluster's discovery starts from. */
export interface DiscoveredCluster {
  readonly name: string
  /** Flux: folders that the cluster's own syncs. Argo CD: folders or files with the Applications that lead to the cluster. */
  readonly paths: readonly string[]
  readonly controller: DiscoveredController
  /** `revisions`: revisions and tags that exist; `null`: those that Git shows. */
  readonly istio: { readonly namespace: string; readonly revisions: readonly string[] | null }
  /** Labels that `reroot.yaml` states for namespaces that Git does not show. */
  readonly namespaces: ReadonlyMap<string, Labels>
  /** What `reroot.yaml` restarts although Git does not show it; nothing, if it is not said. */
  readonly covered?: Covered
  /** reroot's own folder: of what is written there only the `cacerts` Secret counts. */
  readonly ignore: string
}

/**
 * What one cluster's Flux or Argo CD applies, following its Kustomizations or Applications from the cluster's paths. Never throws for what files
 * hold: that is findings.
 */
export function discover(files: Files, cluster: DiscoveredCluster): Discovery {
  const report = makeReport()
  const { manifests, inventory, controllers, argocd } = walk(files, cluster, report)
  const tool = cluster.controller.type === 'flux' ? 'Flux' : 'Argo CD'
  const releases = readReleases(inventory, manifests, report)
  const byDefault = injectsByDefault(inventory, releases)
  const namespaces = makeNamespaces(cluster.name, inventory, { stated: cluster.namespaces, byDefault }, report, tool)

  const shown = shownRevisions(inventory, servedRevisions(releases))
  const uses: RevisionUses = new Map()
  const members = judgeAll(inventory.pods, {
    cluster: cluster.name,
    namespaces,
    byDefault,
    revisions: revisionsOf(cluster, shown),
    uses,
    report,
  })
  const workloads = [...members.workloads, ...workloadsOfReleases(cluster.name, releases, namespaces, uses)]
  const opaque = [
    ...opaqueReleases(cluster.name, releases, namespaces, byDefault, report),
    ...generatedWorkloads(cluster.name, inventory, cluster.istio.namespace, namespaces, report),
  ]
  const covered = cluster.covered ?? { namespaces: [], workloads: [] }
  const operated = reportOperated(cluster.name, inventory, { namespaces, byDefault }, covered, report)
  for (const machine of inventory.machines) reportMachine(cluster.name, machine, report)
  const facts = namespaces.facts()
  const istiods = reportUnseenIstiods(cluster.name, uses, { shown, namespaces: facts, byDefault }, covered, report)
  const outside = members.outside.map(({ id }) => id)
  const lifetimes = certificateLifetimes(inventory, releases, outside, manifests, report)
  return {
    cluster: cluster.name,
    workloads: workloads.toSorted((a, b) => byPlace(a.id, b.id)),
    outside: members.outside.toSorted((a, b) => byPlace(a.id, b.id)),
    namespaces: facts,
    opaque,
    settled: [...operated, ...istiods],
    controllers,
    istio: [...releases.istio.map(({ facts: release }) => release), ...plainControlPlanes(inventory)],
    certificateLifetimes: lifetimes,
    cacerts: inventory.cacerts,
    argocd,
    findings: report.all().map((finding) => ({ ...finding, place: { cluster: cluster.name, ...finding.place } })),
  }
}

interface Walk {
  readonly manifests: Manifests
  readonly inventory: Inventory
  readonly controllers: readonly Controller[]
  readonly argocd: ArgocdSettings | null
}

function walk(files: Files, cluster: DiscoveredCluster, report: Report): Walk {
  const { name, paths, controller } = cluster
  const ignore = repositoryPath(cluster.ignore)
  if (controller.type === 'argocd') return walkArgocd(files, { name, paths, ignore, ...controller }, report)
  return { ...walkFlux(files, { name, paths, ignore, source: controller.source }, report), argocd: null }
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
function revisionsOf(cluster: DiscoveredCluster, { served, tags }: ShownRevisions): ReadonlySet<string> | null {
  if (cluster.istio.revisions !== null) return new Set(cluster.istio.revisions)
  const found = new Set([...served, ...tags.keys()])
  return found.size === 0 ? null : found
}
