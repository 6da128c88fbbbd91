import { parseYamlFile } from '../../base/index.ts'
import type { Finding } from '../../base/index.ts'
import type { Applier } from '../applier.ts'
import { emptyInventory, takeInventory } from '../inventory.ts'
import type { Inventory } from '../inventory.ts'
import { readManifests } from '../manifest.ts'
import type { Manifests } from '../manifest.ts'
import { makeReport } from '../report.ts'
import type { Report } from '../report.ts'
import { isUnder, readWholeTree } from '../source-tree.ts'
import type { Files } from '../source-tree.ts'
import type { ArgocdApplicationFacts, ArgocdSettings, ControllerId, Destination } from '../types.ts'
import { asMap, textMap } from '../value.ts'
import { takeNamespace } from '../namespace-definition.ts'
import { applicationsToCome } from './applications-to-come.ts'
import { staysWithArgocd } from './argocds-own.ts'
import { checkApplication, checkSwallowed } from './application-checks.ts'
import type { OwnFolder } from './application-checks.ts'
import { makeReading, withNamespacesOf } from './content.ts'
import type { Reading } from './content.ts'
import { applicationFacts } from './application-facts.ts'
import { placeOf } from './definition.ts'
import { duplicateApplication, hiddenChart, linkFindings, untoldDestination } from './findings.ts'
import { withHandApplied } from './hand-applied.ts'
import { headBesideBranch } from './head-revision.ts'
import { ignoreRulesOf, ignoreRulesOfSettings } from './ignored.ts'
import type { IgnoreRule } from './ignored.ts'
import { destinationJudge, withBuiltIn } from './known-clusters.ts'
import type { KnownCluster } from './known-clusters.ts'
import { filesReached } from './kustomize-source.ts'
import { checkPipeline } from './pipelines.ts'
import { ownRepository } from './repository-url.ts'
import { resolveObjects } from './resolve.ts'
import type { Applied, Resolution, Resolving } from './resolve.ts'
import { argocdWords, readSeeds } from './seeds.ts'
import type { Seeds } from './seeds.ts'
import { settingsOf } from './settings.ts'

/** The cluster whose Applications are followed. */
export interface ArgocdWalkedCluster {
  readonly name: string
  readonly paths: readonly string[]
  /** reroot's own folder. */
  readonly ignore: string
  /** Argo CD's own namespace. */
  readonly namespace: string
  readonly repoURL: string
  readonly branch: string
  readonly destination: Destination
  /** Labels of its cluster Secret that people state. */
  readonly labels: Readonly<Record<string, string>>
}

export interface ArgocdWalk {
  readonly manifests: Manifests
  readonly inventory: Inventory
  readonly controllers: readonly ArgocdApplicationFacts[]
  readonly argocd: ArgocdSettings
}

/** Follows Argo CD's Applications from a cluster's paths, and takes the facts of what those for the cluster apply. */
export function walkArgocd(files: Files, cluster: ArgocdWalkedCluster, report: Report): ArgocdWalk {
  const parsing = makeReport()
  const manifests = readManifests(readWholeTree(files), parsing, 'Argo CD')
  const plain = makeReading(manifests, ownRepository(cluster.repoURL, cluster.branch), cluster.namespace)
  const seeds = readSeeds(plain, cluster.paths, cluster.ignore, cluster.namespace)
  const reading = withNamespacesOf(plain, seeds.definitions)
  const resolution = resolve(reading, cluster, seeds, report)
  const judge = destinationJudge(cluster.destination, resolution.secrets)
  const argocd = settingsOf(manifests, resolution, cluster.namespace)

  const inventory = emptyInventory()
  const here = ofThisCluster(reading, resolution, cluster, judge, report)
  const rules = rulesOfSettings(manifests, resolution, cluster.namespace)
  for (const applied of here) takeApplication(inventory, applied, [...ignoreRulesOf(applied.application), ...rules], cluster, report)
  for (const { application } of here) labelNamespace(inventory, application, report)
  for (const finding of headBesideBranch(reading, here, resolution, cluster.ignore)) report.add(finding)
  for (const finding of linkFindings(files)) report.add(finding)
  reportObjects(reading, resolution, cluster, judge, report)
  reportFiles(parsing.all(), seeds, resolution, here, report)
  return { manifests, inventory, controllers: here.map(applicationFacts), argocd }
}

