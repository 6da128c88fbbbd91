import { describe, expect, test } from 'vitest'
import { idsOf, namespace, workload, workloadsOf, yaml } from '../flux-tree.ts'
import { app, application, chart, clusterSecret, discoverArgocd, istioCharts, ownURL } from '../argocd-tree.ts'
import type { Discovery } from '../../../src/workloads/index.ts'
import type { Tree } from '../tree.ts'

const shop = namespace('shop', { 'istio-injection': 'enabled' })
const web = { 'apps/w.yaml': yaml(workload('shop', 'web')) }
const meshed = {
  'argocd/zz.yaml': yaml(application('healthy', { path: 'healthy' })),
  'healthy/w.yaml': yaml(shop, workload('shop', 'healthy')),
}

describe('what cannot be known is a finding, and the rest is read on', () => {
  test.each<[string, Tree, string]>([
    ['no source', { [app]: yaml(application('a', { sources: [] })) }, `error argocd/application ${app}:8`],
    ['no destination', { [app]: yaml(application('a', { path: 'apps', destination: {} })), ...web }, `error argocd/application ${app}:10`],
    [
      'a destination of both',
      { [app]: yaml(application('a', { path: 'apps', destination: { name: 'prod', server: 'https://prod.example' } })), ...web },
      `error argocd/application ${app}:10`,
    ],
    [
      'a source of two types',
      { [app]: yaml(application('a', { path: 'apps', source: { helm: { releaseName: 'x' }, directory: { recurse: true } } })), ...web },
      `error argocd/application ${app}:13`,
    ],
    ['a folder that does not exist', { [app]: yaml(application('a', { path: 'no' })) }, `error argocd/path-missing ${app}:15`],
    [
      'another repository',
      { [app]: yaml(application('a', { path: 'apps', source: { repoURL: 'https://git.example/other' } })) },
      `error workloads/foreign-source ${app}:13`,
    ],
    [
      'an OCI artefact',
      { [app]: yaml(application('a', { path: '.', source: { repoURL: 'oci://reg.example/apps/shop' } })) },
      `error workloads/foreign-source ${app}:13`,
    ],
    [
      'a plugin',
      { [app]: yaml(application('a', { path: 'apps', source: { plugin: { name: 'x' } } })), ...web },
      `error argocd/source ${app}:16`,
    ],
    ['Jsonnet', { [app]: yaml(application('a', { path: 'apps' })), 'apps/a.jsonnet': '{}' }, `error argocd/source ${app}:13`],
    [
      'a tag',
      { [app]: yaml(application('a', { path: 'apps', source: { targetRevision: 'v1.2.0' } })), ...web },
      `warning argocd/revision ${app}:16`,
    ],
    [
      'another branch',
      { [app]: yaml(application('a', { path: 'apps', source: { targetRevision: 'release' } })), ...web },
      `warning argocd/revision ${app}:16`,
    ],
    [
      'two definitions',
      { [app]: yaml(application('a', { path: 'apps' }), application('a', { path: 'healthy' })), ...web },
      `error argocd/duplicate ${app}:23`,
    ],
    [
      'two owners',
      { [app]: yaml(application('a', { path: 'apps' }), application('b', { path: 'apps' })), ...web },
      'error workloads/two-owners apps/w.yaml:1',
    ],
    [
      'kustomize without a file',
      { [app]: yaml(application('a', { path: 'apps', source: { kustomize: { namePrefix: 'x-' } } })), ...web },
      `error argocd/application ${app}:16`,
    ],
    [
      'a chart without a file',
      { [app]: yaml(application('a', { path: 'apps', source: { helm: { releaseName: 'x' } } })), ...web },
      `error argocd/application ${app}:16`,
    ],
    [
      'a chart that makes Applications',
      {
        [app]: yaml(application('a', { path: 'chart', destination: { name: 'dev' } })),
        'chart/Chart.yaml': 'name: apps\nversion: 1.0.0\n',
        'chart/templates/app.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: {{ .Values.x }}}\n',
      },
      `error argocd/source ${app}:13`,
    ],
    [
      'such a chart that nothing installs',
      {
        'argocd/chart/Chart.yaml': 'name: apps\nversion: 1.0.0\n',
        'argocd/chart/templates/app.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: {{ .Values.x }}}\n',
      },
      'error workloads/template argocd/chart/templates/app.yaml:1',
    ],
    ['chart argocd-apps', { [app]: yaml(chart('a', 'argocd-apps', {}, 'argocd')) }, `error argocd/source ${app}:14`],
    [
      'a template',
      { 'argocd/t.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: {{ .Kind }}\nx: [\n' },
      'error workloads/template argocd/t.yaml:4',
    ],
    [
      'a manifest that is no YAML',
      { [app]: yaml(application('a', { path: 'apps' })), 'apps/x.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: [\n' },
      'error yaml/syntax apps/x.yaml:4',
    ],
    [
      'a workload without a namespace',
      {
        [app]: yaml(application('a', { path: 'apps' })),
        'apps/w.yaml': yaml(workload(null, 'web', { labels: { 'sidecar.istio.io/inject': 'false' } })),
      },
      'error workloads/namespace-missing apps/w.yaml:1',
    ],
    [
      'values in a file that is not there',
      { [app]: yaml(chart('istiod', 'istiod', { valueFiles: ['$values/no.yaml'] })) },
      `warning workloads/helm-values ${app}:20`,
    ],
    ['istio-csr', { [app]: yaml(chart('csr', 'cert-manager-istio-csr')) }, `error workloads/ca-provider ${app}:14`],
    ['a chart in a meshed namespace', { [app]: yaml(chart('redis', 'redis', {}, 'shop')) }, `warning workloads/opaque ${app}:14`],
    ['an unknown label of a namespace', { [app]: yaml(chart('redis', 'redis', {}, 'pay')) }, `error workloads/namespace-unknown ${app}:1`],
    [
      'no automated sync',
      { [app]: yaml(application('a', { path: 'apps', spec: { syncPolicy: {} } })), ...web },
      `info argocd/manual-sync ${app}:17`,
    ],
    [
      'ApplyOutOfSyncOnly',
      {
        [app]: yaml(application('a', { path: 'apps', spec: { syncPolicy: { automated: {}, syncOptions: ['ApplyOutOfSyncOnly=true'] } } })),
        ...web,
      },
      `warning argocd/out-of-sync-only ${app}:19`,
    ],
    [
      'a recursing folder above reroot’s own, for another cluster',
      { [app]: yaml(application('a', { path: '.', destination: { name: 'dev' }, source: { directory: { recurse: true } } })) },
      `error argocd/swallowed ${app}:16`,
    ],
  ])('%s', (_, tree, expected) => {
    const discovery = discoverArgocd({ ...meshed, ...tree })

    expect(idsOf(discovery)).toContain(expected)
    expect(workloadsOf(discovery)).toContain('sidecar Deployment/shop/healthy')
    for (const finding of discovery.findings) expect(finding.remedy).not.toBe('')
  })

  test('a healthy repository has no findings', () => {
    expect(discoverArgocd(meshed).findings).toEqual([])
  })
})

