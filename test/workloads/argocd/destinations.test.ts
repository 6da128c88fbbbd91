import { describe, expect, test } from 'vitest'
import { findArgocdClusters } from '../../../src/workloads/index.ts'
import { application, applicationSet, clusterSecret, discoverArgocd, istioCharts, ownURL } from '../argocd-tree.ts'
import { idsOf, namespace, workload, workloadsOf, yaml } from '../flux-tree.ts'
import { filesOf } from '../tree.ts'
import type { Tree } from '../tree.ts'

const find = (tree: Tree, repository: string | null = null): ReturnType<typeof findArgocdClusters> =>
  findArgocdClusters(filesOf(tree), repository)
const istiodFor = (destination: object, options: { readonly metadata?: object; readonly spec?: object } = {}): object =>
  application('istiod', {
    source: { repoURL: istioCharts, chart: 'istiod', targetRevision: '1.30.3' },
    destination: { namespace: 'istio-system', ...destination },
    ...options,
  })
const local = { server: 'https://kubernetes.default.svc' }
const shop = { 'apps/w.yaml': yaml(namespace('shop', { 'istio-injection': 'enabled' }), workload('shop', 'web')) }
const shopFor = (destination: object): Tree => ({ 'argocd/shop.yaml': yaml(application('shop', { path: 'apps', destination })), ...shop })
const project = (name: string, inNamespace: string, spec: object = {}): object => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name, namespace: inNamespace },
  spec,
})

describe('in-cluster may have another name, which Git does not show', () => {
  const byName = { destination: { name: 'prod', server: null } }
  const byServer = { destination: { name: null, ...local } }

  test('so its address may be a cluster’s that is known by name, and the reverse', () => {
    for (const [controller, destination] of [
      [byName, local],
      [byServer, { name: 'prod' }],
    ]) {
      const discovery = discoverArgocd(shopFor(destination ?? {}), controller)

      expect(idsOf(discovery)).toEqual(['error argocd/destination argocd/shop.yaml:10'])
      expect(workloadsOf(discovery)).toEqual([])
    }
  })

  test('it is told once, with the number of Applications', () => {
    const more = { 'argocd/more.yaml': yaml(application('more', { path: 'apps', destination: local })) }
    const { findings } = discoverArgocd({ ...shopFor(local), ...more }, byName)

    expect(findings.map(({ id, message }) => [id, message.split('; ')[1]])).toEqual([
      ['argocd/destination', 'it is not followed, and 1 more Applications'],
    ])
  })

  test('a cluster Secret for that address, or both halves in reroot.yaml, tell them apart', () => {
    const renamed = { 'argocd/secret.yaml': yaml(clusterSecret('prod', local.server)) }
    const hub = { 'argocd/secret.yaml': yaml(clusterSecret('hub', local.server)) }
    const web = ['sidecar Deployment/shop/web']

    expect(workloadsOf(discoverArgocd({ ...shopFor(local), ...renamed }, byName))).toEqual(web)
    expect(workloadsOf(discoverArgocd({ ...shopFor({ name: 'prod' }), ...renamed }, byServer))).toEqual(web)
    for (const discovery of [
      discoverArgocd({ ...shopFor(local), ...hub }, byName),
      discoverArgocd({ ...shopFor({ name: 'prod' }), ...hub }, byServer),
      discoverArgocd(shopFor(local)),
    ])
      expect([workloadsOf(discovery), discovery.findings]).toEqual([[], []])
  })

  test('the name in-cluster is the address, and no other name', () => {
    const web = ['sidecar Deployment/shop/web']

    expect(workloadsOf(discoverArgocd(shopFor(local), { destination: { name: 'in-cluster', server: null } }))).toEqual(web)
    expect(workloadsOf(discoverArgocd(shopFor({ name: 'in-cluster' }), byServer))).toEqual(web)
    expect(discoverArgocd(shopFor({ name: 'in-cluster' }), byName).findings).toEqual([])
  })

  const hub = (files: Tree, options: object = {}): Tree => ({
    'argocd/root.yaml': yaml(application('root', { path: 'argocd', destination: { ...local, namespace: 'argocd' }, ...options })),
    ...shopFor({ name: 'prod' }),
    ...files,
  })

  test('Argo CD’s own objects, settings and pods on the hub are no cluster’s', () => {
    const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm' }, data: {} }
    const argocd = application('argo-cd', {
      source: { repoURL: 'https://argoproj.github.io/argo-helm', chart: 'argo-cd', targetRevision: '9.0.0' },
      destination: { ...local, namespace: 'argocd' },
    })
    const discovery = discoverArgocd(
      hub({
        'argocd/argo-cd.yaml': yaml(argocd),
        'argocd/config.yaml': yaml(application('config', { path: 'config', destination: { ...local, namespace: 'argocd' } })),
        'config/cm.yaml': yaml(settings, workload(null, 'helper')),
      }),
      byName,
    )

    expect(discovery.findings).toEqual([])
    expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/web'])
  })

  test.each<[string, Tree, object]>([
    ['pods in another namespace', { 'argocd/w.yaml': yaml(workload('shop', 'cart')) }, {}],
    ['a namespace of the mesh', { 'argocd/n.yaml': yaml(namespace('pay', { 'istio.io/rev': 'default' })) }, {}],
    ['a namespace of an ambient mesh', { 'argocd/n.yaml': yaml(namespace('pay', { 'istio.io/dataplane-mode': 'ambient' })) }, {}],
    ['an unknown repository', {}, { source: { repoURL: 'https://git.example/other' }, destination: { ...local, namespace: 'shop' } }],
  ])('but %s are told', (_, files, options) => {
    expect(idsOf(discoverArgocd(hub(files, options), byName))).toContain('error argocd/destination argocd/root.yaml:10')
  })

  test('what init finds states no name that it guessed', () => {
    const tree = { 'argocd/istiod.yaml': yaml(istiodFor(local)) }
    const named = { ...tree, ...shopFor({ name: 'in-cluster' }) }

    expect(find(tree, ownURL).clusters).toMatchObject([{ name: 'in-cluster', destination: { name: null, ...local } }])
    expect(find(named, ownURL).clusters).toMatchObject([{ name: 'in-cluster', destination: { name: 'in-cluster', ...local } }])
  })
})

