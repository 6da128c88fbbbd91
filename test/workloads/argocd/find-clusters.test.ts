import { expect, test } from 'vitest'
import { findArgocdClusters } from '../../../src/workloads/index.ts'
import { application, applicationSet, chart, clusterSecret, discoverArgocd, istioCharts, ownURL } from '../argocd-tree.ts'
import { namespace, workload, workloadsOf, yaml } from '../flux-tree.ts'
import { filesOf } from '../tree.ts'
import type { Tree } from '../tree.ts'

const find = (tree: Tree, repository: string | null = null): ReturnType<typeof findArgocdClusters> =>
  findArgocdClusters(filesOf(tree), repository)
const istiodFor = (destination: object, name = 'istiod', spec: object = {}): object =>
  application(name, {
    source: { repoURL: istioCharts, chart: 'istiod', targetRevision: '1.30.3' },
    destination: { namespace: 'istio-system', ...destination },
    spec,
  })
const inCluster = { server: 'https://kubernetes.default.svc' }
const root = (name: string, path: string, source: object = {}): object =>
  application(name, { path, source, destination: { ...inCluster, namespace: 'argocd' } })

test('nothing of Argo CD is no cluster', () => {
  expect(find({ 'a.yaml': yaml(workload('a', 'b')) })).toEqual({ clusters: [], findings: [] })
})

test('two repositories whose folders exist here cannot be told apart', () => {
  const tree = {
    'argocd/a.yaml': yaml(root('a', 'argocd'), application('b', { path: 'apps', source: { repoURL: 'https://git.example/other' } })),
    'apps/w.yaml': '',
  }

  expect(find(tree)).toMatchObject({
    clusters: [],
    findings: [
      { id: 'argocd/repository', severity: 'error', found: `https://git.example/other, ${ownURL}`, place: { file: 'argocd/a.yaml' } },
    ],
  })
  expect(find(tree).findings[0]?.remedy).toContain('--repo-url')
  expect(find(tree, 'git@git.example:platform').findings.map(({ severity, id }) => `${severity} ${id}`)).toEqual([
    'info argocd/destination',
    'info argocd/destination',
  ])
})

test('clusters that a generator takes by labels which Git does not show', () => {
  const set = applicationSet('s', [{ clusters: { selector: { matchLabels: { mesh: 'y' } } } }], {
    metadata: { name: 'x' },
    spec: { source: { repoURL: ownURL, path: 'apps' } },
  })

  expect(find({ 'argocd/s.yaml': yaml(set), 'apps/x': '' })).toMatchObject({
    clusters: [],
    findings: [{ id: 'argocd/generator', severity: 'error' }],
  })
})

test('an istiod that a file names which cannot be read', () => {
  const broken = { 'argocd/a.yaml': yaml(root('a', 'argocd')), 'argocd/x.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: {{ x }}\ny: [\n' }

  expect(find(broken).findings.map(({ id }) => id)).toEqual(['argocd/destination', 'workloads/template'])
})

test('a hub: a cluster for each destination with an istiod; the others are named', () => {
  const tree = {
    'bootstrap/root.yaml': yaml(root('root', 'argocd', { directory: { recurse: true, exclude: '*.txt' } })),
    'argocd/prod/istiod.yaml': yaml(istiodFor({ name: 'prod-eu' }, 'istiod-prod', { project: 'mesh' })),
    'argocd/prod/ca.yaml': yaml(
      application('x', { path: 'apps', destination: { server: 'https://prod.example:6443/' }, source: { targetRevision: 'main' } }),
    ),
    'argocd/dev.yaml': yaml(istiodFor({ server: 'https://dev.example:6443' }, 'istiod-dev')),
    'argocd/cluster.yaml': yaml(clusterSecret('prod-eu', 'https://prod.example:6443', { mesh: 'yes' })),
    'projects/mesh.yaml': yaml({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'mesh', namespace: 'argocd' },
      spec: {},
    }),
    'apps/w.yaml': '',
  }
  const { clusters, findings } = find(tree)

  expect(findings).toMatchObject([{ id: 'argocd/destination', severity: 'info', found: 'https://kubernetes.default.svc' }])
  expect(clusters).toEqual([
    {
      type: 'argocd',
      name: 'dev',
      paths: ['bootstrap'],
      namespace: 'argocd',
      repoURL: ownURL,
      branch: null,
      project: 'default',
      destination: { name: null, server: 'https://dev.example:6443' },
      labels: {},
      register: { file: 'argocd/mesh-ca-dev.yaml', by: 'argocd/root' },
      site: { file: 'argocd/dev.yaml', document: 0, line: 1 },
    },
    {
      type: 'argocd',
      name: 'prod-eu',
      paths: ['bootstrap', 'projects'],
      namespace: 'argocd',
      repoURL: ownURL,
      branch: null,
      project: 'mesh',
      destination: { name: 'prod-eu', server: 'https://prod.example:6443' },
      labels: { mesh: 'yes' },
      register: { file: 'argocd/mesh-ca-prod-eu.yaml', by: 'argocd/root' },
      site: { file: 'argocd/prod/istiod.yaml', document: 0, line: 1 },
    },
  ])
})

