import type { Finding } from '../../base/index.ts'
import { asDnsLabel } from '../clusters.ts'
import { readManifests } from '../manifest.ts'
import { makeReport } from '../report.ts'
import { nameOf } from '../resource.ts'
import { isUnder, readWholeTree } from '../source-tree.ts'
import type { Files } from '../source-tree.ts'
import type { ArgocdCluster } from '../synced-cluster.ts'
import { fewestPaths } from './cluster-paths.ts'
import { makeReading, withNamespacesOf } from './content.ts'
import type { Reading } from './content.ts'
import { rootFile } from './definition.ts'
import type { Definition } from './definition.ts'
import { groupsOf } from './destination-groups.ts'
import type { DestinationGroup } from './destination-groups.ts'
import { fileSearch } from './file-search.ts'
import { withHandApplied } from './hand-applied.ts'
import { ownNamespace } from './own-namespace.ts'
import { ownUrl } from './own-url.ts'
import { ancestorsOf, registerOf } from './register.ts'
import { branchOf, ownRepository } from './repository-url.ts'
import { resolveObjects } from './resolve.ts'
import type { Applied, Resolution, Resolving } from './resolve.ts'
import { argocdWords, readSeeds } from './seeds.ts'
import { unseenClusters } from './unseen-clusters.ts'
import { untoldFinding, untoldGroups, untoldOf } from './untold-groups.ts'
import type { UntoldGroup } from './untold-groups.ts'

/** What tells a control plane in files that are not read whole. */
const meshWords = ['istiod', 'cacerts'] as const

/**
 * The clusters to which Argo CD's Applications of this repository install an istiod, or deliver a Secret cacerts. Where no istiod is found is said, and
 * left out.
 * @param repository the address of this repository; `null` if nobody says it.
 */