describe('Applications that may be for a cluster that was found', () => {
  const istiod = { 'mesh/istiod.yaml': yaml(istiodFor({ server: 'https://1.2.3.4' })) }
  const secret = { 'clusters/prod.yaml': yaml(clusterSecret('prod', 'https://1.2.3.4')) }

  test('are an error, and in the paths, so that every step tells it', () => {
    const tree = { ...istiod, ...shopFor({ name: 'prod' }) }
    const { clusters, findings } = find(tree)

    expect(findings).toMatchObject([
      { id: 'argocd/destination', severity: 'error', found: 'name prod', place: { file: 'argocd/shop.yaml', line: 10 } },
    ])
    expect(findings[0]?.message).toContain('https://1.2.3.4')
    expect(clusters.map(({ paths }) => paths)).toEqual([['argocd', 'mesh']])
    const [cluster] = clusters
    expect(idsOf(discoverArgocd(tree, { ...cluster, branch: 'main' }, { paths: cluster?.paths ?? [] }))).toEqual([
      'error argocd/destination argocd/shop.yaml:10',
    ])
  })

  test('are the cluster’s with its Secret in Git', () => {
    const { clusters, findings } = find({ ...istiod, ...shopFor({ name: 'prod' }), ...secret })

    expect(findings).toEqual([])
    expect(clusters).toMatchObject([{ name: 'prod', paths: ['argocd', 'clusters', 'mesh'] }])
  })

  test('are told even if they have an istiod of another revision, or the Secret', () => {
    const revised = application('canary', {
      source: { repoURL: istioCharts, chart: 'istiod', targetRevision: '1.30.3', helm: { valuesObject: { revision: 'canary' } } },
      destination: { name: 'prod', namespace: 'istio-system' },
    })
    const ca = {
      'argocd/ca.yaml': yaml(application('ca', { path: 'ca', destination: { name: 'prod', namespace: 'istio-system' } })),
      'ca/s.yaml': yaml({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'cacerts' },
        data: { 'ca-key.pem': 'ENC[AES256,x]' },
        sops: {},
      }),
    }

    for (const tree of [{ 'argocd/canary.yaml': yaml(revised) }, ca]) {
      const { clusters, findings } = find({ ...istiod, ...tree }, ownURL)

      expect(findings.map(({ id, severity, found }) => [id, severity, found])).toEqual([
        ['argocd/destination', 'error', 'name prod'],
        ['argocd/destination', 'error', 'server https://1.2.3.4'],
      ])
      expect(clusters.map(({ paths }) => paths)).toEqual([
        ['argocd', 'mesh'],
        ['argocd', 'mesh'],
      ])
      expect(find({ ...istiod, ...tree, ...secret }, ownURL).findings).toEqual([])
    }
  })

  test('are another cluster’s if they have the same istiod', () => {
    const same = find({ ...istiod, 'argocd/istiod.yaml': yaml(istiodFor({ name: 'prod' })) }, ownURL)

    expect(same.findings).toEqual([])
    expect(same.clusters.map(({ paths }) => paths)).toEqual([['mesh'], ['argocd']])
  })

  test('are only named if both halves differ, or if they hold nothing but Argo CD’s own', () => {
    const dev = { ...istiod, ...shopFor({ server: 'https://4.3.2.1' }) }
    const hub = {
      'mesh/istiod.yaml': yaml(istiodFor({ name: 'prod' })),
      'argocd/root.yaml': yaml(application('root', { path: 'mesh', destination: { ...local, namespace: 'argocd' } })),
    }

    for (const tree of [dev, hub]) expect(find(tree, ownURL).findings.map(({ severity }) => severity)).toEqual(['info'])
    expect(find(dev, ownURL).clusters.map(({ paths }) => paths)).toEqual([['mesh']])
  })
})

