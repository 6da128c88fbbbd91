import type { ChartInstall } from './chart-install.ts'
import type { IstiodContainer } from './pod-owner.ts'
import type { IstioRelease, Site } from './types.ts'
import { asMap, asText, scalarText, textMap, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

export type IstioChart = IstioRelease['chart']

/** Names under which Istio's charts are published, or lie in its repository. */
const chartNames: ReadonlyMap<string, IstioChart> = new Map([
  ['base', 'base'],
  ['istiod', 'istiod'],
  ['istio-discovery', 'istiod'],
  ['cni', 'cni'],
  ['istio-cni', 'cni'],
  ['ztunnel', 'ztunnel'],
  ['gateway', 'gateway'],
])
// Other people have charts of these names as well.
const commonNames = new Set(['base', 'cni', 'gateway'])

/** @returns which of Istio's charts is installed; `null` if none. */
export function istioChartOf(release: ChartInstall): IstioChart | null {
  const chart = release.chart === null ? undefined : chartNames.get(release.chart)
  if (chart === undefined || release.chart === null) return null
  const context = [release.url, release.release, release.targetNamespace, release.name]
  return commonNames.has(release.chart) && !context.some((text) => text.includes('istio')) ? null : chart
}

/** The revision that values of a chart name; `null` for the default one. */
export function revisionOf(values: ValueMap): string | null {
  return textValue(values['revision'])
}

/** A value as a chart prints it: `revision: 124` is as good as text. Nothing, and an empty text, mean the chart's own. */
function textValue(value: Value): string | null {
  const text = scalarText(value)
  return text === '' ? null : text
}

/** Facts of a release of one of Istio's charts. */
export function istioReleaseOf(release: ChartInstall, chart: IstioChart): IstioRelease {
  const { values } = release
  return {
    chart,
    release: release.release,
    namespace: release.targetNamespace,
    site: release.site,
    version: release.version,
    revision: revisionOf(values) ?? 'default',
    multiRoot: environmentOf(values)['ISTIO_MULTIROOT_MESH'] === 'true',
    trustDomain: asText(valueAt(values, 'meshConfig', 'trustDomain')) ?? asText(valueAt(values, 'global', 'trustDomain')),
    caProvider: caProviderOf(environmentOf(values), settingsOf(values)),
  }
}

/** Facts of an istiod that is written as a plain Deployment. */
export function plainIstiod(name: string, namespace: string, site: Site, container: IstiodContainer, meshConfig: ValueMap): IstioRelease {
  return {
    chart: 'istiod',
    release: name,
    namespace,
    site,
    version: container.version,
    revision: container.revision,
    multiRoot: container.environment['ISTIO_MULTIROOT_MESH'] === 'true',
    trustDomain: asText(meshConfig['trustDomain']),
    caProvider: caProviderOf(container.environment, { caAddress: container.environment['CA_ADDR'] }),
  }
}

/** The environment of istiod: chart values `env` since 1.24, `pilot.env` always; the latter wins (zzy_descope_legacy.yaml). */
function environmentOf(values: ValueMap): Readonly<Record<string, string>> {
  return { ...textMap(values['env']), ...textMap(valueAt(values, 'pilot', 'env')) }
}

function settingsOf(values: ValueMap): ValueMap {
  return { ...asMap(values['global']), ...(values['caAddress'] === undefined ? {} : { caAddress: values['caAddress'] }) }
}

/** `istiod`, or the values because of which something else signs, or the plugged-in CA is not used as it must be. */
function caProviderOf(environment: Readonly<Record<string, string>>, settings: ValueMap): string {
  const asked: readonly (readonly [string, Value, (value: string) => boolean])[] = [
    ['EXTERNAL_CA', environment['EXTERNAL_CA'], () => true],
    ['ENABLE_CA_SERVER', environment['ENABLE_CA_SERVER'], (value) => value === 'false'],
    ['PILOT_CERT_PROVIDER', environment['PILOT_CERT_PROVIDER'], (value) => value !== 'istiod'],
    ['USE_CACERTS_FOR_SELF_SIGNED_CA', environment['USE_CACERTS_FOR_SELF_SIGNED_CA'], (value) => value === 'true'],
    ['ENABLE_CLUSTER_TRUST_BUNDLE_API', environment['ENABLE_CLUSTER_TRUST_BUNDLE_API'], (value) => value === 'true'],
    ['global.pilotCertProvider', settings['pilotCertProvider'], (value) => value !== 'istiod'],
    // The address of an istiod, of this or another cluster, is no other CA.
    ['global.caAddress', settings['caAddress'], (value) => !/^(https?:\/\/)?istiod(-[\w-]+)?[.:]/.test(value)],
    ['global.caName', settings['caName'], () => true],
  ]
  const others = asked.flatMap(([name, value, differs]) => {
    const text = scalarText(value) ?? ''
    return text !== '' && differs(text) ? [`${name}=${text}`] : []
  })
  return others.length === 0 ? 'istiod' : others.join(', ')
}

/** What runs pods in a release: kind and name by the charts' templates (1.30.3); `null` for charts whose pods hold no certificate. */
export function podsOfRelease(
  release: ChartInstall,
  chart: IstioChart,
): { readonly kind: 'Deployment' | 'DaemonSet' | 'StatefulSet'; readonly name: string } | null {
  const { values } = release
  switch (chart) {
    case 'istiod': {
      const revision = revisionOf(values)
      return { kind: 'Deployment', name: revision === null ? 'istiod' : `istiod-${revision}` } // also `istiod-default`, if that is written
    }
    case 'ztunnel':
      return { kind: 'DaemonSet', name: textValue(values['resourceName']) ?? 'ztunnel' }
    case 'gateway': {
      const kind = asText(values['kind'])
      return {
        kind: kind === 'DaemonSet' || kind === 'StatefulSet' ? kind : 'Deployment',
        name: textValue(values['name']) ?? release.release,
      }
    }
    case 'base':
    case 'cni':
      return null
    default:
      return chart satisfies never
  }
}

/** Revisions and tags that an istiod release serves. */
export function revisionsOf(values: ValueMap): readonly string[] {
  const tags = values['revisionTags']
  return [revisionOf(values) ?? 'default', ...(Array.isArray(tags) ? tags.map(String) : [])]
}

/** Whether a chart of this name may be one of Istio's. */
export function isIstioChartName(name: string): boolean {
  return chartNames.has(name)
}
