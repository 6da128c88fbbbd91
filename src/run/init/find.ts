import { RerootError } from '../../base/index.ts'
import type { Finding, FindingId } from '../../base/index.ts'
import { rotationHindrances } from '../../mesh/index.ts'
import type { Files } from '../../ports.ts'
import { discover, findArgocdClusters, findFluxClusters } from '../../workloads/index.ts'
import type { CacertsSite, DiscoveredCluster, Discovery, IstioRelease, SyncedCluster } from '../../workloads/index.ts'
import { cacertsFindings } from './cacerts.ts'
import { readControllerObjects } from './controller-objects.ts'
import { hasSealedDestination, hiddenClusters, overruled, refuseHidden } from './hidden.ts'
import { leftOut } from './left-out.ts'
import type { LeftOut } from './left-out.ts'
import { guessedFrom, withChosenNames } from './names.ts'
import { pinnedClusters, withPinnedParents } from './pinned.ts'

/** What a person says because Git may not. */
export interface InitAnswers {
  /** Only these clusters; empty: all that are found. */
  readonly clusters: readonly string[]
  /** Names that people choose, by what tells the cluster. */
  readonly names: ReadonlyMap<string, string>
  readonly istioVersion: string | null
  readonly istioNamespace: string | null
  /** This repository, as Argo CD's Applications name it; `null`: it is told from the remote's URL, or from the paths that they read. */
  readonly repoURL: string | null
}

/** A cluster as `init` finds it. */
export interface FoundCluster {
  /** Who syncs it, and from where. */
  readonly sync: SyncedCluster
  /** The server of whose address its name was made; `null` if somebody gave it. */
  readonly nameFrom: string | null
  readonly discovery: Discovery
  readonly istiod: readonly IstioRelease[]
  readonly istioNamespace: string
  readonly version: string
  readonly versionAt: string
  readonly ztunnel: string | null
  readonly caProvider: string
  /** The sealed `cacerts` that the repository has; `null`: it has none. */
  readonly cacerts: CacertsSite | null
}

/** What is searched: the URL of the clone's remote, if it has one, and the branch that the files are of. */
interface Place {
  readonly url: string | null
  readonly branch: string
}

export interface FoundClusters {
  readonly clusters: readonly FoundCluster[]
  readonly leftOut: readonly LeftOut[]
  readonly findings: readonly Finding[]
}

/**
 * Looks for the clusters that Flux or Argo CD syncs from this repository, and at what is applied to each of them.
 * @throws RerootError REFUSED if a cluster may have been overlooked; CA_UNSUPPORTED with everything that cannot be taken over, by name.
 */
export function findClusters(files: Files, directory: string, answers: InitAnswers, at: Place): FoundClusters {
  const flux = findFluxClusters(files)
  const argocd = findArgocdClusters(files, answers.repoURL ?? at.url)
  const seen: readonly SyncedCluster[] = [...flux.clusters, ...argocd.clusters]
  const found = withChosenNames(seen, answers.names)
  const guessed = new Map(found.flatMap((one, index) => (one.name === seen[index]?.name ? [[one, guessedFrom(one)]] : [])))
  const notes = [...flux.findings, ...argocd.findings]
  const written = readControllerObjects(files, directory)
  const hiddenFrom = (clusters: readonly FoundCluster[]): readonly Finding[] =>
    hiddenClusters(
      files,
      { flux: flux.clusters, argocd: argocd.clusters, notes, discoveries: clusters.map((cluster) => cluster.discovery) },
      written,
      { directory, repository: answers.repoURL ?? at.url, branch: at.branch },
    )
  const wanted = wantedOf(found, answers.clusters, () => [...new Set([...notes, ...hiddenFrom([])])])
  const pinned = pinnedClusters(wanted, written.objects)
  const clusters = wanted.map((sync) => ({
    ...describeCluster(files, directory, sync, answers, at.branch),
    nameFrom: guessed.get(sync) ?? null,
  }))
  const hidden = hiddenFrom(clusters)
  const readable = clusters.filter(({ sync }) => sync.type === 'flux' || !hasSealedDestination(sync))
  if (answers.clusters.length === 0)
    refuseHidden(
      hidden,
      readable.map(({ sync }) => sync.name),
    )
  const hindering = clusters.flatMap((cluster) => [
    ...cacertsFindings(cluster),
    ...hindrances(cluster),
    ...cluster.discovery.findings.filter((finding) => forbidding.has(finding.id)),
  ])
  const refused = [...pinned, ...hindering]
  if (refused.length > 0) {
    throw new RerootError('CA_UNSUPPORTED', 'this mesh cannot be taken over as it is', {
      hint: 'mend what is listed; nothing was written',
      findings: refused,
    })
  }
  const others = notes.filter((note) => !hidden.includes(note))
  return {
    clusters,
    leftOut: leftOut(
      notes,
      found.filter((one) => !wanted.includes(one)),
    ),
    findings: withPinnedParents([...others, ...overruled(hidden), ...clusters.flatMap((cluster) => cluster.discovery.findings)], notes),
  }
}

