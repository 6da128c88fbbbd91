import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { setParameter, setParameters } from '../../../src/workloads/chart-parameters.ts'
import { doubleStarMatcher, folderMatcher, globMatcher, pathspecMatcher } from '../../../src/workloads/argocd/glob.ts'
import { destinationOf } from '../../../src/workloads/argocd/application.ts'
import { branchOf, normalRepository } from '../../../src/workloads/argocd/repository-url.ts'
import type { ChartParameter } from '../../../src/workloads/chart-parameters.ts'
import { textMap, valueAt } from '../../../src/workloads/value.ts'
import type { ValueMap } from '../../../src/workloads/value.ts'
import { app, application, chart, discoverArgocd, ownURL } from '../argocd-tree.ts'
import { idsOf, namespace, workload, workloadsOf, yaml } from '../flux-tree.ts'
import { haveKustomize, runKustomize, writeTree } from '../kustomize-program.ts'
import type { Tree } from '../tree.ts'

const shop = namespace('shop', { 'istio-injection': 'enabled' })

describe('a folder of plain manifests', () => {
  const one = (name: string): string => yaml(workload('shop', name))
  const files: Tree = {
    'apps/ns.yaml': yaml(shop),
    'apps/a.yaml': one('a'),
    'apps/b.yml': one('b'),
    'apps/c.json': one('c'),
    'apps/d.txt': one('d'),
    'apps/below/e.yaml': one('e'),
    'apps/skip.yaml': `# +argocd:skip-file-rendering\n${one('skipped')}`,
    'apps/values.yaml': 'kind: x\nreplicas: [\n',
    'apps/below/chart/Chart.yaml': 'name: x\n',
  }
  const namesWith = (directory: object): readonly string[] => {
    const discovery = discoverArgocd({ [app]: yaml(application('a', { path: 'apps', source: { directory } })), ...files })
    expect(idsOf(discovery)).toEqual([])
    return discovery.workloads.map(({ id }) => id.name)
  }

  test.each([
    [{}, ['a', 'b', 'c']],
    [{ recurse: true }, ['a', 'b', 'c', 'e']],
    [{ exclude: 'a.*' }, ['b', 'c']],
    [{ include: '{ns,a,b}.{yaml,yml}' }, ['a', 'b']],
    [{ recurse: true, exclude: 'below/*' }, ['a', 'b', 'c']],
    [{ recurse: true, include: '*.yaml' }, ['a', 'e']],
  ])('%j', (directory, expected) => {
    expect(namesWith(directory)).toEqual(expected)
  })
})

test('where two sources make one object, the later one counts', () => {
  const sources = ['one', 'two'].map((path) => ({ repoURL: ownURL, path }))
  const discovery = discoverArgocd({
    [app]: yaml(application('a', { sources })),
    'one/w.yaml': yaml(shop, workload('shop', 'web', { spec: { paused: true } })),
    'two/w.yaml': yaml(workload('shop', 'web')),
  })

  expect(idsOf(discovery)).toEqual([])
  expect(discovery.workloads).toMatchObject([{ hindrance: null, definition: { file: 'two/w.yaml' } }])
})

test('a file beside the manifests changes how they are read', () => {
  const discovery = discoverArgocd({
    [app]: yaml(application('a', { path: 'apps' })),
    'apps/.argocd-source-a.yaml': 'kustomize: {namePrefix: p-}\n',
    'apps/kustomization.yaml': 'resources: [w.yaml]\n',
    'apps/w.yaml': yaml(shop, workload('shop', 'web')),
  })

  expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/p-web'])
})