describe('which Applications are of this cluster', () => {
  const destinations = (controller: object, extra: Tree, ...given: readonly object[]): readonly string[] => {
    const tree = Object.fromEntries(
      given.map((destination, index) => [`argocd/${index}.yaml`, yaml(application(`a${index}`, { path: 'apps', destination }))]),
    )
    const discovery = discoverArgocd({ ...tree, ...extra, 'apps/x.txt': '' }, controller)
    return [...discovery.controllers.map(({ name }) => name), ...discovery.findings.map(({ id }) => id)]
  }

  test('a server that nothing connects with a name is a finding, not a guess', () => {
    expect(
      destinations({ destination: { name: 'prod', server: null } }, {}, { name: 'prod' }, { server: 'https://1.2.3.4' }, { name: 'dev' }),
    ).toEqual(['a0', 'argocd/destination'])
  })

  test('a cluster Secret connects them, also an encoded one', () => {
    const secret = { ...clusterSecret('prod', ''), stringData: {}, data: { name: btoa('prod'), server: btoa('https://1.2.3.4/') } }
    const extra = { 'argocd/s.yaml': yaml(secret) }

    expect(destinations({ destination: { name: 'prod', server: null } }, extra, { name: 'prod' }, { server: 'https://1.2.3.4' })).toEqual([
      'a0',
      'a1',
    ])
  })

  test('the built-in name and server are one', () => {
    const builtIn = { name: null, server: 'https://kubernetes.default.svc' }

    expect(destinations({ destination: builtIn }, {}, { name: 'in-cluster' }, { server: 'https://kubernetes.default.svc/' })).toEqual([
      'a0',
      'a1',
    ])
  })
})

