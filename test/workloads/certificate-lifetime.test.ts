import { describe, expect, test } from 'vitest'
import { discoverProd, helmRelease, idsOf, namespace, workload, yaml } from './flux-tree.ts'
import type { Discovery } from '../../src/workloads/index.ts'
import type { Tree } from './tree.ts'

const app = 'clusters/prod/app.yaml'
const seen = (tree: Tree): Discovery => discoverProd(tree)
const of = (...objects: readonly object[]): Discovery =>
  seen({ [app]: yaml(namespace('istio-system'), namespace('shop', { 'istio-injection': 'enabled' }), ...objects) })
const installed = (chart: string, values: object, ...others: readonly object[]): Discovery =>
  of(helmRelease(chart, 'istio-system', chart, { values }), ...others)
const hoursOf = ({ certificateLifetimes }: Discovery): readonly number[] => certificateLifetimes.map(({ hours }) => hours)
const warnings = (discovery: Discovery): readonly string[] => idsOf(discovery).filter((id) => id.includes('certificate-lifetime'))

const proxyMetadata = (ttl: unknown): object => ({ defaultConfig: { proxyMetadata: { SECRET_TTL: ttl } } })
const metadataText = (ttl: string): string => `holdApplicationUntilProxyStarts: true\nproxyMetadata:\n  SECRET_TTL: ${ttl}\n`
const annotation = (ttl: string): Record<string, string> => ({ 'proxy.istio.io/config': metadataText(ttl) })
const environment = (name: string, value: string): object => ({
  env: [
    { name: 'OTHER', value: 'x' },
    { name, value },
  ],
})
const custom = (apiVersion: string, kind: string, spec: object, annotations = {}): object => ({
  apiVersion,
  kind,
  metadata: { name: 'default', namespace: 'istio-system', annotations },
  spec,
})