describe('the options of kustomize', () => {
  const tree: Tree = {
    'apps/kustomization.yaml':
      'resources: [w.yaml]\ncomponents: [first]\nnamePrefix: own-\ncommonLabels: {own: label}\ncommonAnnotations: {own: note}\n',
    'apps/w.yaml': yaml(workload('shop', 'web', { labels: { 'sidecar.istio.io/inject': 'true' } })),
    'apps/first/kustomization.yaml':
      'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {first: component}\n',
    'apps/second/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -c\n',
    'apps/p.yaml':
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {metadata: {labels: {from: file}}}}\n',
  }
  const options = {
    namePrefix: 'p-',
    nameSuffix: '-s',
    namespace: 'pay',
    commonLabels: { team: 'blue' },
    commonAnnotations: { note: 'x' },
    components: ['first', 'second', 'third'],
    ignoreMissingComponents: true,
    patches: [
      { path: 'p.yaml' },
      { target: { kind: 'Deployment' }, patch: '[{"op": "add", "path": "/spec/template/metadata/labels/json", "value": "patch"}]' },
    ],
  }
  const discovered = (kustomize: object): ReturnType<typeof discoverArgocd> =>
    discoverArgocd(
      { [app]: yaml(application('a', { path: 'apps', source: { kustomize } })), ...tree },
      {},
      {
        namespaces: new Map([
          ['pay', {}],
          ['shop', {}],
        ]),
      },
    )

  test('a Component of the overlay sees what its own list made, and not what the Application adds', () => {
    const discovery = discovered(options)

    expect(idsOf(discovery)).toEqual([])
    expect(discovery.workloads).toMatchObject([
      {
        id: { namespace: 'pay', name: 'p-web-c-s' },
        owner: { kind: 'kustomize', kustomization: 'apps/kustomization.yaml', component: { name: 'web', namespace: 'shop' } },
      },
    ])
  })

  test('a component that is missing is a finding, unless it is said to be fine', () => {
    expect(idsOf(discovered({ components: ['third'] }))).toEqual([`error workloads/missing-file ${app}:18`])
  })

  test('labels without selectors stay off pods, unless templates are included', () => {
    const labelled = (extra: object): readonly string[] => {
      const kustomize = { commonLabels: { 'sidecar.istio.io/inject': 'false' }, labelWithoutSelector: true, ...extra }
      return workloadsOf(discovered(kustomize))
    }

    expect(labelled({})).toEqual(['sidecar Deployment/shop/own-web'])
    expect(labelled({ labelIncludeTemplates: true })).toEqual([])
  })

  // What util/kustomize/kustomize.go runs, with the real program.
  test.skipIf(!haveKustomize)('the real `kustomize edit` and build make the same', async () => {
    const root = writeTree(tree)
    const edit = (...args: readonly string[]): void =>
      void execFileSync('kustomize', ['edit', ...args], { cwd: join(root, 'apps'), stdio: 'ignore' })
    try {
      edit('set', 'nameprefix', '--', 'p-')
      edit('set', 'namesuffix', '--', '-s')
      edit('add', 'label', 'team:blue')
      edit('add', 'annotation', 'note:x')
      edit('set', 'namespace', '--', 'pay')
      edit('add', 'component', 'first', 'second')
      const real = await runKustomize(root, 'apps')

      const deployment = 'objects' in real ? real.objects[0] : null
      expect(valueAt(deployment, 'metadata', 'name')).toBe('p-web-c-s')
      expect(valueAt(deployment, 'metadata', 'namespace')).toBe('pay')
      expect(textMap(valueAt(deployment, 'spec', 'template', 'metadata', 'labels'))).toMatchObject({ own: 'label', team: 'blue' })
      expect(textMap(valueAt(deployment, 'spec', 'template', 'metadata', 'annotations'))).toMatchObject({
        own: 'note',
        note: 'x',
        first: 'component',
      })
    } finally {
      rmSync(root, { recursive: true })
    }
  })
})

