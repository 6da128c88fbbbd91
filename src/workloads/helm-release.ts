import { parseYamlFile } from '../base/index.ts'
import type { Place, YamlPath } from '../base/index.ts'
import type { Inventory, KeptObject } from './inventory.ts'
import type { Manifests } from './manifest.ts'
import type { Report } from './report.ts'
import { asList, asMap, asText, mergeValues, valueAt, withValueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/** A HelmRelease, as far as Git shows it. */
export interface HelmRelease {
  readonly at: KeptObject
  /** Helm's name of the release. */
  readonly release: string
  readonly targetNamespace: string
  /** The chart's name; `null` if Git does not tell. */
  readonly chart: string | null
  readonly version: string | null
  /** URL of the chart's source, or an empty text. */
  readonly url: string
  /** Values of the object and of what it names in `valuesFrom`, as far as Git shows them. */
  readonly values: ValueMap
  /** What `valuesFrom` names and Git does not show. */
  readonly missingValues: readonly { readonly name: string; readonly place: Place }[]
  place(...path: YamlPath): Place
}

/** Reads every HelmRelease (helm.toolkit.fluxcd.io) of an inventory. */
export function readHelmReleases(inventory: Inventory, manifests: Manifests, report: Report): readonly HelmRelease[] {
  return [...inventory.kept.values()]
    .filter(({ object }) => object['kind'] === 'HelmRelease' && (asText(object['apiVersion']) ?? '').startsWith('helm.toolkit.fluxcd.io/'))
    .map((at) => readHelmRelease(at, inventory, manifests, report))
}

function readHelmRelease(at: KeptObject, inventory: Inventory, manifests: Manifests, report: Report): HelmRelease {
  const spec = asMap(at.object['spec']) ?? {}
  const place = (...path: YamlPath): Place => ({
    file: at.site.file,
    line: manifests.lineOf(at.site.file, at.site.document, path),
    object: `HelmRelease ${at.namespace}/${at.name}`,
  })
  const target = asText(spec['targetNamespace'])
  const chart = chartOf(spec, at, inventory, manifests)
  if (chart.name === null) {
    report.add({
      id: 'workloads/helm-chart',
      severity: 'warning',
      place: place('spec'),
      message: 'which chart this HelmRelease installs cannot be told from Git',
      expected: 'spec.chart.spec.chart, or a chartRef to an OCIRepository or HelmChart that Git shows',
      found: JSON.stringify(spec['chartRef'] ?? spec['chart'] ?? null),
      remedy: 'add the source of the chart to Git; if it is none of Istio’s, name its namespace in reroot.yaml: restarts.namespaces',
    })
  }
  const { values, missing } = valuesOf(spec, at.namespace, inventory, place)
  return {
    at,
    // helm-controller, api/v2 GetReleaseName: `<targetNamespace>-<name>`, if a target namespace is set.
    release: asText(spec['releaseName']) ?? (target === null ? at.name : `${target}-${at.name}`),
    targetNamespace: target ?? at.namespace,
    chart: chart.name,
    version: chart.version,
    url: chart.url,
    values,
    missingValues: missing,
    place,
  }
}

interface Chart {
  readonly name: string | null
  readonly version: string | null
  readonly url: string
}

function chartOf(spec: ValueMap, at: KeptObject, inventory: Inventory, manifests: Manifests): Chart {
  const inline = asMap(valueAt(spec, 'chart', 'spec'))
  if (inline !== null) return fromTemplate(inline, at.namespace, inventory, manifests)
  const kind = asText(valueAt(spec, 'chartRef', 'kind')) ?? ''
  const name = asText(valueAt(spec, 'chartRef', 'name')) ?? ''
  const namespace = asText(valueAt(spec, 'chartRef', 'namespace')) ?? at.namespace
  const source = asMap(inventory.kept.get(`${kind} ${namespace}/${name}`)?.object['spec'])
  if (source === null) return { name: null, version: null, url: '' }
  if (kind === 'HelmChart') return fromTemplate(source, namespace, inventory, manifests)
  const url = asText(source['url']) ?? ''
  const version = asText(valueAt(source, 'ref', 'tag')) ?? asText(valueAt(source, 'ref', 'semver'))
  return { name: lastPart(url), version, url }
}

/** `spec.chart.spec` of a HelmRelease and `spec` of a HelmChart have the same shape. */
function fromTemplate(spec: ValueMap, namespace: string, inventory: Inventory, manifests: Manifests): Chart {
  const written = asText(spec['chart'])
  const kind = asText(valueAt(spec, 'sourceRef', 'kind')) ?? 'HelmRepository'
  const name = asText(valueAt(spec, 'sourceRef', 'name')) ?? ''
  const sourceNamespace = asText(valueAt(spec, 'sourceRef', 'namespace')) ?? namespace
  const source = inventory.kept.get(`${kind} ${sourceNamespace}/${name}`)?.object
  const url = asText(valueAt(source, 'spec', 'url')) ?? name
  if (written === null) return { name: null, version: null, url }
  if (kind === 'HelmRepository') return { name: lastPart(written), version: asText(spec['version']), url }
  // A chart in a Git repository: its folder need not have its name.
  const file = `${written.replace(/^\.?\//, '').replace(/\/$/, '')}/Chart.yaml`
  const chart = manifests.tree.hasFile(file) ? manifests.documents(file)[0]?.value : undefined
  return { name: asText(valueAt(chart, 'name')) ?? lastPart(written), version: asText(valueAt(chart, 'version')), url }
}

function lastPart(path: string): string | null {
  return asText(path.replace(/\/+$/, '').split('/').at(-1))
}

function valuesOf(
  spec: ValueMap,
  namespace: string,
  inventory: Inventory,
  place: HelmRelease['place'],
): { readonly values: ValueMap; readonly missing: HelmRelease['missingValues'] } {
  let values: ValueMap = {}
  const missing: { name: string; place: Place }[] = []
  asList(spec['valuesFrom']).forEach((entry, index) => {
    const kind = asText(valueAt(entry, 'kind')) ?? ''
    const name = asText(valueAt(entry, 'name')) ?? ''
    const key = asText(valueAt(entry, 'valuesKey')) ?? 'values.yaml'
    // Secrets are not looked into: what a rotation depends on does not belong there.
    const text = kind === 'ConfigMap' ? asText(inventory.configMaps.get(`${namespace}/${name}`)?.[key]) : null
    if (text === null) missing.push({ name: `${kind} ${namespace}/${name}`, place: place('spec', 'valuesFrom', index) })
    else values = mergeValues(values, fromText(text, asText(valueAt(entry, 'targetPath'))))
  })
  return { values: mergeValues(values, asMap(spec['values']) ?? {}), missing }
}

function fromText(text: string, targetPath: string | null): ValueMap {
  const value: Value = parseYamlFile(new TextEncoder().encode(text), '').documents[0]?.value
  return targetPath === null ? (asMap(value) ?? {}) : withValueAt({}, targetPath.split('.'), () => value)
}
