import type { Finding } from '../../base/index.ts'
import type { ChartInstall } from '../chart-install.ts'
import { kustomizationFilesIn } from '../kustomization-file.ts'
import type { Manifests } from '../manifest.ts'
import { makeReport } from '../report.ts'
import type { Report } from '../report.ts'
import { groupVersion, isClusterScoped, nameOf, namespaceOf } from '../resource.ts'
import type { Resource } from '../resource.ts'
import { asList, asMap, asText, mergeValues, valueAt } from '../value.ts'
import type { ValueMap } from '../value.ts'
import type { Application, ApplicationSource } from './application.ts'
import { localChart, remoteChart } from './chart-source.ts'
import type { ChartReading } from './chart-source.ts'
import { contentProblems, fixedFinding, missingFolder, plugin, withReason } from './content-findings.ts'
import type { Definition } from './definition.ts'
import { leadsToApplications } from './leads.ts'
import { remoteSource } from './remote-source.ts'
import { directoryResources } from './directory.ts'
import { fileSearch, noteFiles } from './file-search.ts'
import type { FileSearch } from './file-search.ts'
import { filesReached, kustomizeResources } from './kustomize-source.ts'
import type { OwnRepository } from './repository-url.ts'

/** What one Application applies, as far as this repository shows it. */
export interface Content {
  readonly resources: readonly Resource[]
  readonly charts: readonly ChartInstall[]
  /** Problems that count if the Application applies to the cluster. */
  readonly findings: readonly Finding[]
  /** Those of the findings that do not count if the Application's namespace is known to be outside of the mesh. */
  readonly unseen: readonly Finding[]
  /** Problems that count wherever it applies to: they hide Applications. */
  readonly always: readonly Finding[]
  /** Files that were read: problems in them count with the others. */
  readonly files: ReadonlySet<string>
  /** Whether it applies Applications, or may: then whatever cannot be read of it counts. */
  readonly leads: boolean
  /** Its folders in this repository. */
  readonly paths: readonly string[]
  /** A revision of this repository that is not the branch; `null` if it follows the branch. */
  readonly fixedRevision: string | null
}

/** What is read with. Problems of files go where `manifests` was told; who reads takes those of `Content.files`. */
export interface Reading {
  readonly manifests: Manifests
  readonly own: OwnRepository
  readonly search: FileSearch
  /** Argo CD's own namespace: what is applied there may be Applications for any cluster. */
  readonly namespace: string
  /** Others where Argo CD looks for Applications, in its own cluster (`application.namespaces`). */
  readonly namespaces: ReadonlySet<string>
}

export function makeReading(manifests: Manifests, own: OwnRepository, namespace = 'argocd'): Reading {
  return { manifests, own, search: fileSearch(manifests.tree), namespace, namespaces: new Set() }
}

/** The same, with the namespaces where Applications are, or may be as projects have it. */
export function withNamespacesOf(reading: Reading, definitions: readonly Definition[]): Reading {
  const namespaces = definitions.flatMap(({ kind, namespace, object }) => {
    if (kind === 'AppProject') return asList(valueAt(object, 'spec', 'sourceNamespaces')).flatMap((name) => asText(name) ?? [])
    return kind === 'Application' || kind === 'ApplicationSet' ? [namespace] : []
  })
  return { ...reading, namespaces: new Set(namespaces) }
}

/**
 * Reads what an Application applies, as Argo CD's repo-server generates it (v3.5.1, reposerver/repository/repository.go).
 * @param words if only objects are wanted that hold one of them: what holds none is not even built; `null`: everything.
 */
export function readContent(reading: Reading, application: Application, words: readonly string[] | null): Content {
  const files = new Set<string>()
  const [report, unseen, always] = [makeReport(), makeReport(), makeReport()]
  const state: State = { reading, application, words, manifests: noteFiles(reading.manifests, files), report, unseen, always }
  const resources: Resource[] = []
  const charts: ChartInstall[] = []
  const paths: string[] = []
  let fixedRevision: string | null = null
  const fixed: ApplicationSource[] = []
  for (const written of application.sources) {
    const source = withOverrides(reading, application, written)
    if (reading.own.is(source.repoURL) && source.chart === null) {
      if (!reading.own.follows(source.revision)) {
        fixedRevision = source.revision
        fixed.push(source)
      }
      if (source.path !== null) paths.push(source.path)
    }
    const made = readSource(state, source)
    for (const resource of made.resources) resources.push(resource)
    for (const chart of made.charts) charts.push(chart)
  }
  const leads = leadsToApplications(reading, application, resources)
  for (const source of fixed) report.add(fixedFinding(reading.own, application, source, leads))
  return {
    resources: lastOfEach(resources, application),
    charts,
    ...contentProblems({ ...state, leads, report: report.all(), unseen: unseen.all(), always: always.all() }),
    leads,
    files,
    paths,
    fixedRevision,
  }
}