// What reroot writes would not be seen, or would be applied or pushed in the clear.
const forbidding = new Set<FindingId>(['flux/hidden', 'argocd/swallowed', 'argocd/rendered'])

function wantedOf(found: readonly SyncedCluster[], asked: readonly string[], findings: () => readonly Finding[]): readonly SyncedCluster[] {
  const names = found.map((cluster) => cluster.name)
  const unknown = asked.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new RerootError('USAGE', `no such cluster: ${unknown.join(', ')}`, {
      hint: `this repository is synced to: ${names.join(', ') || 'no cluster'}`,
      findings: findings(),
    })
  }
  const wanted = found.filter((cluster) => asked.length === 0 || asked.includes(cluster.name))
  if (wanted.length > 0) return wanted
  throw new RerootError('REFUSED', 'no cluster was found that Flux or Argo CD syncs from this repository', {
    hint: 'reroot looks on the branch that they read for a GitRepository and a Kustomization beside it (gotk-sync.yaml of `flux bootstrap`), or for an Application that installs istiod from here',
    findings: findings(),
  })
}

function describeCluster(
  files: Files,
  directory: string,
  sync: SyncedCluster,
  answers: InitAnswers,
  branch: string,
): Omit<FoundCluster, 'nameFrom'> {
  const discovery = discover(files, {
    name: sync.name,
    ...startOf(sync, branch),
    istio: { namespace: answers.istioNamespace ?? 'istio-system', revisions: null },
    namespaces: new Map(),
    ignore: `${directory}/`,
  })
  const istiod = discovery.istio.filter((release) => release.chart === 'istiod')
  const [first] = istiod
  const version = answers.istioVersion ?? first?.version ?? null
  if (version === null) {
    throw new RerootError('USAGE', `Git does not show which Istio ${sync.name} runs`, {
      hint: 'say it with --istio-version 1.30.3 (`istioctl version`); or, if the cluster is not in the mesh, name all that are with --cluster',
      findings: discovery.findings.filter((finding) => finding.severity === 'error'),
    })
  }
  const shown =
    first === undefined ? 'said on the command line' : `${first.release} in ${first.namespace}, ${first.site.file}:${first.site.line}`
  return {
    sync,
    discovery,
    istiod,
    istioNamespace: answers.istioNamespace ?? first?.namespace ?? 'istio-system',
    version,
    versionAt: answers.istioVersion === null ? shown : 'said on the command line',
    ztunnel: discovery.istio.find((release) => release.chart === 'ztunnel')?.version ?? null,
    caProvider: istiod.find((release) => release.caProvider !== 'istiod')?.caProvider ?? 'istiod',
    cacerts: discovery.cacerts.find((site) => site.form === 'sops') ?? null,
  }
}

/** Where discovery starts. */
function startOf(sync: SyncedCluster, branch: string): Pick<DiscoveredCluster, 'paths' | 'controller'> {
  if (sync.type === 'flux') return { paths: [sync.path], controller: { type: 'flux', source: sync.source } }
  const { paths, namespace, repoURL, destination, labels } = sync
  return { paths, controller: { type: 'argocd', namespace, repoURL, branch: sync.branch ?? branch, destination, labels } }
}

function hindrances(cluster: FoundCluster): readonly Finding[] {
  const { sync, version, istioNamespace, ztunnel, caProvider } = cluster
  return rotationHindrances(
    {
      name: sync.name,
      istio: { namespace: istioNamespace, version, ztunnel, caProvider, revisions: ['default'], istiod: [], multiRoot: false },
    },
    cluster.istiod[0]?.site.file ?? sync.site.file,
  )
}
