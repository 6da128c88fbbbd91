import type { Finding, Place, YamlPath } from '../../base/index.ts'
import { lastPart } from '../chart-install.ts'
import type { ChartInstall } from '../chart-install.ts'
import type { Manifests } from '../manifest.ts'
import { resolvePath } from '../source-tree.ts'
import { asList, asMap, asText, mergeValues, valueAt } from '../value.ts'
import type { Value, ValueMap } from '../value.ts'
import type { Application, ApplicationSource } from './application.ts'
import { chartValues } from './chart-values.ts'
import type { ChartValues } from './chart-values.ts'
import { mostParts, withTemplates } from './chart-templates.ts'
import type { FileSearch } from './file-search.ts'
import { holdsApplications, namesApplications } from './leads.ts'
import type { OwnRepository } from './repository-url.ts'

export interface ChartReading {
  readonly manifests: Manifests
  readonly own: OwnRepository
  readonly search: FileSearch
  /** Findings that count wherever the Application applies to: Applications that nobody can see. */
  reportAlways(finding: Finding): void
  report(finding: Finding): void
}

/** A chart that is not in this repository: its name is all that is known of it. */
export function remoteChart(
  reading: ChartReading,
  application: Application,
  source: ApplicationSource,
  name: string,
): readonly ChartInstall[] {
  const chart = lastPart(name)
  if (chart === 'argocd-apps') reading.reportAlways(hiddenApplications(application, source, `chart ${chart}`))
  const values = chartValues(reading, application, source, null, {})
  if (holdsApplications(values.values)) reading.reportAlways(hiddenApplications(application, source, `values of chart ${chart}`))
  return [install(application, source, { chart, version: source.revision, url: source.repoURL }, values)]
}

/** A chart in a folder of this repository, and the charts that it depends on. */
export function localChart(reading: ChartReading, application: Application, source: ApplicationSource): readonly ChartInstall[] {
  const folder = source.path ?? ''
  const chart = chartFile(reading.manifests, folder)
  if (chart === null) {
    reading.report(noChart(application, source))
    return []
  }
  const given = chartValues(reading, application, source, folder, defaultValues(reading.manifests, folder))
  if (holdsApplications(given.values)) reading.reportAlways(hiddenApplications(application, source, `values of the chart in ${folder}`))
  const valuePlace = (path: YamlPath): Place => given.valuePlace(path) ?? defaultPlace(reading.manifests, folder, path)
  const unpacking = { reading, application, source, missing: given.missing, valuePlace, room: { left: mostCharts } }
  return installsOf(unpacking, folder, chart, given.values, 0)
}

interface Unpacking {
  readonly reading: ChartReading
  readonly application: Application
  readonly source: ApplicationSource
  readonly missing: ChartValues['missing']
  readonly valuePlace: ChartInstall['valuePlace']
  /** How many more charts may be looked into. */
  readonly room: { left: number }
}

// Helm's own limit is the memory; nobody nests charts deeper, nor so many in one. Charts that each depend on ten others are millions, eight deep.
const mostNested = 8
const mostCharts = 1000

function installsOf(unpacking: Unpacking, folder: string, chart: ValueMap, values: ValueMap, depth: number): readonly ChartInstall[] {
  const { reading, application, source, missing, valuePlace } = unpacking
  const own: ChartInstall[] = []
  const all = filesBelow(reading.manifests, join(folder, 'templates'))
  if (all.some((file) => /\.(ya?ml|json)$/.test(file))) {
    const hidden = all.find((file) => namesApplications(reading, file))
    if (hidden !== undefined) reading.reportAlways(hiddenApplications(application, source, hidden))
    const about = { chart: asText(chart['name']), version: asText(chart['version']), url: source.repoURL }
    const made = install(application, source, about, { values, missing, valuePlace })
    for (const one of withTemplates(reading.manifests, made, all)) own.push(one)
  }
  if (depth >= mostNested) return own
  const listed = [
    ...asList(chart['dependencies']),
    ...asList(valueAt(documentOf(reading.manifests, join(folder, 'requirements.yaml')), 'dependencies')),
  ]
  const dependencies = [...listed, ...unlistedCharts(reading.manifests, join(folder, 'charts'), listed)]
  return [...own, ...dependencies.flatMap((dependency) => installsOfDependency(unpacking, folder, dependency, values, depth))]
}

/** Helm renders all that lies in `charts/`, also what Chart.yaml does not list (v3, pkg/chartutil/dependencies.go, processDependencyEnabled). */
function unlistedCharts(manifests: Manifests, charts: string, listed: readonly Value[]): readonly Value[] {
  const known = new Set(listed.map((dependency) => valueAt(dependency, 'name')))
  const names = manifests.tree.entries(charts).flatMap((entry) => {
    if (/^[._]/.test(entry.name)) return []
    if (entry.folder) return chartFile(manifests, entry.path) === null ? [] : [entry.name]
    return /^(.+?)(?:-v?\d+\.\d+.*)?\.tgz$/.exec(entry.name)?.slice(1, 2) ?? []
  })
  return names.filter((name) => !known.has(name)).map((name) => ({ name }))
}