test('each cluster with an Argo CD of its own: folders tell them apart', () => {
  const own = (name: string): Tree => ({
    [`clusters/${name}/root.yaml`]: yaml(root('root', `clusters/${name}/apps`, { targetRevision: 'live' })),
    [`clusters/${name}/apps/kustomization.yaml`]: 'resources: [istiod.yaml]\n',
    [`clusters/${name}/apps/istiod.yaml`]: yaml(istiodFor(inCluster)),
  })
  const { clusters, findings } = find({ ...own('prod'), ...own('dev') })

  expect(findings).toEqual([])
  expect(
    clusters.map(({ name, paths, branch, destination, register }) => [name, paths, branch, destination.server, register?.file]),
  ).toEqual([
    ['dev', ['clusters/dev'], 'live', inCluster.server, 'clusters/dev/apps/mesh-ca-dev.yaml'],
    ['prod', ['clusters/prod'], 'live', inCluster.server, 'clusters/prod/apps/mesh-ca-prod.yaml'],
  ])
})

test('a single cluster, by hand, with a plain istiod', () => {
  const pod = { containers: [{ name: 'discovery', image: 'x/pilot:1.30.3' }] }
  const { clusters } = find({
    'app.yaml': yaml(application('mesh', { path: 'mesh', destination: { ...inCluster } })),
    'mesh/istiod.yaml': yaml(workload('istio-system', 'istiod', { labels: { app: 'istiod' }, pod })),
  })

  expect(clusters).toMatchObject([{ name: 'in-cluster', paths: ['app.yaml'], register: null, branch: null }])
})

test('an app of apps that would not pick up a new file is no place to register', () => {
  const tree = (source: object): Tree => ({
    'root.yaml': yaml(root('root', 'argocd', source)),
    'argocd/istiod.yaml': yaml(istiodFor({ name: 'prod' })),
  })

  expect(find(tree({ directory: { include: 'istiod.yaml' } })).clusters[0]?.register).toBeNull()
  expect(find(tree({ targetRevision: 'v1.0.0' })).clusters[0]?.register).toBeNull()
  expect(find(tree({})).clusters[0]?.register).toEqual({ file: 'argocd/mesh-ca-prod.yaml', by: 'argocd/root' })
})

test('a set that makes the Applications of several clusters', () => {
  const set = applicationSet('istiod', [{ clusters: { selector: { matchLabels: { mesh: 'yes' } } } }], {
    metadata: { name: 'istiod-{{name}}' },
    spec: {
      project: 'default',
      sources: [
        { repoURL: istioCharts, chart: 'istiod' },
        { repoURL: ownURL, ref: 'v' },
      ],
      destination: { server: '{{server}}', namespace: 'istio-system' },
    },
  })
  const tree = {
    'sets/istiod.yaml': yaml(set),
    'clusters/a.yaml': yaml(clusterSecret('a', 'https://a.example', { mesh: 'yes' })),
    'clusters/b.yaml': yaml(clusterSecret('b', 'https://b.example', { mesh: 'yes' })),
    'clusters/c.yaml': yaml(clusterSecret('c', 'https://c.example')),
  }

  expect(find(tree, ownURL).clusters.map(({ name, paths, labels }) => [name, paths, labels])).toEqual([
    ['a', ['clusters', 'sets'], { mesh: 'yes' }],
    ['b', ['clusters', 'sets'], { mesh: 'yes' }],
  ])
  expect(find({ 'sets/a.yaml': yaml(chart('istiod', 'istiod')) }, ownURL).clusters).toMatchObject([{ name: 'prod', repoURL: ownURL }])
})

test('what is found is what discovery starts from', () => {
  const tree = {
    'bootstrap/root.yaml': yaml(root('root', 'argocd')),
    'argocd/istiod.yaml': yaml(istiodFor({ name: 'prod' })),
    'argocd/shop.yaml': yaml(application('shop', { path: 'apps' })),
    'apps/w.yaml': yaml(namespace('shop', { 'istio-injection': 'enabled' }), workload('shop', 'web')),
  }
  const [cluster] = find(tree).clusters
  const discovery = discoverArgocd(tree, { ...cluster, branch: cluster?.branch ?? 'main' }, { paths: cluster?.paths ?? [] })

  expect(workloadsOf(discovery)).toEqual(['control-plane Deployment/istio-system/istiod', 'sidecar Deployment/shop/web'])
  expect(discovery.findings).toEqual([])
})