test('user and password of a repository’s address are shown nowhere, and compared nowhere', () => {
  const secret = 'https://robot:to@ken@git.example/platform.git'
  const tree = {
    'argocd/istiod.yaml': yaml(istiodFor({ name: 'prod' }), project('default', 'argocd', { sourceRepos: [secret] })),
    'argocd/shop.yaml': yaml(application('shop', { path: 'apps', source: { repoURL: secret } })),
    ...shop,
  }

  expect(find(tree, ownURL).clusters).toMatchObject([{ repoURL: ownURL }])
  expect(find(tree, 'https://x:y@git.example/platform').clusters).toMatchObject([{ repoURL: ownURL }])
  const other = find({ 'a.yaml': yaml(application('a', { path: 'no', source: { repoURL: secret } })) }, 'https://x:y@git.example/other')
  expect(other.findings).toMatchObject([{ id: 'argocd/repository', found: ownURL }])
  const foreign = { 'argocd/x.yaml': yaml(application('x', { path: 'x', source: { repoURL: 'https://git.example/x' } })) }
  const discovery = discoverArgocd({ ...tree, ...foreign }, { repoURL: secret })
  expect(workloadsOf(discovery)).toContain('sidecar Deployment/shop/web')
  expect(discovery.findings).toMatchObject([{ id: 'workloads/foreign-source', expected: ownURL }])
  expect(JSON.stringify([other, discovery])).not.toMatch(/robot|ken@|x:y/)
  const overSsh = application('a', { path: 'apps', source: { repoURL: 'ssh://git:to.ken@git.example/platform.git' } })
  expect(find({ 'a.yaml': yaml(overSsh, istiodFor({ name: 'prod' })), ...shop }).clusters).toMatchObject([
    { repoURL: 'ssh://git@git.example/platform.git' },
  ])
})

