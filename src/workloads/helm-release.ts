import { parseYamlFile } from '../base/index.ts'
import type { Place, YamlPath } from '../base/index.ts'
import { setParameter } from './chart-parameters.ts'
import { lastPart, missingAt } from './chart-install.ts'
import type { ChartInstall } from './chart-install.ts'
import { keptKey } from './inventory.ts'
import type { Inventory, KeptObject } from './inventory.ts'
import { lineAt } from './line-at.ts'
import type { Manifests } from './manifest.ts'
import type { Report } from './report.ts'
import { asList, asMap, asText, mergeValues, valueAt } from './value.ts'
import type { ValueMap } from './value.ts'

/** Reads every HelmRelease (helm.toolkit.fluxcd.io) of an inventory. */
export function readHelmReleases(inventory: Inventory, manifests: Manifests, report: Report): readonly ChartInstall[] {
  return [...inventory.kept.values()]
    .filter(({ object }) => object['kind'] === 'HelmRelease' && (asText(object['apiVersion']) ?? '').startsWith('helm.toolkit.fluxcd.io/'))
    .map((at) => readHelmRelease(at, inventory, manifests, report))
}

function readHelmRelease(at: KeptObject, inventory: Inventory, manifests: Manifests, report: Report): ChartInstall {
  const spec = asMap(at.object['spec']) ?? {}
  const place = (...path: YamlPath): Place => ({
    file: at.site.file,
    line: lineAt(manifests, at.site, path),
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
    by: `HelmRelease ${at.namespace}/${at.name}`,
    name: at.name,
    site: at.site,
    controller: at.controller,
    // helm-controller, api/v2 GetReleaseName: `<targetNamespace>-<name>`, if a target namespace is set.
    release: asText(spec['releaseName']) ?? (target === null ? at.name : `${target}-${at.name}`),
    targetNamespace: target ?? at.namespace,
    chart: chart.name,
    version: chart.version,
    url: chart.url,
    values,
    missingValues: missing,
    valuesBelong: 'values in spec.values, or in a ConfigMap that this cluster’s Flux applies',
    elsewhere: spec['kubeConfig'] === undefined ? null : place('spec', 'kubeConfig'),
    suspended: spec['suspend'] === true ? place('spec', 'suspend') : null,
    replaced: false,
    place,
    valuePlace: (path) => (valueAt(spec, 'values', ...path) === undefined ? place('spec', 'valuesFrom') : place('spec', 'values', ...path)),
  }
}

const sources = 'source.toolkit.fluxcd.io'

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
  const source = asMap(inventory.kept.get(keptKey(sources, kind, namespace, name))?.object['spec'])
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
  const source = inventory.kept.get(keptKey(sources, kind, sourceNamespace, name))?.object
  const url = asText(valueAt(source, 'spec', 'url')) ?? name
  if (written === null) return { name: null, version: null, url }
  if (kind === 'HelmRepository') return { name: lastPart(written), version: asText(spec['version']), url }
  // A chart in a Git repository: its folder need not have its name.
  const file = `${written.replace(/^\.?\//, '').replace(/\/$/, '')}/Chart.yaml`
  const chart = manifests.tree.hasFile(file) ? manifests.wholeDocuments(file)[0]?.value : undefined
  return { name: asText(valueAt(chart, 'name')) ?? lastPart(written), version: asText(valueAt(chart, 'version')), url }
}

function valuesOf(
  spec: ValueMap,
  namespace: string,
  inventory: Inventory,
  place: ChartInstall['place'],
): { readonly values: ValueMap; readonly missing: ChartInstall['missingValues'] } {
  let values: ValueMap = {}
  const missing: ReturnType<typeof missingAt>[] = []
  asList(spec['valuesFrom']).forEach((entry, index) => {
    const kind = asText(valueAt(entry, 'kind')) ?? ''
    const name = asText(valueAt(entry, 'name')) ?? ''
    const key = asText(valueAt(entry, 'valuesKey')) ?? 'values.yaml'
    // Secrets are not looked into: what a rotation depends on does not belong there.
    const text = kind === 'ConfigMap' ? asText(inventory.configMaps.get(`${namespace}/${name}`)?.[key]) : null
    if (text === null) missing.push(missingAt(`${kind} ${namespace}/${name}`, () => place('spec', 'valuesFrom', index)))
    else values = withText(values, text, asText(valueAt(entry, 'targetPath')), valueAt(entry, 'literal') === true)
  })
  return { values: mergeValues(values, asMap(spec['values']) ?? {}), missing }
}

/**
 * Without a target path the text holds values to be merged. With one it is a single value, as `--set` has it; in quotes, or with `literal`, it stays
 * text (github.com/fluxcd/pkg/chartutil, ReplacePathValue).
 */
function withText(values: ValueMap, text: string, targetPath: string | null, literal: boolean): ValueMap {
  if (targetPath === null) return mergeValues(values, asMap(parseYamlFile(new TextEncoder().encode(text), '').documents[0]?.value) ?? {})
  const quoted = literal ? null : /^(?:'(.*)'|"(.*)")$/s.exec(text)
  return setParameter(values, targetPath, quoted?.[1] ?? quoted?.[2] ?? text, literal || quoted !== null)
}
