import { describe, expect, test } from 'vitest'
import { discoverProd, helmRelease, idsOf, namespace, workload, workloadsOf, yaml } from './flux-tree.ts'
import { strategicMerge } from '../../src/workloads/strategic-merge.ts'

const file = 'clusters/prod/app.yaml'
const cart = workload('shop', 'cart')

// Every object of the program has entries of these names.
describe.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'])('%s is a name as any other', (name) => {
  test('of a kind', () => {
    const odd = { apiVersion: 'example.com/v1', kind: name, metadata: { name: 'cacerts', namespace: 'shop' }, spec: {} }
    const core = { ...odd, apiVersion: 'v1' }

    const discovery = discoverProd({ [file]: yaml(namespace('shop', { 'istio-injection': 'enabled' }), odd, core, cart) })

    expect([discovery.cacerts, workloadsOf(discovery), idsOf(discovery)]).toEqual([[], ['sidecar Deployment/shop/cart'], []])
  })

  test('of a chart', () => {
    const release = helmRelease('odd', 'shop', name)

    const discovery = discoverProd({ [file]: yaml(namespace('shop', { 'istio-injection': 'enabled' }), release, cart) })

    expect(discovery.istio).toEqual([])
    expect(discovery.opaque.map(({ owner }) => owner)).toEqual(['HelmRelease shop/odd'])
  })

  test('of a list that a patch replaces', () => {
    const patch = JSON.parse(`{"${name}":[{"name":"a"}]}`) as Record<string, unknown>

    expect(JSON.stringify(strategicMerge({}, patch, true))).toBe(JSON.stringify(patch))
  })
})
