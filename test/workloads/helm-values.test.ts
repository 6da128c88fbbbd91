import { describe, expect, test } from 'vitest'
import { discoverProd, helmRelease, namespace, workloadsOf, yaml } from './flux-tree.ts'
import type { Discovery } from '../../src/workloads/index.ts'

const app = 'clusters/prod/app.yaml'
const installed = (chart: string, spec: object, ...others: readonly object[]): Discovery =>
  discoverProd({ [app]: yaml(namespace('istio-system'), helmRelease(chart, 'istio-system', chart, spec), ...others) })

describe('a value that YAML takes for a number is as good as text', () => {
  test('in the revision of istiod', () => {
    const discovery = installed('istiod', { values: { revision: 124 } })

    expect(workloadsOf(discovery)).toEqual(['control-plane Deployment/istio-system/istiod-124'])
    expect(discovery.istio).toMatchObject([{ revision: '124' }])
  })

  test('in the names of ztunnel and of a gateway', () => {
    expect(workloadsOf(installed('ztunnel', { values: { resourceName: 7 } }))).toEqual(['ztunnel DaemonSet/istio-system/7'])
    expect(workloadsOf(installed('gateway', { values: { name: 8, revision: 124 } }))).toEqual(['gateway Deployment/istio-system/8'])
  })
})

test('an empty revision is the default one', () => {
  const discovery = installed('istiod', { values: { revision: '' } })

  expect(workloadsOf(discovery)).toEqual(['control-plane Deployment/istio-system/istiod'])
  expect(discovery.istio).toMatchObject([{ revision: 'default' }])
})

describe('a target path of valuesFrom is one of `helm --set`', () => {
  const from = (targetPath: string, value: string, extra: object = {}): Discovery => {
    const data = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'v', namespace: 'istio-system' }, data: { key: value } }
    const valuesFrom = [{ kind: 'ConfigMap', name: 'v', valuesKey: 'key', targetPath, ...extra }]
    return discoverProd({
      [app]: yaml(namespace('istio-system'), namespace('tools'), data, {
        ...helmRelease('app', 'istio-system', 'app', { targetNamespace: 'tools', valuesFrom }),
      }),
    })
  }

  test.each<[string, string, object?]>([
    ['podLabels.sidecar\\.istio\\.io/inject', 'true'],
    ['podLabels.sidecar\\.istio\\.io/inject', '"true"'],
    ['containers[0].labels.istio\\.io/rev', 'blue', { literal: true }],
  ])('%s: %s', (path, value, extra) => {
    expect(from(path, value, extra).opaque).toMatchObject([{ namespace: 'tools' }])
  })

  test('another one puts nothing into the mesh', () => {
    expect(from('podLabels.sidecar\\.istio\\.io/inject', 'false').opaque).toEqual([])
  })
})