/** Kustomizations that people apply by hand are known only when it is known what Applications build. */
function resolve(reading: Reading, cluster: ArgocdWalkedCluster, seeds: Seeds, report: Report): Resolution {
  const resolving = resolvingOf(reading, cluster)
  const first = resolveObjects(resolving, seeds.definitions)
  const definitions = withHandApplied(reading, cluster, seeds.definitions, first.applied, report)
  return definitions === seeds.definitions ? first : resolveObjects(resolving, definitions)
}

function resolvingOf(reading: Reading, cluster: ArgocdWalkedCluster): Resolving {
  return {
    reading,
    namespace: cluster.namespace,
    clustersOf: (secrets) => clustersOf(cluster, secrets),
    wordsOf: (destination, secrets) => (destinationJudge(cluster.destination, secrets)(destination) === 'this' ? null : argocdWords),
    irrelevant: (destination, secrets) => destinationJudge(cluster.destination, secrets)(destination) === 'other',
  }
}

/**
 * The clusters that a generator sees: this one, with what its Secret shows and what `reroot.yaml` states, and the others whose Secrets Git shows in the
 * clear. Those whose name or address is sealed are left out: this one is there anyway.
 */
function clustersOf(cluster: ArgocdWalkedCluster, secrets: readonly KnownCluster[]): readonly KnownCluster[] {
  const judge = destinationJudge(cluster.destination, secrets)
  const own = secrets.find((secret) => judge(secret) === 'this')
  const others = secrets.filter((secret) => judge(secret) === 'other' && secret.name !== null && secret.server !== null)
  const pair = withBuiltIn(secrets).find(({ name, server }) => name === cluster.destination.name || server === cluster.destination.server)
  const stated = Object.keys(cluster.labels).length > 0
  const labels = own === undefined && !stated ? null : { ...own?.labels, ...cluster.labels }
  return [
    {
      name: cluster.destination.name ?? pair?.name ?? null,
      server: cluster.destination.server ?? pair?.server ?? null,
      labels,
      annotations: own?.annotations ?? {},
      definition: own?.definition ?? null,
    },
    ...others,
  ]
}

/** The Applications for this cluster, each id once; what cannot be told of others is reported. */
function ofThisCluster(
  reading: Reading,
  resolution: Resolution,
  cluster: ArgocdWalkedCluster,
  judge: ReturnType<typeof destinationJudge>,
  report: Report,
): readonly Applied[] {
  const byId = new Map<ControllerId, Applied>()
  const untold = new Map<string, { readonly first: Applied; count: number }>()
  for (const applied of resolution.applied) {
    const { application, problems } = applied
    const whose = judge(application.destination)
    if (whose === 'unknown' && staysWithArgocd(reading, application, cluster.namespace)) continue
    if (whose !== 'other') for (const problem of problems) report.add(problem)
    const { name, server } = application.destination
    if (whose === 'unknown' && (name === null) !== (server === null)) {
      const key = `${name ?? ''}\0${server ?? ''}`
      const known = untold.get(key)
      if (known === undefined) untold.set(key, { first: applied, count: 1 })
      else known.count += 1
    }
    if (whose !== 'this') continue
    const first = byId.get(application.id)
    if (first === undefined) byId.set(application.id, applied)
    else report.add(duplicateApplication(applied, first))
  }
  for (const { first, count } of untold.values()) report.add(untoldDestination(first.application, count))
  return [...byId.values()]
}

function takeApplication(
  inventory: Inventory,
  applied: Applied,
  rules: readonly IgnoreRule[],
  cluster: ArgocdWalkedCluster,
  report: Report,
): void {
  const { content } = applied
  const namespace = applied.application.targetNamespace
  for (const finding of content.findings) {
    if (namespace !== null && content.unseen.includes(finding)) inventory.unseen.push({ namespace, finding })
    else report.add(finding)
  }
  const own = cluster.ignore !== '' && content.paths.some((path) => isUnder(path, cluster.ignore))
  takeInventory(inventory, applierOf(applied, rules), content.resources, cluster.ignore, report)
  if (!own) for (const chart of content.charts) inventory.charts.push(chart)
  for (const finding of checkApplication(applied, rules, inventory.cacerts, cluster.ignore)) report.add(finding)
}

