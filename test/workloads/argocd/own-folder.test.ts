import { describe, expect, test } from 'vitest'
import type { Discovery } from '../../../src/workloads/index.ts'
import { app, application, applicationSet, discoverArgocd, ownURL } from '../argocd-tree.ts'
import { workload, yaml } from '../flux-tree.ts'
import type { Tree } from '../tree.ts'

const web = { 'apps/w.yaml': yaml(workload('shop', 'web')) }
const other = 'https://git.example/other.git'
const findingsOf = (discovery: Discovery, id: string): Discovery['findings'] => discovery.findings.filter((finding) => finding.id === id)

describe('reroot’s own folder', () => {
  const own = application('mesh-ca-prod', { path: 'mesh-ca/clusters/prod', destination: { name: 'prod', namespace: 'istio-system' } })
  const folder = { 'mesh-ca/clusters/prod/kustomization.yaml': 'resources: []\n' }
  const swallowed = (tree: Tree): readonly string[] =>
    findingsOf(discoverArgocd({ ...folder, ...tree }), 'argocd/swallowed').map(({ place }) => place.object ?? '')

  test('a file there that the cluster’s paths name holds an Application; others there do not', () => {
    const file = 'mesh-ca/clusters/prod/argocd.yaml'
    const ids = (paths: readonly string[]): readonly string[] =>
      discoverArgocd({ [file]: yaml(own), ...folder }, {}, { paths }).controllers.map(({ id }) => id)

    expect(ids(['argocd', file])).toEqual(['argocd/mesh-ca-prod'])
    expect(ids(['argocd', 'mesh-ca'])).toEqual([])
  })

  test('its own Applications may read it, of this cluster and of others', () => {
    const dev = application('mesh-ca-dev', { path: 'mesh-ca/clusters/dev', destination: { name: 'dev' } })

    expect(swallowed({ [app]: yaml(own, dev) })).toEqual([])
  })

  test.each<[string, object]>([
    ['another name', application('own', { path: 'mesh-ca/clusters/prod' })],
    ['another cluster', application('mesh-ca-prod', { path: 'mesh-ca/clusters/prod', destination: { name: 'dev' } })],
    ['another namespace', application('mesh-ca-prod', { path: 'mesh-ca/clusters/prod', metadata: { namespace: 'team' } })],
    ['a folder below', application('mesh-ca-prod', { path: 'mesh-ca/clusters/prod/cacerts' })],
    ['the folder itself, for another cluster', application('x', { path: 'mesh-ca', destination: { name: 'dev' } })],
    [
      'one of several sources',
      application('x', {
        sources: [
          { repoURL: ownURL, path: 'apps' },
          { repoURL: ownURL, path: 'mesh-ca' },
        ],
      }),
    ],
  ])('no other Application may: %s', (_, reading) => {
    expect(swallowed({ [app]: yaml(reading), 'apps/x.txt': '' })).toHaveLength(1)
  })

  test.each<[string, Tree]>([
    ['of another cluster', { [app]: yaml(application('x', { path: 'k', destination: { name: 'dev' } })) }],
    ['with a hydrator', { [app]: yaml(application('x', { spec: { sourceHydrator: { drySource: { repoURL: ownURL, path: 'k' } } } })) }],
  ])('nor may a kustomization that lists it: %s', (_, tree) => {
    expect(swallowed({ ...tree, 'k/kustomization.yaml': 'resources: [../mesh-ca/clusters/prod]\n' })).toEqual(['Application argocd/x'])
    expect(swallowed({ ...tree, 'k/kustomization.yaml': 'resources: [../mesh-ca/clusters/prod/argocd.yaml]\n' })).toEqual([])
  })

  test.each<[string, object]>([
    ['another repository', { path: '.', source: { repoURL: other, directory: { recurse: true } } }],
    ['a chart', { source: { repoURL: ownURL, chart: 'x', path: 'mesh-ca' } }],
    ['reroot’s Application and nothing else', { path: 'mesh-ca/clusters/prod', source: { directory: { include: 'argocd.yaml' } } }],
    ['an excluded folder', { path: '.', source: { directory: { recurse: true, exclude: 'mesh-ca/**' } } }],
  ])('what reads nothing of it is fine: %s', (_, options) => {
    expect(swallowed({ [app]: yaml(application('x', { destination: { name: 'dev' }, ...options })) })).toEqual([])
  })

  test.each([
    ['once it is there', folder],
    ['before it is there', {}],
  ])('a directory generator that matches it is seen %s', (_, there) => {
    const template = {
      metadata: { name: '{{index .path.segments 0}}-{{.path.basename}}' },
      spec: { project: 'default', source: { repoURL: ownURL, path: '{{.path.path}}' }, destination: { name: 'dev' } },
    }
    const set = (...directories: readonly object[]): Tree => ({
      [app]: yaml(applicationSet('all', [{ git: { repoURL: ownURL, directories } }], template, { goTemplate: true })),
      'team/clusters/a/w.yaml': '',
      ...there,
    })
    const found = (tree: Tree): number => findingsOf(discoverArgocd(tree), 'argocd/swallowed').length

    expect(found(set({ path: '*/clusters/*' }))).toBe(1)
    expect(found(set({ path: '*/clusters/*' }, { path: 'mesh-ca/**/*', exclude: true }))).toBe(0)
    expect(found(set({ path: 'team/clusters/*' }))).toBe(0)
  })

  test('a hydrator is seen wherever it applies to', () => {
    const hydrated = (path: string): object =>
      application('mesh-ca-dev', { destination: { name: 'dev' }, spec: { sourceHydrator: { drySource: { repoURL: ownURL, path } } } })
    const rendered = (path: string): number =>
      findingsOf(discoverArgocd({ ...folder, [app]: yaml(hydrated(path)), ...web }), 'argocd/rendered').length

    expect(rendered('mesh-ca/clusters/dev')).toBe(1)
    expect(rendered('apps')).toBe(0)
  })
})