describe('charts', () => {
  const chartsOf = (tree: Tree): readonly unknown[] =>
    discoverArgocd(tree).istio.map(({ chart: name, release, namespace: space, version, revision, trustDomain }) => [
      name,
      release,
      space,
      version,
      revision,
      trustDomain,
    ])

  test('values: files in their order, then the object, then parameters', () => {
    const helm = {
      releaseName: 'r',
      valueFiles: ['$here/v/*.yaml', '$here/v/a.yaml'],
      values: 'revision: ignored\n',
      valuesObject: { global: { trustDomain: 'object' } },
      parameters: [{ name: 'meshConfig.trustDomain', value: '$ARGOCD_APP_NAME.example' }],
    }
    const tree = {
      [app]: yaml(
        application('istiod', {
          sources: [
            { repoURL: 'oci://reg.example/istio', chart: 'istiod', targetRevision: '1.30.3', helm },
            { repoURL: ownURL, ref: 'here' },
          ],
          destination: { name: 'prod', namespace: 'istio-system' },
        }),
      ),
      'v/a.yaml': 'revision: last\n',
      'v/b.yaml': 'revision: first\n',
    }

    expect(chartsOf(tree)).toEqual([['istiod', 'r', 'istio-system', '1.30.3', 'last', 'istiod.example']])
  })

  test('value files that are listed again and again count once, where they stand last', () => {
    const listed = [...Array.from({ length: 2000 }, () => ['$here/v/*.yaml', '$here/v/b.yaml']).flat(), '$here/v/a.yaml']
    const istiod = (valueFiles: readonly string[]): Tree => ({
      [app]: yaml(
        application('istiod', {
          sources: [
            { repoURL: 'oci://reg.example/istio', chart: 'istiod', targetRevision: '1.30.3', helm: { valueFiles } },
            { repoURL: ownURL, ref: 'here' },
          ],
          destination: { name: 'prod', namespace: 'istio-system' },
        }),
      ),
      'v/a.yaml': 'revision: last\n',
      'v/b.yaml': 'revision: first\n',
      'v/c.yaml': 'revision: middle\n',
    })

    expect(chartsOf(istiod(listed))).toMatchObject([['istiod', 'istiod', 'istio-system', '1.30.3', 'last', null]])
    expect(idsOf(discoverArgocd(istiod(Array.from({ length: 1003 }, (_, index) => `$here/v/c.y[a${index}]ml`))))).toHaveLength(3)
  })

  test('a file of values that looks like an object keeps its content', () => {
    const tree = {
      [app]: yaml(
        application('istiod', {
          sources: [
            {
              repoURL: 'oci://reg.example/istio',
              chart: 'istiod',
              targetRevision: '1.30.3',
              helm: { releaseName: 'r', valueFiles: ['$here/v.yaml'] },
            },
            { repoURL: ownURL, ref: 'here' },
          ],
          destination: { name: 'prod', namespace: 'istio-system' },
        }),
      ),
      'v.yaml': 'apiVersion: acme/v1\nkind: Values\nmetadata: {name: v}\nrevision: blue\n',
    }

    expect(chartsOf(tree)).toEqual([['istiod', 'r', 'istio-system', '1.30.3', 'blue', null]])
  })

  test('a chart of this repository hands values to those that it depends on', () => {
    const tree = {
      [app]: yaml(
        application('mesh', {
          path: 'charts/mesh',
          destination: { name: 'prod', namespace: 'istio-system' },
          source: { helm: { valueFiles: ['prod.yaml', '/shared.yaml'] } },
        }),
      ),
      'charts/mesh/Chart.yaml':
        'name: mesh\nversion: 1.0.0\ndependencies:\n- {name: istiod, version: 1.30.3, repository: https://x, alias: pilot}\n- {name: ztunnel, version: 1.30.3, repository: https://x, condition: ztunnel.enabled}\n- {name: gw, version: 0.1.0, repository: "file://../gw"}\n',
      'charts/mesh/values.yaml': 'pilot: {revision: chart}\nztunnel: {enabled: true}\nglobal: {trustDomain: shared}\n',
      'charts/mesh/prod.yaml': 'pilot: {revision: prod}\n',
      'shared.yaml': 'ztunnel: {enabled: false}\n',
      'charts/gw/Chart.yaml': 'name: gw\nversion: 0.1.0\ndependencies:\n- {name: gateway, version: 1.30.3, repository: https://istio}\n',
      'charts/gw/values.yaml': 'gateway: {name: edge, revision: gw}\n',
    }

    expect(chartsOf(tree)).toEqual([
      ['istiod', 'mesh', 'istio-system', '1.30.3', 'prod', 'shared'],
      ['gateway', 'mesh', 'istio-system', '1.30.3', 'gw', 'shared'],
    ])
    expect(workloadsOf(discoverArgocd(tree))).toEqual([
      'gateway Deployment/istio-system/edge',
      'control-plane Deployment/istio-system/istiod-prod',
    ])
  })

  test('a chart of Istio in a Git repository of Istio', () => {
    const source = {
      repoURL: 'https://github.com/istio/istio.git',
      path: 'manifests/charts/istio-control/istio-discovery',
      targetRevision: '1.30.3',
    }

    expect(chartsOf({ [app]: yaml(application('istiod', { source, destination: { name: 'prod', namespace: 'istio-system' } })) })).toEqual([
      ['istiod', 'istiod', 'istio-system', '1.30.3', 'default', null],
    ])
  })

  test('build options of Argo CD’s own chart, and projects', () => {
    const project = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'mesh', namespace: 'argocd' },
      spec: {
        sourceRepos: ['*'],
        destinations: [{ server: '*', namespace: '!kube-*' }],
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
        namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }],
      },
    }
    const own = {
      source: {
        repoURL: 'https://argoproj.github.io/argo-helm',
        chart: 'argo-cd',
        helm: { valuesObject: { configs: { cm: { 'kustomize.buildOptions': '--enable-alpha-plugins --enable-exec' } } } },
      },
      destination: { name: 'in-cluster', namespace: 'argocd' },
    }
    const { argocd } = discoverArgocd({ [app]: yaml(application('argocd', own), project) })

    expect(argocd?.buildOptions).toMatchObject({ text: '--enable-alpha-plugins --enable-exec', site: { file: app } })
    expect(argocd?.projects).toMatchObject([
      {
        name: 'mesh',
        sourceRepos: ['*'],
        destinations: [{ name: null, server: '*', namespace: '!kube-*' }],
        clusterAllowed: [{ group: '*', kind: '*' }],
        clusterDenied: [],
        namespacedAllowed: null,
        namespacedDenied: [{ group: '', kind: 'Secret' }],
      },
    ])
  })

  test('build options of argocd-cm', () => {
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'argocd-cm', namespace: 'argocd' },
      data: { 'kustomize.buildOptions': '--enable-helm' },
    }

    expect(discoverArgocd({ 'argocd/cm.yaml': yaml(config) }).argocd?.buildOptions).toMatchObject({
      text: '--enable-helm',
      site: { file: 'argocd/cm.yaml', line: 9 },
    })
    expect(discoverArgocd({ [app]: yaml(chart('a', 'istiod')) }).argocd).toEqual({ projects: [], buildOptions: null })
  })
})