function applierOf({ application, content }: Applied, rules: readonly IgnoreRule[]): Applier {
  const { fixedRevision } = content
  return {
    id: application.id,
    tool: 'Argo CD',
    label: application.label,
    namespace: application.targetNamespace,
    prunes: application.prunes,
    replaces: application.replaces,
    undeliverable(object) {
      if (fixedRevision !== null) return `${application.label} reads revision ${fixedRevision}, not the branch`
      if (rules.some((rule) => rule.hidesTemplate(object)))
        return `${application.label} ignores differences of its pod template (ignoreDifferences)`
      return null
    },
  }
}

/** Labels that Argo CD gives to a namespace that it makes (`managedNamespaceMetadata`). */
function labelNamespace(inventory: Inventory, application: Applied['application'], report: Report): void {
  const { id, namespaceLabels, targetNamespace, definition } = application
  if (namespaceLabels === null || targetNamespace === null) return
  const managed = { labels: textMap(namespaceLabels), site: definition.manifest.site, controller: id, managed: true }
  takeNamespace(inventory.namespaces, targetNamespace, managed, report)
}

function rulesOfSettings(manifests: Manifests, { definitions }: Resolution, namespace: string): readonly IgnoreRule[] {
  const parse = (text: string): unknown => parseYamlFile(new TextEncoder().encode(text), '').documents[0]?.value
  return definitions
    .filter((definition) => definition.kind === 'argocd-cm' && definition.namespace === namespace)
    .flatMap((definition) =>
      ignoreRulesOfSettings(asMap(definition.object['data']) ?? {}, parse, () => placeOf(manifests, definition, 'data')),
    )
}

/** What counts whatever cluster it is about. */
function reportObjects(
  reading: Reading,
  resolution: Resolution,
  cluster: ArgocdWalkedCluster,
  judge: ReturnType<typeof destinationJudge>,
  report: Report,
): void {
  const { ignore: folder, namespace } = cluster
  const existing = reading.manifests.tree.files.filter((file) => folder !== '' && isUnder(file, folder))
  const filesBuilt = (path: string): ReadonlySet<string> => filesReached(reading.manifests, path)
  const around: OwnFolder = { folder, cluster: cluster.name, namespace, own: reading.own, judge, existing, filesBuilt }
  for (const finding of resolution.findings) report.add(finding)
  for (const { application, content } of resolution.applied) {
    for (const finding of content.always) report.add(finding)
    for (const finding of checkSwallowed(application, around)) report.add(finding)
  }
  for (const application of applicationsToCome(resolvingOf(reading, cluster), resolution, `${folder}/clusters/${cluster.name}`))
    for (const finding of checkSwallowed(application, around)) report.add(finding)
  for (const definition of resolution.definitions) {
    if (definition.kind !== 'pipeline') continue
    for (const finding of checkPipeline(reading, definition, cluster.ignore)) report.add(finding)
  }
}

/** Problems of files that this cluster's Applications read, and of those that hold Argo CD's objects, or may. */
function reportFiles(problems: readonly Finding[], seeds: Seeds, resolution: Resolution, here: readonly Applied[], report: Report): void {
  const read = new Set(here.flatMap(({ content }) => [...content.files]))
  const leading = new Set(resolution.applied.flatMap(({ content }) => (content.leads ? [...content.files] : [])))
  for (const problem of problems) {
    const file = problem.place.file ?? ''
    const leads = (seeds.files.has(file) || leading.has(file)) && problem.id !== 'workloads/not-an-object'
    if (read.has(file) || leads) report.add(problem)
  }
  const built = resolution.applied.flatMap(({ content }) => content.paths)
  for (const [chart, file] of seeds.charts) if (!built.some((path) => isUnder(chart, path))) report.add(hiddenChart(file))
}