test('Applications of Applications are read to the end, and an overlay that changes one counts before its file', () => {
  const discovery = discoverArgocd({
    [app]: yaml(application('root', { path: 'argocd/overlay', destination: { name: 'in-cluster', namespace: 'argocd' } })),
    'argocd/overlay/kustomization.yaml': 'resources: [../base/app.yaml]\npatches:\n- path: p.yaml\n',
    'argocd/overlay/p.yaml':
      'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: child}\nspec: {source: {path: apps/right}}\n',
    'argocd/base/app.yaml': yaml(application('child', { path: 'apps/wrong', metadata: { namespace: undefined } })),
    'apps/right/app.yaml': yaml(application('grandchild', { path: 'apps/below' })),
    'apps/below/w.yaml': yaml(shop, workload('shop', 'web')),
  })

  expect(idsOf(discovery)).toEqual([])
  expect(discovery.controllers.map(({ id }) => id)).toEqual(['argocd/child', 'argocd/grandchild'])
  expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/web'])
})

test('an Application that applies itself is one Application', () => {
  const discovery = discoverArgocd({ [app]: yaml(application('root', { path: 'argocd' })) })

  expect(idsOf(discovery)).toEqual([])
  expect(discovery.controllers.map(({ id }) => id)).toEqual(['argocd/root'])
})

test('other clusters’ folders are not even read', () => {
  const discovery = discoverArgocd({
    [app]: yaml(application('dev', { path: 'dev', destination: { name: 'dev' } })),
    'dev/broken.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: [\n',
    'dev/w.yaml': yaml(workload('shop', 'web')),
  })

  expect(discovery.findings).toEqual([])
  expect(discovery.workloads).toEqual([])
})

test('roles, owners, waves and facts of a whole cluster', () => {
  const waved = (name: string, wave: string): object => {
    const made = workload(null, name, { spec: { paused: true } })
    return {
      ...made,
      metadata: {
        name,
        annotations: { 'argocd.argoproj.io/sync-wave': wave, 'argocd.argoproj.io/sync-options': 'Prune=false,Replace=true' },
      },
    }
  }
  const discovery = discoverArgocd({
    [app]: yaml(
      chart('istiod', 'istiod', {
        valuesObject: { meshConfig: { trustDomain: 'shop.example' } },
        parameters: [{ name: 'pilot.env.ISTIO_MULTIROOT_MESH', value: 'true', forceString: true }],
      }),
      chart('ztunnel', 'ztunnel'),
      application('edge', {
        sources: [
          {
            repoURL: istioCharts,
            chart: 'gateway',
            targetRevision: '1.30.x',
            helm: { releaseName: 'ingress', valueFiles: ['$v/values/edge.yaml'] },
          },
          { repoURL: ownURL, ref: 'v', targetRevision: 'HEAD' },
        ],
        destination: { name: 'prod', namespace: 'edge' },
      }),
      application('plain', { path: 'plain', destination: { name: 'prod', namespace: 'shop' } }),
      application('overlay', {
        path: 'apps/overlays/eu',
        destination: { name: 'prod', namespace: 'shop' },
        spec: {
          syncPolicy: {
            automated: {},
            syncOptions: ['Replace=true', 'CreateNamespace=true'],
            managedNamespaceMetadata: { labels: { 'istio-injection': 'enabled' } },
          },
        },
      }),
    ),
    'values/edge.yaml': 'kind: DaemonSet\n',
    'plain/w.yaml': yaml(waved('cart', '-3')),
    'apps/base/kustomization.yaml': 'resources: [w.yaml]\nnamePrefix: base-\n',
    'apps/base/w.yaml': yaml(workload(null, 'web')),
    'apps/overlays/eu/kustomization.yaml': 'resources: [../../base]\n',
  })

  expect(idsOf(discovery)).toEqual([])
  expect(workloadsOf(discovery)).toEqual([
    'gateway DaemonSet/edge/ingress',
    'ztunnel DaemonSet/istio-system/ztunnel',
    'control-plane Deployment/istio-system/istiod',
    'sidecar Deployment/shop/base-web',
    'sidecar Deployment/shop/cart',
  ])
  expect(discovery.workloads.map(({ syncWave, replaced }) => [syncWave, replaced])).toEqual([
    [0, false],
    [0, false],
    [0, false],
    [0, true],
    [-3, true],
  ])
  expect(discovery.workloads.map(({ owner }) => owner)).toEqual([
    { kind: 'chart', controller: 'argocd/edge', by: 'Application argocd/edge', chart: 'gateway' },
    { kind: 'chart', controller: 'argocd/ztunnel', by: 'Application argocd/ztunnel', chart: 'ztunnel' },
    { kind: 'chart', controller: 'argocd/istiod', by: 'Application argocd/istiod', chart: 'istiod' },
    {
      kind: 'kustomize',
      controller: 'argocd/overlay',
      kustomization: 'apps/overlays/eu/kustomization.yaml',
      component: { name: 'base-web', namespace: null },
    },
    { kind: 'yaml', controller: 'argocd/plain' },
  ])
  expect(discovery.istio[0]).toMatchObject({
    chart: 'istiod',
    version: '1.30.3',
    multiRoot: true,
    trustDomain: 'shop.example',
    caProvider: 'istiod',
  })
  expect(discovery.controllers.at(-1)).toMatchObject({
    type: 'argocd',
    id: 'argocd/overlay',
    project: 'default',
    paths: ['apps/overlays/eu'],
    automated: true,
    outOfSyncOnly: false,
    hydrated: false,
  })
})