test.each([
  ['a.b', '1', false, { a: { b: 1 } }],
  ['a.b', '1', true, { a: { b: '1' } }],
  ['a\\.b.c', 'true', false, { 'a.b': { c: true } }],
  ['a[1].b', 'x', false, { a: [undefined, { b: 'x' }] }],
  ['a', '{x,2}', false, { a: ['x', 2] }],
  ['keep', 'null', false, {}],
  ['a', '007', false, { a: '007' }],
])('the parameter %s=%s', (name, value, forceString, expected) => {
  const { keep: _, ...others } = setParameter({ keep: 'y' }, name, value, forceString)

  expect(name === 'keep' ? setParameter({ keep: 'y' }, name, value, forceString) : others).toEqual(expected)
})

describe('hostile parameters', () => {
  const plain = (name: string, value = 'x'): object => ({ name, value, forceString: false })
  const set = (given: object, parameters: readonly object[]): ReturnType<typeof setParameters> =>
    setParameters(given as ValueMap, parameters as readonly ChartParameter[])

  test('a name of too many parts is left out', () => {
    const names = [`${'a.'.repeat(50_000)}a`, `a${'[0]'.repeat(50_000)}`]

    expect(set({ keep: 'y' }, [...names.map((name) => plain(name)), plain('b')])).toMatchObject({
      values: { keep: 'y', b: 'x' },
      refused: names.map((name) => ({ name })),
    })
  })

  test('a list holds no lists', () => {
    const [open, close] = ['{', '}'].map((brace) => brace.repeat(50_000))

    expect(set({}, [plain('a', `${open}x${close}`)]).values).toEqual({ a: [`${open?.slice(1)}x${close?.slice(1)}`] })
  })

  test('what many parameters change is copied once, and what was given stays', () => {
    const given = { list: [{ a: 'b' }], map: { a: 'b' }, other: {} }
    const parameters = Array.from({ length: 65_536 }, (_, index) => [plain(`list[${index}]`, `${index}`), plain(`map.k${index}`)]).flat()

    const { values } = set(given, parameters)

    expect([valueAt(values, 'list', 65_535), valueAt(values, 'map', 'k65535'), valueAt(values, 'map', 'a')]).toEqual([65_535, 'x', 'b'])
    expect(values['other']).toBe(given.other)
    expect(given).toEqual({ list: [{ a: 'b' }], map: { a: 'b' }, other: {} })
  })

  test('places that nobody fills have an end', () => {
    const names = Array.from({ length: 20 }, (_, index) => `a${index}[65535]`)

    expect(
      set(
        {},
        [...names, 'b[1]'].map((name) => plain(name)),
      ).refused,
    ).toMatchObject(names.slice(16).map((name) => ({ name })))
  })

  test('what an Application’s chart does not get is said', () => {
    const helm = { parameters: [{ name: `${'pilot.'.repeat(2000)}x`, value: 'x' }] }

    expect(idsOf(discoverArgocd({ [app]: yaml(chart('istiod', 'istiod', helm)) }))).toEqual([`warning workloads/helm-values ${app}:20`])
  })

  test('a name of JavaScript’s is a name', () => {
    expect(JSON.stringify(setParameter({}, '__proto__.constructor', 'x', false))).toBe('{"__proto__":{"constructor":"x"}}')
  })
})