export function findArgocdClusters(
  files: Files,
  repository: string | null,
): { readonly clusters: readonly ArgocdCluster[]; readonly findings: readonly Finding[] } {
  const parsing = makeReport()
  const manifests = readManifests(readWholeTree(files), parsing, 'Argo CD')
  const seeds = readSeeds({ manifests, search: fileSearch(manifests.tree) }, [''], '', 'argocd')
  if (!seeds.definitions.some(({ kind }) => kind === 'Application' || kind === 'ApplicationSet')) return { clusters: [], findings: [] }
  const told = ownUrl(manifests, seeds.definitions, repository)
  if ('finding' in told) return { clusters: [], findings: [told.finding] }

  const reading = withNamespacesOf(makeReading(manifests, ownRepository(told.url, null)), seeds.definitions)
  const resolution = resolve(reading, seeds.definitions)
  const report = makeReport()
  for (const finding of [...resolution.findings, ...resolution.applied.flatMap(({ content }) => content.always)]) report.add(finding)
  const groups = groupsOf(resolution)
  const controlled = groups.flatMap((group) => (group.main === null ? [] : [{ group, main: group.main }]))
  const finder: Finder = { reading, resolution, untold: untoldGroups(reading, resolution, groups) }
  for (const group of groups) {
    const finding = untoldFinding(finder.untold, group) ?? (group.main === null ? withoutIstiod(group) : null)
    if (finding !== null) report.add(finding)
  }
  for (const { main } of controlled) for (const unseen of unseenClusters(manifests, resolution, main)) report.add(unseen)
  const clusters = withOwnNames(controlled)
    .map(({ group, main, name }) => clusterOf(finder, group, main, name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  // A file that cannot be read may be the one that was looked for.
  if (clusters.length === 0) for (const problem of parsing.all()) if (seeds.files.has(problem.place.file ?? '')) report.add(problem)
  return { clusters, findings: report.all() }
}

/** What kustomizations make that nobody's Application builds is told with each cluster: here it only matters for which cluster it is. */
function resolve(reading: Reading, seeds: readonly Definition[]): Resolution {
  const resolving: Resolving = {
    reading,
    namespace: 'argocd',
    clustersOf: (secrets) => secrets,
    wordsOf: () => [...argocdWords, ...meshWords],
    irrelevant: () => false,
  }
  const first = resolveObjects(resolving, seeds)
  const everywhere = { paths: [''], ignore: '', namespace: 'argocd' }
  const definitions = withHandApplied(reading, everywhere, seeds, first.applied, makeReport())
  return definitions === seeds ? first : resolveObjects(resolving, definitions)
}

interface Finder {
  readonly reading: Reading
  readonly resolution: Resolution
  readonly untold: readonly UntoldGroup[]
}

function clusterOf({ reading, resolution, untold }: Finder, group: DestinationGroup, main: Applied, name: string): ArgocdCluster {
  const { application } = main
  const near = [
    main,
    ...ancestorsOf(application.definition).flatMap((one) =>
      resolution.applied.filter(({ application: { definition } }) => definition === one),
    ),
  ]
  return {
    type: 'argocd',
    name,
    paths: pathsOf(resolution, group, untoldOf(untold, group)),
    namespace: ownNamespace(resolution, group, main),
    repoURL: reading.own.url,
    branch: followedBranch(reading, [...near, ...group.members]),
    project: application.project,
    destination: group.destination,
    labels: group.labels,
    register: registerOf(reading, name, main, group.folder === null ? resolution.applied : group.around),
    site: application.definition.manifest.site,
  }
}

/**
 * Where whatever nobody applies lies: the Applications that lead to the cluster, their projects, the cluster's Secret, and Argo CD's settings.
 * @param untold Applications that may be the cluster's as well: discovery must see them, to say so at every step.
 */
function pathsOf(resolution: Resolution, group: DestinationGroup, untold: readonly Applied[]): readonly string[] {
  const projects = new Set(group.members.map(({ application }) => application.project))
  const inFolder = (definition: Definition): boolean => group.folder === null || isUnder(rootFile(definition), group.folder)
  const roots = [...group.members, ...untold].map(({ application }) => application.definition)
  const beside = resolution.definitions.filter((definition) => {
    if (definition.parent !== null || !inFolder(definition)) return false
    if (definition.kind === 'AppProject') return projects.has(nameOf(definition.object))
    return definition.kind === 'argocd-cm' || definition.kind === 'pipeline' || definition === group.secret
  })
  const others = resolution.definitions.filter(({ parent }) => parent === null).map(rootFile)
  return fewestPaths(
    [...new Set([...roots, ...beside].map(rootFile))],
    others,
    group.strangers.map(({ application }) => rootFile(application.definition)),
  )
}

/** The branch that the first of some Applications reads of this repository; `null` for the default one. */
function followedBranch({ own }: Reading, applied: readonly Applied[]): string | null {
  for (const { application } of applied) {
    for (const { repoURL, chart, revision } of application.sources) {
      if (chart !== null || !own.is(repoURL)) continue
      if (revision === null || revision === 'HEAD') return null
      const branch = branchOf(revision)
      if (branch !== null) return branch
    }
  }
  return null
}

interface Named {
  readonly group: DestinationGroup
  readonly main: Applied
  readonly name: string
}

/** Names are DNS-1123 labels, each once. */
function withOwnNames(found: readonly Omit<Named, 'name'>[]): readonly Named[] {
  const taken = new Set<string>()
  return found.map((one) => {
    const label = asDnsLabel(one.group.name)
    let name = label
    for (let number = 2; taken.has(name); number++) name = `${label.slice(0, 60)}-${number}`
    taken.add(name)
    return { ...one, name }
  })
}

function withoutIstiod({ destination, members }: DestinationGroup): Finding {
  const [first] = members
  return {
    id: 'argocd/destination',
    severity: 'info',
    place: first === undefined ? {} : first.application.place('spec', 'destination'),
    message: 'no Application of this repository installs an istiod there, so the cluster is left out',
    expected: 'an istiod, or a Secret cacerts',
    found: destination.name ?? destination.server ?? '',
    remedy: 'nothing, if the cluster is not in the mesh; else describe it in reroot.yaml by hand',
  }
}
