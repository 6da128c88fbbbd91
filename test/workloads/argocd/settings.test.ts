import { describe, expect, test } from 'vitest'
import { syncWaveOf } from '../../../src/workloads/index.ts'
import type { Discovery } from '../../../src/workloads/index.ts'
import { app, application, discoverArgocd, ownURL } from '../argocd-tree.ts'
import { namespace, workload, workloadsOf, yaml } from '../flux-tree.ts'
import type { Tree } from '../tree.ts'

const shop = namespace('shop', { 'istio-injection': 'enabled' })
const findingsOf = (discovery: Discovery, id: string): Discovery['findings'] => discovery.findings.filter((finding) => finding.id === id)

describe('settings of a type that say nothing', () => {
  const tree: Tree = {
    'apps/kustomization.yaml': 'resources: [w.yaml]\nnamePrefix: built-\n',
    'apps/w.yaml': yaml(shop, workload('shop', 'web')),
  }
  const built = ['sidecar Deployment/shop/built-web']

  test.each([{ directory: {} }, { directory: { recurse: false } }, { helm: {} }, { helm: { valueFiles: [] } }, { kustomize: {} }])(
    'of the one source %j are dropped',
    (source) => {
      expect(workloadsOf(discoverArgocd({ ...tree, [app]: yaml(application('a', { path: 'apps', source })) }))).toEqual(built)
    },
  )

  test('what they say is kept, and so is all in sources', () => {
    const directory = { ...tree, [app]: yaml(application('a', { path: 'apps', source: { directory: { exclude: 'x' } } })) }
    const sources = { ...tree, [app]: yaml(application('a', { sources: [{ repoURL: ownURL, path: 'apps', directory: {} }] })) }

    expect(workloadsOf(discoverArgocd(directory))).toEqual(['sidecar Deployment/shop/web'])
    expect(workloadsOf(discoverArgocd(sources))).toEqual(['sidecar Deployment/shop/web'])
  })
})

test('a rule of ignoreDifferences finds objects by the namespace that the destination gives them', () => {
  const rule = (space: string): object => ({ group: 'apps', kind: 'Deployment', namespace: space, jsonPointers: ['/spec/template'] })
  const ignored = (space: string): number =>
    findingsOf(
      discoverArgocd({
        [app]: yaml(
          application('a', { path: 'apps', destination: { name: 'prod', namespace: 'shop' }, spec: { ignoreDifferences: [rule(space)] } }),
        ),
        'apps/w.yaml': yaml(shop, workload(null, 'web')),
      }),
      'argocd/ignored',
    ).length

  expect(ignored('shop')).toBe(1)
  expect(ignored('pay')).toBe(0)
})

test.each([
  ['3', 3],
  ['-3', -3],
  ['+3', 3],
  ['007', 7],
  [' 3', 0],
  ['3.0', 0],
  ['0x10', 0],
  ['1e3', 0],
  ['', 0],
  ['9223372036854775808', 0],
])('the sync wave %j is %d', (written, expected) => {
  expect(syncWaveOf({ 'argocd.argoproj.io/sync-wave': written })).toBe(expected)
  expect(syncWaveOf({})).toBe(0)
})