test.each([
  [globMatcher, '*.yaml', ['a.yaml', 'b/a.yaml'], ['a.yml']],
  [globMatcher, '{a,b/*}.yaml', ['a.yaml', 'b/c.yaml'], ['c.yaml']],
  [globMatcher, '?[!a].yaml', ['xb.yaml'], ['xa.yaml', 'b.yaml']],
  [folderMatcher, 'apps/*', ['apps/a'], ['apps/a/b', 'apps']],
  [folderMatcher, 'apps/**', ['apps/a'], ['apps/a/b']],
  [doubleStarMatcher, 'apps/**/c.yaml', ['apps/c.yaml', 'apps/a/b/c.yaml'], ['c.yaml']],
  [doubleStarMatcher, './apps/*.{json,yaml}', ['apps/c.json'], ['apps/a/c.json']],
  [pathspecMatcher, 'apps/*/c.yaml', ['apps/a/c.yaml', 'apps/a/b/c.yaml'], ['apps/c.yaml']],
  [pathspecMatcher, 'apps', ['apps/c.yaml', 'apps'], ['apps2/c.yaml']],
])('the pattern %# %s', (matcher, pattern, matching, others) => {
  expect(matching.map(matcher(pattern))).toEqual(matching.map(() => true))
  expect(others.map(matcher(pattern))).toEqual(others.map(() => false))
})

test('addresses of one repository', () => {
  const forms = [
    'https://Git.Example/org/repo.git',
    'git@git.example:org/repo',
    'ssh://git@git.example:2222/org/repo.git/',
    'https://user:x@git.example/org/repo/',
  ]

  expect([...new Set(forms.map(normalRepository))]).toEqual(['git.example/org/repo'])
  expect(normalRepository('https://git.example/org/Repo')).not.toBe(normalRepository('https://git.example/org/repo'))
})

test('what may be a branch', () => {
  expect(['main', 'refs/heads/x', 'release-1'].map(branchOf)).toEqual(['main', 'x', 'release-1'])
  expect(['v1.2.3', '1.x.0', 'refs/tags/a', '0123456789abcdef0123456789abcdef01234567', 'abcdef1', '>=1.0', '1.*'].map(branchOf)).toEqual([
    null,
    '1.x.0',
    null,
    null,
    null,
    null,
    null,
  ])
})

test('many slashes that are not at the end', () => {
  const server = `https://prod.example${'/'.repeat(500_000)}a`

  expect(destinationOf({ server: `${server}///` })).toEqual({ name: null, server })
  expect(normalRepository(`${server}///`)).toBe('prod.example/a')
})
