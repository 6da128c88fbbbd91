import { describe, expect, test } from 'vitest'
import { discoverProd, helmRelease, idsOf, namespace, workload, workloadsOf, yaml } from './flux-tree.ts'

const app = 'clusters/prod/app.yaml'
const plain = [namespace('shop'), workload('shop', 'cart'), workload('shop', 'out', { labels: { 'sidecar.istio.io/inject': 'false' } })]

const absent = (...keys: readonly string[]): readonly object[] => keys.map((key) => ({ key, operator: 'DoesNotExist' }))

/** What `helm template` of chart istiod 1.30.3 gives, cut to what decides. */
function injector(...webhooks: readonly object[]): object {
  const object = {
    name: 'object.sidecar-injector.istio.io',
    namespaceSelector: { matchExpressions: absent('istio-injection', 'istio.io/rev') },
    objectSelector: {
      matchExpressions: [{ key: 'sidecar.istio.io/inject', operator: 'In', values: ['true'] }, ...absent('istio.io/rev')],
    },
  }
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'istio-sidecar-injector', labels: { 'istio.io/rev': 'default' } },
    webhooks: [object, ...webhooks],
  }
}

const auto = {
  name: 'auto.sidecar-injector.istio.io',
  namespaceSelector: {
    matchExpressions: [
      ...absent('istio-injection', 'istio.io/rev'),
      { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'kube-public'] },
    ],
  },
  objectSelector: { matchExpressions: absent('sidecar.istio.io/inject', 'istio.io/rev') },
}

describe('workloads of namespaces without labels are in the mesh where', () => {
  test.each([
    ['a webhook of a plain istiod takes them', injector(auto)],
    [
      'the values of its chart say so',
      helmRelease('istiod', 'istio-system', 'istiod', { values: { sidecarInjectorWebhook: { enableNamespacesByDefault: true } } }),
    ],
    [
      'the values of an operator’s object say so',
      {
        apiVersion: 'sailoperator.io/v1',
        kind: 'Istio',
        metadata: { name: 'default' },
        spec: { namespace: 'istio-system', values: { sidecarInjectorWebhook: { enableNamespacesByDefault: true } } },
      },
    ],
  ])('%s', (_, object) => {
    const discovery = discoverProd({ [app]: yaml(object, ...plain) })

    expect(workloadsOf(discovery).filter((one) => !one.startsWith('control-plane'))).toEqual(['sidecar Deployment/shop/cart'])
  })
})

describe('and stay outside where', () => {
  test.each([
    ['each webhook wants a label', injector()],
    ['the webhook is switched off', injector({ ...auto, namespaceSelector: { matchLabels: { 'istio.io/deactivated': 'never-match' } } })],
    ['the webhook is not Istio’s', injector({ ...auto, name: 'auto.sidecar-injector.example' })],
  ])('%s', (_, object) => {
    const discovery = discoverProd({ [app]: yaml(object, ...plain) })

    expect(workloadsOf(discovery)).toEqual([])
    expect(idsOf(discovery)).toEqual([])
  })
})