describe('values of Istio’s charts', () => {
  test.each<[string, string, object, number]>([
    ['the mesh’s proxies', 'istiod', { meshConfig: proxyMetadata('720h') }, 720],
    ['begun hours count', 'istiod', { meshConfig: proxyMetadata('36h30m') }, 37],
    ['shorter than Istio’s own', 'istiod', { meshConfig: proxyMetadata('1h') }, 1],
    ['no more than istiod grants unless told otherwise', 'istiod', { meshConfig: proxyMetadata('9000h') }, 2160],
    ['nor than it is told', 'istiod', { meshConfig: proxyMetadata('720h'), pilot: { env: { MAX_WORKLOAD_CERT_TTL: '48h' } } }, 48],
    ['which may be more', 'istiod', { meshConfig: proxyMetadata('9000h'), env: { MAX_WORKLOAD_CERT_TTL: '10000h' } }, 9000],
    [
      'of defaults, pilot.env wins',
      'istiod',
      { meshConfig: proxyMetadata('0s'), env: { DEFAULT_WORKLOAD_CERT_TTL: '1h' }, pilot: { env: { DEFAULT_WORKLOAD_CERT_TTL: '2h' } } },
      2,
    ],
    ['nothing asked for is the default', 'istiod', { meshConfig: proxyMetadata('0s') }, 24],
    ['ztunnel', 'ztunnel', { env: { SECRET_TTL: '30d' } }, 720],
    ['an old chart of ztunnel', 'ztunnel', { ztunnel: { env: { SECRET_TTL: '720h' } } }, 720],
    ['ztunnel, by the mesh', 'ztunnel', { meshConfig: proxyMetadata('720h') }, 720],
    ['a gateway', 'gateway', { env: { SECRET_TTL: '720h' } }, 720],
    ['a gateway’s annotation', 'gateway', { podAnnotations: annotation('720h') }, 720],
  ])('%s', (_, chart, values, hours) => {
    const discovery = installed(chart, values)

    expect(hoursOf(discovery)).toEqual([hours])
    expect(warnings(discovery)).toEqual([])
  })

  test.each<[string, object]>([
    ['nothing', {}],
    ['only a limit', { pilot: { env: { MAX_WORKLOAD_CERT_TTL: '8760h' } } }],
    ['null', { meshConfig: proxyMetadata(null) }],
    ['what nobody is given: proxies ask for 24 hours', { pilot: { env: { DEFAULT_WORKLOAD_CERT_TTL: '720h' } } }],
    ['nor is that read', { pilot: { env: { DEFAULT_WORKLOAD_CERT_TTL: '30d' } } }],
  ])('%s says nothing', (_, values) => {
    expect(hoursOf(installed('istiod', values))).toEqual([])
    expect(warnings(installed('istiod', values))).toEqual([])
  })

  test('with the line of the value, and the value in words', () => {
    const text = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: istiod, namespace: istio-system }
spec:
  chart: { spec: { chart: istiod, version: 1.30.3, sourceRef: { kind: HelmRepository, name: istio } } }
  values:
    meshConfig:
      defaultConfig:
        proxyMetadata:
          SECRET_TTL: 720h
`
    expect(seen({ [app]: text }).certificateLifetimes).toEqual([
      {
        hours: 720,
        found: 'meshConfig.defaultConfig.proxyMetadata.SECRET_TTL: 720h',
        place: { file: app, line: 10, object: 'HelmRelease istio-system/istiod' },
      },
    ])
  })

  test.each(['7d', '${TTL}', '{{ ttl }}', '24'])('%s is none that istiod and its proxies read: nothing is claimed', (ttl) => {
    const discovery = installed('istiod', { meshConfig: proxyMetadata(ttl), env: { MAX_WORKLOAD_CERT_TTL: ttl } })

    expect(hoursOf(discovery)).toEqual([])
    expect(warnings(discovery)).toHaveLength(2)
    expect(warnings(discovery)[0]).toMatch(/^warning workloads\/certificate-lifetime clusters\/prod\/app\.yaml:\d+$/)
  })

  test('a limit that Git may not show is no limit', () => {
    const hidden = helmRelease('istiod', 'istio-system', 'istiod', {
      valuesFrom: [{ kind: 'Secret', name: 'more' }],
      values: { meshConfig: proxyMetadata('9000h') },
    })

    expect(hoursOf(of(hidden))).toEqual([9000])
    expect(hoursOf(of(workload('shop', 'cart', { annotations: annotation('9000h') })))).toEqual([9000])
    expect(hoursOf(installed('istiod', { meshConfig: proxyMetadata('9000h'), env: { MAX_WORKLOAD_CERT_TTL: '${MAX}' } }))).toEqual([9000])
  })
})

test('of several control planes, one without a limit grants more than the other', () => {
  const limited = helmRelease('istiod', 'istio-system', 'istiod', {
    values: { meshConfig: proxyMetadata('720h'), env: { MAX_WORKLOAD_CERT_TTL: '48h' } },
  })
  const canary = helmRelease('istiod-canary', 'istio-system', 'istiod', { values: { revision: 'canary' } })

  expect(hoursOf(of(limited, canary))).toEqual([720])
})

test('values of a ConfigMap are found where the HelmRelease names it', () => {
  const data = { 'values.yaml': 'meshConfig: { defaultConfig: { proxyMetadata: { SECRET_TTL: 720h } } }' }
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'v', namespace: 'istio-system' }, data }
  const discovery = of(map, helmRelease('istiod', 'istio-system', 'istiod', { valuesFrom: [{ kind: 'ConfigMap', name: 'v' }] }))

  expect(discovery.certificateLifetimes).toMatchObject([{ hours: 720, place: { file: app, object: 'HelmRelease istio-system/istiod' } }])
})

describe('objects', () => {
  const istiod = (env: object): object =>
    workload('istio-system', 'istiod', {
      labels: { app: 'istiod' },
      pod: { containers: [{ name: 'discovery', image: 'pilot:1.30.3', ...env }] },
    })

  test.each<[string, object, number]>([
    ['an annotation', workload('shop', 'cart', { annotations: annotation('720h') }), 720],
    [
      'JSON in an annotation',
      workload('shop', 'cart', { annotations: { 'proxy.istio.io/config': '{"proxyMetadata":{"SECRET_TTL":"720h"}}' } }),
      720,
    ],
    [
      'a proxy’s own environment',
      workload('shop', 'cart', { pod: { containers: [{ name: 'istio-proxy', image: 'auto', ...environment('SECRET_TTL', '720h') }] } }),
      720,
    ],
    [
      'that of a native sidecar',
      workload('shop', 'cart', { pod: { initContainers: [{ name: 'istio-proxy', ...environment('SECRET_TTL', '720h') }] } }),
      720,
    ],
    [
      'a plain ztunnel',
      workload('istio-system', 'ztunnel', {
        kind: 'DaemonSet',
        pod: { containers: [{ name: 'istio-proxy', ...environment('SECRET_TTL', '30d') }] },
      }),
      720,
    ],
    ['ProxyConfig', custom('networking.istio.io/v1beta1', 'ProxyConfig', { environmentVariables: { SECRET_TTL: '720h' } }), 720],
    ['WorkloadGroup', custom('networking.istio.io/v1', 'WorkloadGroup', { metadata: { annotations: annotation('720h') } }), 720],
    ['WorkloadGroup’s own annotation', custom('networking.istio.io/v1', 'WorkloadGroup', {}, annotation('720h')), 720],
    ['Istio of the Sail operator', custom('sailoperator.io/v1', 'Istio', { values: { meshConfig: proxyMetadata('720h') } }), 720],
    [
      'its limit',
      custom('sailoperator.io/v1', 'Istio', {
        values: { meshConfig: proxyMetadata('720h'), pilot: { env: { MAX_WORKLOAD_CERT_TTL: '48h' } } },
      }),
      48,
    ],
    [
      'ZTunnel of the Sail operator',
      custom('sailoperator.io/v1alpha1', 'ZTunnel', { values: { ztunnel: { env: { SECRET_TTL: '720h' } } } }),
      720,
    ],
    ['IstioOperator', custom('install.istio.io/v1alpha1', 'IstioOperator', { meshConfig: proxyMetadata('720h') }), 720],
    [
      'IstioOperator’s values',
      custom('install.istio.io/v1alpha1', 'IstioOperator', {
        meshConfig: proxyMetadata('0'),
        values: { pilot: { env: { DEFAULT_WORKLOAD_CERT_TTL: '720h' } } },
      }),
      720,
    ],
    [
      'IstioOperator’s components',
      custom('install.istio.io/v1alpha1', 'IstioOperator', {
        meshConfig: proxyMetadata('0'),
        components: { pilot: { k8s: environment('DEFAULT_WORKLOAD_CERT_TTL', '720h') } },
      }),
      720,
    ],
    [
      'IstioOperator’s gateways',
      custom('install.istio.io/v1alpha1', 'IstioOperator', {
        components: { ingressGateways: [{ k8s: environment('SECRET_TTL', '720h') }] },
      }),
      720,
    ],
  ])('%s', (_, object, hours) => {
    expect(hoursOf(of(object))).toEqual([hours])
  })

  test('a plain istiod gives its default to whoever asks for none', () => {
    const cart = workload('shop', 'cart', { annotations: annotation('0s') })

    expect(hoursOf(of(istiod(environment('DEFAULT_WORKLOAD_CERT_TTL', '720h')), cart))).toEqual([720])
  })

  test('the configuration of the mesh in a ConfigMap, by the line in its text', () => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: { name: istio-blue, namespace: istio-system }
data:
  mesh: |-
    defaultConfig:
      proxyMetadata:
        SECRET_TTL: 720h
`
    expect(seen({ [app]: text }).certificateLifetimes).toEqual([
      {
        hours: 720,
        found: 'data.mesh.defaultConfig.proxyMetadata.SECRET_TTL: 720h',
        place: { file: app, line: 8, object: 'ConfigMap istio-system/istio-blue' },
      },
    ])
  })

  test('what is outside of the mesh has no certificate', () => {
    const plain = of(namespace('plain'), workload('plain', 'cart', { annotations: annotation('720h') }))

    expect(plain.outside).toMatchObject([{ id: { name: 'cart' } }])
    expect(hoursOf(plain)).toEqual([])
  })

  test('a value from a Secret is only pointed to', () => {
    const env = [{ name: 'SECRET_TTL', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }]
    const discovery = of(workload('shop', 'cart', { pod: { containers: [{ name: 'istio-proxy', env }] } }))

    expect(hoursOf(discovery)).toEqual([])
    expect(warnings(discovery)).toHaveLength(1)
  })

  test.each<[string, object]>([
    ['an annotation that is no YAML', workload('shop', 'cart', { annotations: { 'proxy.istio.io/config': '{ SECRET_TTL' } })],
    ['another container', workload('shop', 'cart', { pod: { containers: [{ name: 'main', ...environment('SECRET_TTL', '720h') }] } })],
    [
      'another ConfigMap',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mesh', namespace: 'shop' }, data: { mesh: metadataText('720h') } },
    ],
    ['another’s kind of that name', custom('example.com/v1', 'ProxyConfig', { environmentVariables: { SECRET_TTL: '720h' } })],
  ])('%s says nothing', (_, object) => {
    expect(hoursOf(of(object))).toEqual([])
  })
})

test('each annotation of a file has its own line', () => {
  const cart = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec:
  template:
    metadata:
      annotations:
        proxy.istio.io/config: |
          proxyMetadata:
            SECRET_TTL: 720h
`
  const shop = `${JSON.stringify(namespace('shop', { 'istio-injection': 'enabled' }))}\n`
  const { certificateLifetimes } = seen({ [app]: [shop, cart('a'), cart('b')].join('---\n') })

  expect(certificateLifetimes.map(({ place }) => place.line)).toEqual([12, 23])
})
