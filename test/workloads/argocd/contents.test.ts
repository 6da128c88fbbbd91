import { describe, expect, test } from 'vitest'
import { syncWaveOf } from '../../../src/workloads/index.ts'
import type { Discovery } from '../../../src/workloads/index.ts'
import { app, application, applicationSet, discoverArgocd, ownURL } from '../argocd-tree.ts'
import { discoverProd, flux, idsOf, namespace, workload, workloadsOf, yaml } from '../flux-tree.ts'
import type { Tree } from '../tree.ts'

const shop = namespace('shop', { 'istio-injection': 'enabled' })
const web = { 'apps/w.yaml': yaml(workload('shop', 'web')) }
const hub = { name: 'in-cluster', namespace: 'argocd' }
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

describe('what hides Applications counts wherever it is applied', () => {
  const destination = { name: 'hub', namespace: 'argocd' }
  const git = { repoURL: ownURL, path: 'root' }
  const child = yaml(application('child', { path: 'apps' }))

  test.each<[string, object, Tree, string]>([
    ['another repository', { source: { repoURL: other, path: 'root' } }, {}, `error workloads/foreign-source ${app}:14`],
    ['a plugin', { source: { ...git, plugin: { name: 'x' } } }, { 'root/a.yaml': child }, `error argocd/source ${app}:17`],
    ['Jsonnet', { source: git }, { 'root/a.jsonnet': '{}' }, `error argocd/source ${app}:14`],
    [
      'a remote base',
      { source: git },
      { 'root/kustomization.yaml': 'resources: ["https://git.example/other//apps?ref=v1"]\n' },
      'error workloads/remote-resource root/kustomization.yaml:1',
    ],
    ['a tag', { source: { ...git, targetRevision: 'v1.0.0' } }, { 'root/a.yaml': child }, `warning argocd/revision ${app}:17`],
    [
      'argocd-apps below another chart',
      { source: git },
      { 'root/Chart.yaml': 'name: root\nversion: 1.0.0\ndependencies:\n- {name: argocd-apps, version: 2.0.0, repository: https://x}\n' },
      `error argocd/source ${app}:14`,
    ],
  ])('%s', (_, options, tree, expected) => {
    const discovery = discoverArgocd({ [app]: yaml(application('root', { destination, ...options })), ...web, ...tree })

    expect(idsOf(discovery)).toContain(expected)
  })

  test('also where Applications are seen beside it, into any namespace', () => {
    const sources = [git, { repoURL: other, path: 'more' }]
    const tree = { [app]: yaml(application('root', { sources, destination: { name: 'hub' } })), 'root/a.yaml': child, ...web }

    expect(idsOf(discoverArgocd(tree))).toContain(`error workloads/foreign-source ${app}:18`)
  })

  test('what goes elsewhere in another cluster, and Argo CD itself, does not count', () => {
    const argocd = { repoURL: 'https://github.com/argoproj/argo-cd.git', path: 'manifests/ha' }
    const tree = {
      [app]: yaml(
        application('shop', { source: { repoURL: other, path: 'x' }, destination: { name: 'dev', namespace: 'shop' } }),
        application('argocd', { source: argocd, destination }),
      ),
    }

    expect(idsOf(discoverArgocd(tree))).toEqual([])
  })
})