describe('Argo CD’s own namespace', () => {
  const istiod = yaml(istiodFor({ name: 'prod' }, { metadata: { namespace: 'team' }, spec: { project: 'mesh' } }))
  const namespaceOf = (tree: Tree): readonly string[] =>
    find({ 'apps/istiod.yaml': istiod, ...tree }, ownURL).clusters.map((one) => one.namespace)
  const root = (inNamespace: string): string =>
    yaml(application('root', { path: 'apps', destination: { ...local }, metadata: { namespace: inNamespace } }))

  test('is that of the project, or of argocd-cm', () => {
    const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace: 'gitops' } }

    expect(namespaceOf({ 'p.yaml': yaml(project('a', 'other'), project('mesh', 'gitops')) })).toEqual(['gitops'])
    expect(namespaceOf({ 'p.yaml': yaml(project('a', 'other'), settings) })).toEqual(['gitops'])
    expect(namespaceOf({ 'p.yaml': yaml(project('a', 'gitops')) })).toEqual(['gitops'])
  })

  test('else the usual one, if an Application is there, else the most common one', () => {
    expect(namespaceOf({ 'root.yaml': root('argocd') })).toEqual(['argocd'])
    expect(namespaceOf({})).toEqual(['team'])
  })
})

test('an istiod for all clusters that Argo CD knows: those that Git does not show are told', () => {
  const set = applicationSet('istiod', [{ matrix: { generators: [{ clusters: {} }, { list: { elements: [{ a: 'b' }] } }] } }], {
    metadata: { name: 'istiod-{{name}}' },
    spec: {
      source: { repoURL: istioCharts, chart: 'istiod', targetRevision: '1.30.3' },
      destination: { server: '{{server}}', namespace: 'istio-system' },
    },
  })
  const warnings = (extra: Tree): readonly unknown[] =>
    find({ 'sets/istiod.yaml': yaml(set), ...extra }, ownURL).findings.map(({ id, severity, found, place }) => [
      severity,
      id,
      found,
      place.file,
    ])

  expect(warnings({})).toEqual([['warning', 'argocd/generator', 'no cluster Secret', 'sets/istiod.yaml']])
  expect(warnings({ 'clusters/a.yaml': yaml(clusterSecret('a', 'https://a.example'), clusterSecret('b', 'https://b.example')) })).toEqual([
    ['warning', 'argocd/generator', 'a, b', 'sets/istiod.yaml'],
  ])
})

test('a cluster is called by its host’s first part, or by the whole of an IP address', () => {
  const nameOf = (server: string): readonly string[] =>
    find({ 'a.yaml': yaml(istiodFor({ server })) }, ownURL).clusters.map(({ name }) => name)

  expect(nameOf('https://1.2.3.4:6443')).toEqual(['1-2-3-4'])
  expect(nameOf('https://prod.example:6443')).toEqual(['prod'])
  expect(nameOf('https://[fd00::1]:6443')).toEqual(['fd00-1'])
})

test('overlays that people apply by hand are read as they build, and are the cluster’s paths', () => {
  const patch = (name: string): string => `[{op: replace, path: /spec/destination/name, value: ${name}}]`
  const overlay = (name: string): Tree => ({
    [`clusters/${name}/kustomization.yaml`]: `resources: [../../base]\npatches:\n- target: {kind: Application}\n  patch: "${patch(name)}"\n`,
  })
  const tree = {
    'base/kustomization.yaml': 'resources: [istiod.yaml, shop.yaml]\n',
    'base/istiod.yaml': yaml(istiodFor({ name: 'none' })),
    'base/shop.yaml': yaml(application('shop', { path: 'apps', destination: { name: 'none' } })),
    ...overlay('eu'),
    ...overlay('us'),
    ...shop,
  }
  const { clusters, findings } = find(tree)

  expect(findings).toEqual([])
  expect(clusters.map(({ name, paths }) => [name, paths])).toEqual([
    ['eu', ['clusters/eu']],
    ['us', ['clusters/us']],
  ])
  const [eu] = clusters
  const discovery = discoverArgocd(tree, { ...eu, branch: 'main' }, { paths: eu?.paths ?? [] })
  expect([idsOf(discovery), workloadsOf(discovery)]).toEqual([
    [],
    ['control-plane Deployment/istio-system/istiod', 'sidecar Deployment/shop/web'],
  ])
})