test('what a fixed revision hides is said as it is: workloads, Applications, or values', () => {
  const pinned = (discovery: Discovery): readonly (readonly [string, string])[] =>
    discovery.findings.filter(({ id }) => id === 'argocd/revision').map(({ message, remedy }) => [message, remedy])
  const targetRevision = 'v1.2.0'
  const [ofWorkloads] = pinned(discoverArgocd({ [app]: yaml(application('a', { path: 'apps', source: { targetRevision } })), ...web }))
  const [ofApplications] = pinned(
    discoverArgocd({
      [app]: yaml(application('root', { path: 'root', source: { targetRevision } })),
      'root/a.yaml': yaml(application('a', { path: 'apps' })),
      ...web,
    }),
  )
  const sources = [
    { repoURL: ownURL, targetRevision, ref: 'values' },
    { repoURL: ownURL, targetRevision: 'main', path: 'apps' },
  ]
  const [ofValues] = pinned(discoverArgocd({ [app]: yaml(application('a', { sources })), ...web }))

  expect(ofWorkloads?.join()).toMatch(/workloads that only v1\.2\.0 has are not restarted.*--confirmed/)
  expect(ofApplications?.join()).toMatch(/applies Applications.*is not picked up.*by hand or move the revision/)
  expect(ofValues?.join()).toMatch(/its values come from a fixed revision.*--confirmed/)
  for (const one of [ofWorkloads, ofApplications, ofValues]) expect(one?.join()).not.toContain('delivery: job')
})

test('a fixed revision, and differences that are ignored, keep a restart in Git from the pods', () => {
  const ignoring = (rule: object): object =>
    application('i', { path: 'i', spec: { ignoreDifferences: [{ group: 'apps', kind: 'Deployment', ...rule }] } })
  const why = (tree: Tree): readonly unknown[] =>
    discoverArgocd({
      'argocd/ns.yaml': yaml(application('ns', { path: 'ns' })),
      'ns/n.yaml': yaml(shop),
      'i/w.yaml': yaml(workload('shop', 'web')),
      ...tree,
    }).workloads.map(({ owner }) => 'undeliverable' in owner && owner.undeliverable)

  expect(why({ [app]: yaml(application('i', { path: 'i', source: { targetRevision: '0123abcd' } })) })).toEqual([
    'Application argocd/i reads revision 0123abcd, not the branch',
  ])
  const hides = ['Application argocd/i ignores differences of its pod template (ignoreDifferences)']
  expect(why({ [app]: yaml(ignoring({ jsonPointers: ['/spec/template/metadata/annotations'] })) })).toEqual(hides)
  expect(why({ [app]: yaml(ignoring({ jqPathExpressions: ['.spec.template.metadata.annotations["reroot.dev/rotation"]'] })) })).toEqual(
    hides,
  )
  expect(why({ [app]: yaml(ignoring({ managedFieldsManagers: ['argocd-controller'] })) })).toEqual(hides)
  const settings = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-cm', namespace: 'argocd' },
    data: { 'resource.customizations.ignoreDifferences.all': 'jsonPointers: [/spec/template]\n' },
  }
  expect(why({ [app]: yaml(application('i', { path: 'i' }), settings) })).toEqual(hides)
  for (const rule of [
    { jsonPointers: ['/spec/replicas'] },
    { name: 'other', jsonPointers: ['/spec'] },
    { kind: 'StatefulSet', jsonPointers: ['/spec'] },
    { jqPathExpressions: ['.spec.template.metadata.annotations | keys'] },
  ])
    expect(why({ [app]: yaml(ignoring(rule)) })).toEqual([false])
})