interface State {
  readonly reading: Reading
  readonly application: Application
  readonly words: readonly string[] | null
  readonly manifests: Manifests
  readonly report: Report
  readonly unseen: Report
  readonly always: Report
}

type Made = Pick<Content, 'resources' | 'charts'>
const nothing: Made = { resources: [], charts: [] }

function readSource(state: State, source: ApplicationSource): Made {
  const { reading, application, manifests, report, unseen, always } = state
  const charts: ChartReading = {
    ...reading,
    manifests,
    reportAlways: (finding) => always.add(finding),
    report: (finding) => report.add(finding),
  }
  const cannotBeSeen = (finding: Finding): void => unseen.add(withReason(finding))
  if (source.chart !== null) return { resources: [], charts: remoteChart(charts, application, source, source.chart) }
  if (source.path === null && source.ref !== null) return nothing // it only holds values
  if (!reading.own.is(source.repoURL))
    return { resources: [], charts: remoteSource({ ...charts, report: cannotBeSeen }, application, source) }

  const here: ApplicationSource = { ...source, path: source.path ?? '' }
  if (!manifests.tree.hasFolder(here.path ?? '')) {
    report.add(missingFolder(application, here))
    return nothing
  }
  switch (sourceTypeOf(manifests, here)) {
    case 'helm':
      return { resources: [], charts: localChart(charts, application, here) }
    case 'kustomize':
      if (application.targetNamespace !== reading.namespace && !holdsWords(state, here)) return nothing
      return { resources: kustomizeResources(manifests, application, here, report), charts: [] }
    case 'directory': {
      const directory = { ...charts, report: cannotBeSeen, unnoted: reading.manifests, words: state.words }
      return { resources: directoryResources(directory, application, here), charts: [] }
    }
    default:
      cannotBeSeen(plugin(application, here))
      return nothing
  }
}

/**
 * An explicit field decides, else a kustomization file in the folder, else a chart's (util/app/discovery: the walk goes by name, and the later
 * of `Chart.yaml`, `Kustomization` and `kustomization.yaml` wins).
 */
export function sourceTypeOf(manifests: Manifests, { spec, path }: ApplicationSource): 'kustomize' | 'helm' | 'directory' | 'plugin' {
  for (const type of ['kustomize', 'helm', 'directory', 'plugin'] as const) if (asMap(spec[type]) !== null) return type
  const folder = path ?? ''
  if (kustomizationFilesIn(manifests, folder).length > 0) return 'kustomize'
  return manifests.tree.entries(folder).some(({ name, folder: below }) => !below && name.endsWith('Chart.yaml')) ? 'helm' : 'directory'
}

function holdsWords({ reading, words }: State, source: ApplicationSource): boolean {
  if (words === null) return true
  return [...filesReached(reading.manifests, source.path ?? '')].some((file) => reading.search.hasAny(file, words))
}

/** `.argocd-source.yaml` and `.argocd-source-<application>.yaml` of the folder change how it is read (mergeSourceParameters). */
function withOverrides({ manifests, own }: Reading, application: Application, source: ApplicationSource): ApplicationSource {
  if (source.path === null || !own.is(source.repoURL)) return source
  let spec: ValueMap = source.spec
  for (const name of ['.argocd-source.yaml', `.argocd-source-${application.name}.yaml`]) {
    const file = source.path === '' ? name : `${source.path}/${name}`
    const change = manifests.tree.hasFile(file) ? asMap(manifests.wholeDocuments(file)[0]?.value) : null
    if (change !== null) spec = mergeValues(spec, change)
  }
  return spec === source.spec ? source : { ...source, spec }
}

/**
 * Where two sources make one object, the later one counts (controller/state.go, DeduplicateTargetObjects). Namespaces are all kept: two that ask for
 * different injection are a mistake.
 */
function lastOfEach(resources: readonly Resource[], application: Application): readonly Resource[] {
  const last = new Map<string, Resource>()
  resources.forEach((resource, index) => {
    const { object } = resource
    const { group } = groupVersion(asText(object['apiVersion']) ?? '')
    const namespace = isClusterScoped(object) ? '' : (namespaceOf(object) ?? application.targetNamespace ?? '')
    const all = object['kind'] === 'Namespace' ? [index] : []
    last.set([group, object['kind'], namespace, nameOf(object), ...all].join('\0'), resource)
  })
  return last.size === resources.length ? resources : [...last.values()]
}
