import { describe, expect, test } from 'vitest'
import type { Discovery } from '../../../src/workloads/index.ts'
import { app, application, discoverArgocd } from '../argocd-tree.ts'
import { discoverProd, flux, idsOf, namespace, workload, workloadsOf, yaml } from '../flux-tree.ts'

const web = { 'apps/w.yaml': yaml(workload('shop', 'web')) }
const shop = namespace('shop', { 'istio-injection': 'enabled' })

describe('a namespace that is defined twice', () => {
  const twice = (a: object, b: object): Discovery =>
    discoverArgocd({
      [app]: yaml(application('a', { path: 'a' }), application('b', { path: 'b' })),
      'a/n.yaml': yaml(a),
      'b/n.yaml': yaml(b),
      'a/w.yaml': yaml(workload('shop', 'web')),
    })
  const plain = namespace('shop', { team: 'blue' })
  const managed = (name: string, labels: object): object =>
    application(name, {
      path: 'apps',
      destination: { name: 'prod', namespace: 'shop' },
      spec: { syncPolicy: { automated: {}, syncOptions: ['CreateNamespace=true'], managedNamespaceMetadata: { labels } } },
    })

  test.each([
    [shop, plain],
    [plain, shop],
  ])('the one that asks for injection counts, and both places are told (%#)', (a, b) => {
    const discovery = twice(a, b)

    expect(idsOf(discovery)).toEqual(['error workloads/two-owners b/n.yaml:1'])
    expect(discovery.findings[0]).toMatchObject({ place: { object: 'Namespace shop' }, message: expect.stringContaining('a/n.yaml:1') })
    expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/web'])
  })

  test('other labels may differ', () => {
    expect(idsOf(twice(shop, namespace('shop', { 'istio-injection': 'enabled', team: 'blue' })))).toEqual([])
  })

  test('by one Application', () => {
    const discovery = discoverArgocd({ [app]: yaml(application('a', { path: 'apps' })), 'apps/n.yaml': yaml(shop, plain), ...web })

    expect(idsOf(discovery)).toEqual(['error workloads/two-owners apps/n.yaml:12'])
    expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/web'])
  })

  test('by two Flux Kustomizations', () => {
    const discovery = discoverProd({
      'clusters/prod/k.yaml': yaml(flux('a', './a'), flux('b', './b')),
      'a/n.yaml': yaml(shop, workload('shop', 'web')),
      'b/n.yaml': yaml(plain),
    })

    expect(idsOf(discovery)).toEqual(['error workloads/two-owners b/n.yaml:1'])
    expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/web'])
  })

  test('by the labels of two Applications, or of one and a manifest of another', () => {
    const two = discoverArgocd({
      [app]: yaml(managed('a', { team: 'blue' }), application('w', { path: 'apps' })),
      'argocd/b.yaml': yaml({ ...managed('b', { 'istio-injection': 'enabled' }) }),
      'apps/x.txt': '',
    })
    const manifest = discoverArgocd({
      [app]: yaml(managed('a', { 'istio-injection': 'enabled' }), application('n', { path: 'n' })),
      'n/n.yaml': yaml(plain),
      ...web,
    })

    expect(idsOf(two)).toEqual(['error workloads/two-owners argocd/b.yaml:1'])
    expect(two.namespaces).toMatchObject([{ name: 'shop', meshed: true }])
    expect(idsOf(manifest)).toEqual([`error workloads/two-owners ${app}:1`])
    expect(workloadsOf(manifest)).toEqual(['sidecar Deployment/shop/web'])
  })

  test('the manifest of the same Application counts before its labels, and a label more is no contradiction', () => {
    const same = { [app]: yaml(managed('a', { 'istio-injection': 'disabled' })), 'apps/n.yaml': yaml(shop) }
    const more = { [app]: yaml(managed('a', { team: 'x' }), application('n', { path: 'n' })), 'n/n.yaml': yaml(shop), 'apps/x.txt': '' }

    expect(idsOf(discoverArgocd({ ...same, ...web }))).toEqual([])
    expect(idsOf(discoverArgocd(more))).toEqual([])
  })
})