/** A dependency gets the values below its alias or name, and `global` (Helm v3, pkg/chartutil/values.go and dependencies.go). */
function installsOfDependency(
  unpacking: Unpacking,
  folder: string,
  dependency: Value,
  values: ValueMap,
  depth: number,
): readonly ChartInstall[] {
  const { reading, application, source, missing, room } = unpacking
  const { manifests } = reading
  if (room.left === 0) reading.report(tooManyCharts(application, source))
  room.left -= 1
  if (room.left < 0) return []
  const name = asText(valueAt(dependency, 'name'))
  if (name === null || !isEnabled(dependency, values)) return []
  const repository = asText(valueAt(dependency, 'repository')) ?? ''
  const key = asText(valueAt(dependency, 'alias')) ?? name
  const given = asMap(values[key]) ?? {}
  const local = repository.startsWith('file://') ? resolvePath(folder, repository.slice('file://'.length)) : join(folder, `charts/${name}`)
  const chart = local === null ? null : chartFile(manifests, local)
  const withDefaults = local === null || chart === null ? given : mergeValues(defaultValues(manifests, local), given)
  const global = mergeValues(asMap(withDefaults['global']) ?? {}, asMap(values['global']) ?? {})
  const merged = Object.keys(global).length === 0 ? withDefaults : { ...withDefaults, global }
  const valuePlace = (path: YamlPath): Place =>
    local === null || chart === null || valueAt(given, ...path) !== undefined
      ? unpacking.valuePlace([key, ...path])
      : defaultPlace(manifests, local, path)
  if (local !== null && chart !== null) return installsOf({ ...unpacking, valuePlace }, local, chart, merged, depth + 1)
  if (lastPart(name) === 'argocd-apps') reading.reportAlways(hiddenApplications(application, source, `chart ${name}`))
  const version = asText(valueAt(dependency, 'version'))
  return [install(application, source, { chart: lastPart(name), version, url: repository }, { values: merged, missing, valuePlace })]
}

/** `condition`: the first of its paths that has a boolean decides; otherwise `tags`, where one that is on is enough. */
function isEnabled(dependency: Value, values: ValueMap): boolean {
  for (const path of (asText(valueAt(dependency, 'condition')) ?? '').split(',')) {
    const value = valueAt(values, ...path.trim().split('.', mostParts))
    if (typeof value === 'boolean') return value
  }
  const tags = asList(valueAt(dependency, 'tags')).map((tag) => valueAt(values, 'tags', String(tag)))
  return !tags.includes(false) || tags.includes(true)
}

function install(
  application: Application,
  source: ApplicationSource,
  about: Pick<ChartInstall, 'chart' | 'version' | 'url'>,
  { values, missing, valuePlace }: ChartValues,
): ChartInstall {
  const helm = source.spec['helm']
  return {
    ...about,
    by: application.label,
    name: application.name,
    site: application.definition.manifest.site,
    controller: application.id,
    release: asText(valueAt(helm, 'releaseName')) ?? application.name,
    targetNamespace: asText(valueAt(helm, 'namespace')) ?? application.targetNamespace ?? 'default',
    values,
    missingValues: missing,
    valuesBelong: 'values in the Application, or in files of this repository',
    elsewhere: null,
    suspended: null,
    replaced: application.replaces,
    place: (...path) => application.place(...(path.length === 1 && path[0] === 'spec' ? source.at : path)),
    valuePlace: (path) => valuePlace(path) ?? application.place(...source.at),
  }
}

function filesBelow(manifests: Manifests, folder: string): readonly string[] {
  return manifests.tree.entries(folder).flatMap((entry) => (entry.folder ? filesBelow(manifests, entry.path) : [entry.path]))
}

function chartFile(manifests: Manifests, folder: string): ValueMap | null {
  return documentOf(manifests, join(folder, 'Chart.yaml'))
}

function defaultValues(manifests: Manifests, folder: string): ValueMap {
  return documentOf(manifests, join(folder, 'values.yaml')) ?? {}
}

function defaultPlace(manifests: Manifests, folder: string, path: YamlPath): Place {
  const file = join(folder, 'values.yaml')
  return { file, line: manifests.lineOf(file, 0, path) }
}

function documentOf(manifests: Manifests, file: string): ValueMap | null {
  return manifests.tree.hasFile(file) ? asMap(manifests.wholeDocuments(file)[0]?.value) : null
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

function noChart(application: Application, source: ApplicationSource): Finding {
  return {
    id: 'argocd/application',
    severity: 'error',
    place: application.place(...source.at, 'helm'),
    message: 'it asks for Helm, but its folder has no Chart.yaml',
    expected: 'a chart',
    found: source.path === '' ? '(the repository’s root)' : (source.path ?? ''),
    remedy: 'add the file, or take spec.source.helm out of the Application',
  }
}

function tooManyCharts(application: Application, source: ApplicationSource): Finding {
  return {
    id: 'argocd/source',
    severity: 'error',
    place: application.place(...source.at),
    message: 'its chart depends on too many charts, those of its dependencies among them, so what the others install is unknown',
    expected: `at most ${mostCharts} charts`,
    found: 'more',
    remedy: 'take dependencies out of the charts that depend on each other again and again',
  }
}

function hiddenApplications(application: Application, source: ApplicationSource, found: string): Finding {
  return {
    id: 'argocd/source',
    severity: 'error',
    place: application.place(...source.at),
    message: 'a chart makes Applications, and reroot renders no charts, so what these apply is unknown',
    expected: 'Applications as manifests, or an ApplicationSet',
    found,
    remedy:
      'commit what `helm template` makes of it as manifests, below a path of the cluster; or accept this finding and name the namespaces of its meshed workloads: restarts.namespaces',
  }
}