describe('kustomizations that people apply by hand', () => {
  const tree: Tree = {
    'argocd/base/kustomization.yaml': 'resources: [app.yaml]\n',
    'argocd/base/app.yaml': yaml(application('a', { path: 'apps/wrong' })),
    'argocd/overlays/prod/kustomization.yaml': 'resources: [../../base]\npatches:\n- path: p.yaml\n',
    'argocd/overlays/prod/p.yaml':
      'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\nspec: {source: {path: apps/right}}\n',
    'apps/right/w.yaml': yaml(shop, workload('shop', 'web')),
  }

  test.each([['argocd'], ['argocd/overlays/prod']])('the topmost below %s is built', (path) => {
    const discovery = discoverArgocd(tree, {}, { paths: [path] })

    expect(idsOf(discovery)).toEqual([])
    expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/web'])
  })

  test('one outside of the paths that would change an Application is a finding', () => {
    const discovery = discoverArgocd(tree, {}, { paths: ['argocd/base'] })

    expect(idsOf(discovery)).toContain('error argocd/application argocd/overlays/prod/kustomization.yaml:1')
  })

  test('one outside of the paths that changes nothing is none, also over an ApplicationSet with a template like that of pods', () => {
    const set = applicationSet(
      's',
      [{ list: { elements: [{ folder: 'right' }] } }],
      { metadata: { name: 'a' }, spec: { source: { repoURL: ownURL, path: 'apps/{{ .folder }}' }, destination: { name: 'prod' } } },
      { goTemplate: true },
    )
    const files = {
      'argocd/base/kustomization.yaml': 'resources: [set.yaml]\n',
      'argocd/base/set.yaml': yaml(set),
      'argocd/overlays/prod/kustomization.yaml': 'resources: [../../base]\n',
    }

    expect(idsOf(discoverArgocd(files, {}, { paths: ['argocd/base'] })).filter((id) => id.includes('argocd/application'))).toEqual([])
  })

  test('one that an Application builds is none of them', () => {
    const root = yaml(application('root', { path: 'argocd/overlays/prod', destination: hub }))
    const discovery = discoverArgocd({ ...tree, 'argocd/base/root.yaml': root }, {}, { paths: ['argocd/base'] })

    expect(idsOf(discovery)).toEqual([])
    expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/web'])
  })

  test.each<[string, string, string]>([
    ['cannot be read', 'resources: [\n', 'error yaml/syntax argocd/kustomization.yaml:2'],
    [
      'changes Applications in a way that is not followed',
      'resources: [a.yaml]\nreplacements:\n- source: {kind: Application}\n  targets: [{select: {kind: Application}, fieldPaths: [spec.source.path]}]\n',
      'error workloads/kustomization-unread argocd/kustomization.yaml:3',
    ],
    [
      'may have more of them elsewhere',
      'resources: [a.yaml, "https://git.example/other//apps?ref=v1"]\n',
      'warning workloads/remote-resource argocd/kustomization.yaml:1',
    ],
  ])('one that %s is told', (_, kustomization, expected) => {
    const files = { 'argocd/kustomization.yaml': kustomization, 'argocd/a.yaml': yaml(application('a', { path: 'apps' })), ...web }

    expect(idsOf(discoverArgocd(files))).toContain(expected)
  })

  test('a base that is elsewhere, such as Argo CD’s own, is no matter', () => {
    const kustomization = 'resources: ["https://raw.example/argo-cd/install.yaml", a.yaml]\npatches:\n- path: cm.yaml\n'
    const discovery = discoverArgocd({
      'argocd/kustomization.yaml': kustomization,
      'argocd/cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\n',
      'argocd/a.yaml': yaml(application('a', { path: 'apps/right' })),
      'apps/right/w.yaml': tree['apps/right/w.yaml'] ?? '',
    })

    expect(idsOf(discovery)).toEqual([])
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

describe('charts of this repository', () => {
  const local = (files: Tree, into = 'plain'): Discovery =>
    discoverArgocd({
      [app]: yaml(application('a', { path: 'chart', destination: { name: 'prod', namespace: into } }), application('n', { path: 'n' })),
      'n/n.yaml': yaml(shop, namespace('plain'), namespace('istio-system')),
      'chart/Chart.yaml': 'name: own\nversion: 1.0.0\ndependencies:\n- {name: listed, version: 1.0.0, condition: listed.enabled}\n',
      'chart/values.yaml': 'listed: {enabled: false}\n',
      ...files,
    })
  const opaque = (files: Tree, into?: string): readonly string[] => local(files, into).opaque.map((one) => one.namespace)

  test('subcharts that Chart.yaml does not list are installed with it', () => {
    const istiod = { 'chart/charts/istiod/Chart.yaml': 'name: istiod\nversion: 1.30.3\n', 'chart/charts/istiod/templates/d.yaml': '' }

    expect(local(istiod, 'istio-system').istio.map(({ chart: name }) => name)).toEqual(['istiod'])
    expect(opaque({ 'chart/charts/redis-1.2.3.tgz': '' }, 'shop')).toEqual(['shop'])
    expect(opaque({ 'chart/charts/listed-1.0.0.tgz': '' }, 'shop')).toEqual([])
  })

  test('charts that depend on each other again and again are a finding', () => {
    const dependencies = Array.from(
      { length: 10 },
      (_, index) => `- {name: c${index}, version: 1.0.0, repository: "file://../chart"}\n`,
    ).join('')
    const discovery = local({ 'chart/Chart.yaml': `name: own\ndependencies:\n${dependencies}`, 'chart/templates/d.yaml': '' })

    expect(findingsOf(discovery, 'argocd/source')).toMatchObject([{ severity: 'error', place: { file: app, line: 14 }, found: 'more' }])
  })

  test('paths into values that no value is as deep as', () => {
    const path = 'a.'.repeat(300_000)
    const chart = { 'chart/Chart.yaml': `name: own\ndependencies:\n- {name: listed, condition: ${path}a}\n` }

    expect(opaque({ ...chart, 'chart/templates/t.yaml': `kind: Pod\n  namespace: {{ .Values.${path}a }}\n` }, 'shop')).toEqual([
      'shop',
      'shop',
    ])
  })

  test.each<[string, string, readonly string[]]>([
    ['a label that asks', 'kind: Deployment\nmetadata: {labels: {sidecar.istio.io/inject: "true"}}\n', ['plain']],
    ['a revision', 'kind: Deployment\nx: {istio.io/rev: canary}\n', ['plain']],
    ['a label that refuses', 'kind: Deployment\nx: {sidecar.istio.io/inject: "false"}\n', []],
    ['a namespace', 'kind: Deployment\nmetadata:\n  name: x\n  namespace: shop\n', ['shop']],
    ['a namespace of something else', 'kind: RoleBinding\nmetadata:\n  namespace: shop\n', []],
    ['a namespace in flow style', 'kind: StatefulSet\nmetadata: {name: x, namespace: shop}\n', ['shop']],
    ['a namespace in a list', 'kind: List\nitems:\n- kind: Deployment\n  metadata:\n    namespace: shop\n', ['shop']],
    ['a namespace in one of many lists', `${'kind: List\n'.repeat(100_000)}- kind: Pod\n  metadata: {namespace: shop}\n`, ['shop']],
    ['many lists of something else', `metadata: {namespace: shop}\n${'kind: List\n'.repeat(100_000)}`, []],
    ['a list behind a workload', '- kind: Pod\n  metadata: {namespace: shop}\nkind: List\n', []],
    ['many actions that nothing closes', `kind: Pod\n${'{namespace: {{ '.repeat(40_000)}`, []],
    ['the release’s namespace', 'kind: Deployment\nmetadata:\n  namespace: {{ .Release.Namespace }}\n', []],
    ['a namespace of values', 'kind: Deployment\nmetadata:\n  namespace: {{ .Values.deep.space | quote }}\n', ['shop']],
    ['a namespace by default', 'kind: Deployment\nmetadata:\n  namespace: {{ default "shop" .Values.none }}\n', ['shop']],
    ['a namespace by a helper', 'kind: Deployment\nmetadata:\n  namespace: {{ include "x.namespace" . }}\n', ['shop']],
  ])('their templates tell that pods are in the mesh: %s', (_, template, expected) => {
    const values = 'listed: {enabled: false}\nnamespaceOverride: shop\ndeep: {space: shop}\n'

    expect(opaque({ 'chart/templates/t.yaml': template, 'chart/values.yaml': values })).toEqual(expected)
  })
})

describe('a source that cannot be read', () => {
  const foreign = (into: string): object =>
    application('a', {
      source: { repoURL: 'https://me:secret@git.example/other.git', path: 'x' },
      destination: { name: 'prod', namespace: into },
    })
  const tree = { [app]: yaml(foreign('pay')) }

  test('does not count where the namespace is known to be outside of the mesh', () => {
    const inGit = { [app]: yaml(foreign('pay'), application('n', { path: 'n' })), 'n/n.yaml': yaml(namespace('pay')) }

    expect(idsOf(discoverArgocd(inGit))).toEqual([])
    expect(idsOf(discoverArgocd(tree, {}, { namespaces: new Map([['pay', {}]]) }))).toEqual([])
    expect(idsOf(discoverArgocd(tree, {}, { namespaces: new Map([['pay', { 'istio.io/rev': 'x' }]]) }))).toContain(
      `error workloads/foreign-source ${app}:14`,
    )
  })

  test.each<[string, object, Tree]>([
    ['another repository', foreign('pay'), {}],
    [
      'a plugin',
      application('a', { path: 'x', source: { plugin: { name: 'p' } }, destination: { name: 'prod', namespace: 'pay' } }),
      { 'x/a': '' },
    ],
    ['Jsonnet', application('a', { path: 'x', destination: { name: 'prod', namespace: 'pay' } }), { 'x/a.jsonnet': '{}' }],
  ])('the remedy says all that it takes: %s', (_, one, more) => {
    const [finding] = discoverArgocd({ [app]: yaml(one), ...more }).findings

    expect(finding?.remedy).toMatch(/restarts\.namespaces: \[pay\], and accept this finding with a reason$/)
  })

  test('no password is shown', () => {
    const generator = { git: { repoURL: 'https://me:secret@git.example/third', directories: [{ path: '*' }] } }
    const set = applicationSet('s', [generator], { metadata: { name: 'x' }, spec: {} })
    const discovery = discoverArgocd({ ...tree, 'argocd/s.yaml': yaml(set) }, { repoURL: 'https://you:hidden@git.example/platform' })

    const based = discoverArgocd({
      [app]: yaml(application('a', { path: 'apps' })),
      'apps/kustomization.yaml': 'resources: ["git::https://me:secret@git.example/base?ref=v1"]\n',
    })

    expect([...discovery.findings, ...based.findings].map(({ found }) => found)).toEqual(
      expect.arrayContaining(['https://git.example/other.git', 'https://git.example/third', 'git::https://git.example/base?ref=v1']),
    )
    expect(JSON.stringify(based)).not.toContain('secret')
    expect(JSON.stringify(discovery.findings)).not.toMatch(/secret|hidden@/)
  })
})

describe('an ApplicationSet whose destination is written out', () => {
  const unknown = [{ scmProvider: {} }]
  const template = (destination: object): object => ({
    metadata: { name: '{{.x}}' },
    spec: { project: 'default', source: { repoURL: ownURL, path: '{{.path}}' }, destination },
  })
  const ids = (destination: object, spec: object = {}): readonly string[] =>
    idsOf(discoverArgocd({ [app]: yaml(applicationSet('s', unknown, template(destination), { goTemplate: true, ...spec })) }))

  test('is of no interest if it is another cluster', () => {
    const templatePatch = 'spec:\n  {{- if .auto }}\n  syncPolicy: {automated: {prune: {{ .prune }}}}\n  {{- end }}\n'

    expect(ids({ name: 'dev', namespace: 'shop' })).toEqual([])
    expect(ids({ name: 'dev', namespace: 'shop' }, { templatePatch })).toEqual([])
  })

  test.each<[string, object, object]>([
    ['this cluster', { name: 'prod', namespace: 'shop' }, {}],
    ['a template', { name: '{{.cluster}}' }, {}],
    ['a patch of the destination', { name: 'dev' }, { templatePatch: 'spec: {destination: {name: prod}}' }],
    ['a patch that may write anything', { name: 'dev' }, { templatePatch: 'spec:\n  {{ toYaml .spec | nindent 2 }}\n' }],
    ['Argo CD’s own namespace', { name: 'dev', namespace: 'argocd' }, {}],
  ])('is of interest otherwise: %s', (_, destination, spec) => {
    expect(ids(destination, spec).length).toBeGreaterThan(0)
  })

  test('is still read: its Applications may lead here', () => {
    const set = applicationSet('s', [{ list: { elements: [{ path: 'root' }] } }], template({ name: 'dev' }), { goTemplate: true })
    const tree = { [app]: yaml({ ...set }), 'root/a.yaml': yaml(application('child', { path: 'apps' })), ...web }

    expect(discoverArgocd({ ...tree, [app]: tree[app].replace('{{.x}}', 'x') }).controllers.map(({ name }) => name)).toEqual(['child'])
  })
})

test('Applications that do not come to rest are a finding', () => {
  const discovery = discoverArgocd({
    [app]: yaml(application('root', { path: 'overlay', destination: hub })),
    'overlay/kustomization.yaml': 'resources: [../argocd/app.yaml]\npatches:\n- path: p.yaml\n',
    'overlay/p.yaml':
      'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: root, namespace: argocd}\nspec: {source: {path: apps}}\n',
    ...web,
  })

  expect(idsOf(discovery)).toEqual([`error argocd/application ${app}:1`])
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

test('the facts of an Application are those that an overlay makes of it', () => {
  const policy =
    '{automated: {selfHeal: true, prune: false}, retry: {limit: -1}, syncOptions: [ServerSideApply=true, ApplyOutOfSyncOnly=true]}'
  const discovery = discoverArgocd({
    [app]: yaml(application('root', { path: 'overlay', destination: hub })),
    'overlay/kustomization.yaml': 'resources: [own.yaml]\npatches:\n- path: p.yaml\n',
    'overlay/own.yaml': yaml(
      application('mesh-ca-prod', {
        path: 'mesh-ca/clusters/prod',
        spec: { syncPolicy: { automated: { prune: true, allowEmpty: true } } },
      }),
    ),
    'overlay/p.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: mesh-ca-prod, namespace: argocd}
spec:
  source: {targetRevision: v1.0.0, kustomize: {namePrefix: x-}}
  ignoreDifferences: [{kind: Job, jsonPointers: [/spec]}]
  syncPolicy: ${policy}
`,
    'mesh-ca/clusters/prod/kustomization.yaml': 'resources: []\n',
  })

  expect(discovery.controllers).toMatchObject([
    {
      id: 'argocd/mesh-ca-prod',
      paths: ['mesh-ca/clusters/prod'],
      sourceSettings: ['kustomize'],
      fixedRevision: 'v1.0.0',
      automated: true,
      prune: false,
      selfHeal: true,
      allowEmpty: true,
      syncOptions: ['ServerSideApply=true', 'ApplyOutOfSyncOnly=true'],
      outOfSyncOnly: true,
      retryLimit: -1,
      ignoresDifferences: true,
    },
  ])
})

describe('HEAD and the name of a branch', () => {
  const reading = (name: string, targetRevision: string | undefined, path = 'apps'): object =>
    application(name, { path, source: { targetRevision }, ...(path === 'argocd' ? { destination: hub } : {}) })
  const found = (...applications: readonly object[]): readonly unknown[] =>
    discoverArgocd({ [app]: yaml(...applications), 'apps/x.txt': '', 'mesh-ca/clusters/prod/kustomization.yaml': '' })
      .findings.filter(({ id }) => id === 'argocd/revision')
      .map(({ severity, place, found: what }) => [severity, place.object, what])

  test('beside each other may mean two branches', () => {
    expect(found(reading('a', 'main'), reading('b', 'HEAD'))).toEqual([['warning', 'Application argocd/b', 'HEAD']])
    expect(found(reading('root', undefined, 'argocd'), reading('a', 'main'), reading('b', 'HEAD'))).toEqual([
      ['warning', 'Application argocd/root', 'HEAD, and the same in 1 more places'],
    ])
  })

  test('beside each other in a set and its generator', () => {
    const template = {
      metadata: { name: 'a' },
      spec: { source: { repoURL: ownURL, path: 'apps', targetRevision: 'main' }, destination: { name: 'prod' } },
    }
    const directories = [{ path: 'apps' }]
    const set = (git: object): object =>
      applicationSet('s', [{ matrix: { generators: [{ git }, { list: { elements: [{}] } }] } }], template)

    expect(found(set({ repoURL: ownURL, directories }))).toEqual([['warning', 'ApplicationSet argocd/s', 'HEAD']])
    expect(found(set({ repoURL: ownURL, revision: 'main', directories }))).toEqual([])
  })

  test('alone are one branch; reroot’s own Application always names it', () => {
    expect(found(reading('a', 'HEAD'), reading('b', undefined))).toEqual([])
    expect(found(reading('a', 'main'), reading('b', 'refs/heads/main'))).toEqual([])
    expect(found(reading('a', 'HEAD'), reading('mesh-ca-prod', 'main', 'mesh-ca/clusters/prod'))).toEqual([])
  })
})
