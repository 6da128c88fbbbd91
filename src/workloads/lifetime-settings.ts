import { parseYamlFile } from '../base/index.ts'
import type { YamlPath } from '../base/index.ts'
import type { DurationReader } from './duration.ts'
import type { IstioChart } from './istio-chart.ts'
import { groupVersion, nameOf } from './resource.ts'
import { asList, asMap, asText, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

const ofIstiod = ['DEFAULT_WORKLOAD_CERT_TTL', 'MAX_WORKLOAD_CERT_TTL'] as const
const ofProxy = ['SECRET_TTL'] as const
type LifetimeName = (typeof ofIstiod)[number] | (typeof ofProxy)[number]

/**
 * A setting on which it depends how long workload certificates live. Proxies and ztunnel ask for `SECRET_TTL`, 24 hours unless it is set
 * (pilot-agent/options/options.go, ztunnel src/config.rs). istiod refuses more than `MAX_WORKLOAD_CERT_TTL`, 90 days. It gives
 * `DEFAULT_WORKLOAD_CERT_TTL`, 24 hours, to whoever asks for none, which they do where `SECRET_TTL` is none (security/pkg/pki/ca/ca.go,
 * pilot/pkg/bootstrap/istio_ca.go).
 */
export interface LifetimeSetting {
  readonly name: LifetimeName
  /** As written; `undefined`: it comes from elsewhere, e.g. from a Secret. */
  readonly value: Value
  readonly path: YamlPath
  /** The text in which it stands, if the value at the path is one that holds YAML itself. */
  readonly text: string | null
  readonly reader: DurationReader
}

/** The settings in the values of one of Istio's charts (templates of 1.30.3; `ztunnel.env` in old ones, and under the Sail operator). */
export function lifetimesOfChart(chart: IstioChart, values: ValueMap): readonly LifetimeSetting[] {
  switch (chart) {
    case 'istiod': {
      // The latter wins: environmentOf in istio-chart.ts.
      const pilot = mapped(values, ['pilot', 'env'], ofIstiod)
      const own = mapped(values, ['env'], ofIstiod).filter(({ name }) => !pilot.some((one) => one.name === name))
      return [...meshConfigOf(values, ['meshConfig']), ...own, ...pilot]
    }
    case 'ztunnel':
      return [['env'], ['ztunnel', 'env'], ['meshConfig', 'defaultConfig', 'proxyMetadata']].flatMap((path) =>
        mapped(values, path, ofProxy, 'ztunnel'),
      )
    case 'gateway':
      return [...mapped(values, ['env'], ofProxy), ...annotated(values, ['podAnnotations'])]
    case 'base':
    case 'cni':
      return []
    default:
      return chart satisfies never
  }
}

/** The settings in an object: of pods, of Istio's own kinds, of an operator's, and of the ConfigMap with the configuration of the mesh. */
export function lifetimesOfObject(object: ValueMap): readonly LifetimeSetting[] {
  const kind = asText(object['kind']) ?? ''
  const { group } = groupVersion(asText(object['apiVersion']) ?? '')
  switch (kind) {
    case 'ConfigMap':
      return /^istio(-|$)/.test(nameOf(object)) ? inText(object, ['data', 'mesh'], (mesh) => meshConfigOf(mesh, [])) : []
    case 'ProxyConfig':
      return group === 'networking.istio.io' ? mapped(object, ['spec', 'environmentVariables'], ofProxy) : []
    case 'WorkloadGroup':
      // What `istioctl x workload entry configure` writes for a machine.
      return [...annotated(object, ['metadata', 'annotations']), ...annotated(object, ['spec', 'metadata', 'annotations'])]
    case 'Istio':
      return group === 'sailoperator.io' ? below(object, ['spec', 'values'], 'istiod') : []
    case 'ZTunnel':
      return group === 'sailoperator.io' ? below(object, ['spec', 'values'], 'ztunnel') : []
    case 'IstioOperator':
      return group === 'install.istio.io' ? ofOperator(object) : []
    default:
      return ofPods(object, kind === 'Pod' ? [] : [...(kind === 'CronJob' ? ['spec', 'jobTemplate'] : []), 'spec', 'template'])
  }
}

function ofOperator(object: ValueMap): readonly LifetimeSetting[] {
  const components = ['spec', 'components']
  const gateways = ['ingressGateways', 'egressGateways'].flatMap((kind) =>
    asList(valueAt(object, ...components, kind)).flatMap((_, index) =>
      listed(object, [...components, kind, index, 'k8s', 'env'], ofProxy, 'go'),
    ),
  )
  return [
    ...meshConfigOf(object, ['spec', 'meshConfig']),
    ...below(object, ['spec', 'values'], 'istiod'),
    ...mapped(object, ['spec', 'values', 'ztunnel', 'env'], ofProxy, 'ztunnel'),
    ...listed(object, [...components, 'pilot', 'k8s', 'env'], ofIstiod, 'go'),
    ...listed(object, [...components, 'ztunnel', 'k8s', 'env'], ofProxy, 'ztunnel'),
    ...gateways,
  ]
}

function ofPods(object: ValueMap, template: readonly string[]): readonly LifetimeSetting[] {
  const reader = valueAt(object, ...template, 'metadata', 'labels', 'app') === 'ztunnel' ? 'ztunnel' : 'go'
  const containers = ['containers', 'initContainers'].flatMap((kind) => {
    const path = [...template, 'spec', kind]
    return asList(valueAt(object, ...path)).flatMap((container, index) => {
      const name = valueAt(container, 'name')
      if (name === 'discovery') return listed(object, [...path, index, 'env'], ofIstiod, 'go')
      return name === 'istio-proxy' ? listed(object, [...path, index, 'env'], ofProxy, reader) : []
    })
  })
  return [...annotated(object, [...template, 'metadata', 'annotations']), ...containers]
}

function meshConfigOf(root: ValueMap, path: readonly string[]): readonly LifetimeSetting[] {
  return mapped(root, [...path, 'defaultConfig', 'proxyMetadata'], ofProxy)
}

function below(object: ValueMap, path: readonly string[], chart: IstioChart): readonly LifetimeSetting[] {
  const values = asMap(valueAt(object, ...path))
  return values === null ? [] : lifetimesOfChart(chart, values).map((setting) => ({ ...setting, path: [...path, ...setting.path] }))
}

/** The annotation by which pods have a proxy configuration of their own. */
function annotated(root: ValueMap, path: readonly string[]): readonly LifetimeSetting[] {
  return inText(root, [...path, 'proxy.istio.io/config'], (config) => mapped(config, ['proxyMetadata'], ofProxy))
}

/** Settings in a text that holds YAML; most hold none, and are not parsed. */
function inText(root: ValueMap, path: readonly string[], find: (map: ValueMap) => readonly LifetimeSetting[]): readonly LifetimeSetting[] {
  const text = asText(valueAt(root, ...path))
  if (text === null || !text.includes('SECRET_TTL')) return []
  const map = asMap(parseYamlFile(new TextEncoder().encode(text), '').documents[0]?.value)
  return map === null ? [] : find(map).map((setting) => ({ ...setting, path: [...path, ...setting.path], text }))
}

function mapped(
  root: ValueMap,
  path: readonly string[],
  names: readonly LifetimeName[],
  reader: DurationReader = 'go',
): readonly LifetimeSetting[] {
  return names.flatMap((name) => {
    const value = valueAt(root, ...path, name)
    return value === undefined || value === null ? [] : [{ name, value, path: [...path, name], text: null, reader }]
  })
}

/** Settings in the environment of a container. */
function listed(root: ValueMap, path: YamlPath, names: readonly LifetimeName[], reader: DurationReader): readonly LifetimeSetting[] {
  return asList(valueAt(root, ...path)).flatMap((entry, index) => {
    const name = names.find((one) => one === valueAt(entry, 'name'))
    return name === undefined ? [] : [{ name, value: valueAt(entry, 'value'), path: [...path, index, 'value'], text: null, reader }]
  })
}
