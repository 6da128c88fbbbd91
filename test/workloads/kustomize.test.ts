import { describe, expect, test } from 'vitest'
import { discoverProd, flux, idsOf, namespace, workload, workloadsOf, yaml } from './flux-tree.ts'

const app = 'clusters/prod/app.yaml'
const shop = namespace('shop', { 'istio-injection': 'enabled' })

test('a folder with a kustomization below a plain path is an overlay of its own', () => {
  const discovery = discoverProd({
    [app]: yaml(shop),
    'clusters/prod/apps/kustomization.yaml': 'resources: [w.yaml]\nnamePrefix: p-\n',
    'clusters/prod/apps/w.yaml': yaml(workload('shop', 'cart')),
  })

  expect(discovery.workloads).toMatchObject([
    {
      id: { name: 'p-cart' },
      owner: {
        kind: 'kustomize',
        controller: 'flux-system/flux-system',
        kustomization: 'clusters/prod/apps/kustomization.yaml',
        component: { name: 'cart', namespace: 'shop' },
      },
    },
  ])
})

test('a patch of a label of a Namespace counts', () => {
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps')),
    'apps/w.yaml': yaml(shop, workload('shop', 'cart')),
    'apps/kustomization.yaml':
      'resources: [w.yaml]\npatches:\n- patch: |\n    {apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: disabled}}}\n',
  })

  expect(workloadsOf(discovery)).toEqual([])
  expect(discovery.outside).toMatchObject([{ why: 'namespace shop has istio-injection=disabled' }])
})

// Found on a random tree: what a restart would add to a pod template must not make a patch fit that kustomize refuses today.
test.each(['add', 'replace', 'remove', 'test'])(
  'a JSON patch (%s) below metadata that a pod template does not have is refused, as kustomize does',
  (op) => {
    const { spec, ...head } = workload('shop', 'cart') as { readonly spec: { readonly template: { readonly metadata: unknown } } }
    const { metadata: _, ...template } = spec.template
    const at = op === 'add' || op === 'replace' ? '/annotations' : '/annotations/reroot.dev~1probe'
    const operations = JSON.stringify([{ op, path: `/spec/template/metadata${at}`, value: 'here' }])
    const discovery = discoverProd({
      [app]: yaml(flux('apps', './apps')),
      'apps/w.yaml': yaml(shop, { ...head, spec: { ...spec, template } }),
      'apps/kustomization.yaml': `resources: [w.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: '${operations}'\n`,
    })

    expect(idsOf(discovery)).toEqual(['error workloads/patch apps/kustomization.yaml:3'])
  },
)

// Found on a random tree: kustomize panics there.
test.each(['kustomization', 'component'])('a patch that gives two objects of a %s one name is an error', (place) => {
  const two = yaml(shop, workload('shop', 'cart'), workload('shop', 'till'))
  const patches = `patchesJson6902:\n- target: {kind: Deployment, name: till}\n  patch: '[{"op": "replace", "path": "/metadata/name", "value": "cart"}]'\n`
  const component = `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n${patches}`
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps')),
    'apps/w.yaml': two,
    'apps/kustomization.yaml': `resources: [w.yaml]\n${place === 'component' ? 'components: [renames]\n' : patches}`,
    ...(place === 'component' ? { 'apps/renames/kustomization.yaml': component } : {}),
  })

  expect(idsOf(discovery)).toEqual([`error workloads/duplicate apps/kustomization.yaml:${place === 'component' ? 2 : 1}`])
})

test('a JSON patch that moves labels into what is not kept of a pod takes them away', () => {
  const off = workload('shop', 'cart') as { spec: { template: { metadata: object } } }
  off.spec.template.metadata = { labels: { 'sidecar.istio.io/inject': 'false', app: 'cart' } }
  const operations = JSON.stringify([{ op: 'move', from: '/spec/template/metadata/labels', path: '/spec/template/spec/nodeSelector' }])
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps'), shop),
    'apps/w.yaml': yaml(off),
    'apps/kustomization.yaml': `resources: [w.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: '${operations}'\n`,
  })

  expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/cart'])
})

test('a patch of what is not kept of a pod is no problem, also in JSON', () => {
  const operations = JSON.stringify([
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'x' },
    { op: 'add', path: '/spec/template/metadata/labels/x', value: 'y' },
  ])
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps')),
    'apps/w.yaml': yaml(shop, workload('shop', 'cart')),
    'apps/kustomization.yaml': `resources: [w.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: '${operations}'\n`,
  })

  expect(idsOf(discovery)).toEqual([])
  expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/cart'])
})

test('a patch file whose operations build on each other is read again as it was', () => {
  const operations = yaml([
    { op: 'add', path: '/metadata/annotations', value: { a: '1' } },
    { op: 'remove', path: '/metadata/annotations/a' },
  ])
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps')),
    'apps/w.yaml': yaml(shop, workload('shop', 'cart')),
    'apps/p.yaml': operations,
    'apps/kustomization.yaml': `resources: [w.yaml]\npatches:\n- target: {kind: Deployment}\n  path: p.yaml\n`,
  })

  expect(idsOf(discovery)).toEqual([])
  expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/cart'])
})

test('two workloads that answer to one name cannot be patched by it', () => {
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps'), shop),
    'apps/a/w.yaml': yaml(workload('shop', 'cart')),
    'apps/a/kustomization.yaml': 'resources: [w.yaml]\nnamePrefix: a-\n',
    'apps/b/w.yaml': yaml(workload('shop', 'cart')),
    'apps/b/kustomization.yaml': 'resources: [w.yaml]\n',
    'apps/kustomization.yaml': 'resources: [a, b]\n',
  })

  const deliverable = discovery.workloads.map(({ id, owner }) => [id.name, owner.kind === 'kustomize' ? owner.undeliverable : 'other'])
  expect(deliverable).toEqual([
    ['a-cart', undefined],
    ['cart', 'several resources answer to cart, so that a patch by name fails'],
  ])
})

test('variables come from ConfigMaps that Git shows, and from the Kustomization itself, which counts last', () => {
  const map = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'vars', namespace: 'flux-system' },
    data: { TEAM: 'blue', NS: 'pay' },
  }
  const postBuild = { substituteFrom: [{ kind: 'ConfigMap', name: 'vars' }], substitute: { NS: 'shop' } }
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps', { postBuild }), shop, map),
    'apps/w.yaml': yaml(workload('${NS}', 'cart-${TEAM}-${SIZE:=small}')),
  })

  expect(discovery.findings).toEqual([])
  expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/cart-blue-small'])
})

describe('replacements', () => {
  const into = (select: object, ...fieldPaths: readonly string[]) => {
    const discovery = discoverProd({
      'clusters/prod/kustomization.yaml': yaml({
        resources: ['app.yaml'],
        replacements: [{ source: { kind: 'ConfigMap', name: 'x', fieldPath: 'data.x' }, targets: [{ select, fieldPaths }] }],
      }),
      [app]: yaml(shop, workload('shop', 'cart')),
    })
    return idsOf(discovery).filter((id) => id.includes('kustomization-unread'))
  }

  test.each([
    [{ kind: 'Kustomization' }, 'spec.path'],
    [{ kind: 'Kustomization', name: 'apps' }, 'spec.targetNamespace'],
    [{ kind: 'Kustomization' }, 'spec.postBuild.substitute.CLUSTER'],
    [{ kind: 'HelmRelease' }, 'spec.values.revision'],
    [{ kind: 'GitRepository' }, 'spec.ignore'],
    [{ kind: 'ConfigMap', name: 'vars' }, 'data.NS'],
    [{ kind: 'Application' }, 'spec.source.path'],
    [{ kind: 'Deployment' }, 'spec.template.spec.hostNetwork'],
    [{ kind: 'CronJob' }, 'spec.jobTemplate.spec.template.metadata.labels.x'],
    [{ kind: 'Service' }, 'metadata.namespace'],
    [{ name: 'apps' }, 'spec.path'],
    [{ kind: 'Deployment' }, 'spec.template'],
    [{ kind: 'Deployment' }, 'spec.*.metadata.labels.a'],
    [{ kind: 'Istio' }, 'spec.version'],
    [{ kind: 'Kustom.*' }, 'spec.path'],
  ])('into %j %s are not followed, and that is an error', (select, path) => {
    expect(into(select, path)).toHaveLength(1)
  })

  test.each([
    [{ kind: 'Deployment' }, 'spec.template.spec.containers.0.image'],
    [{ kind: 'Deployment' }, 'spec.replicas'],
    [{ kind: 'Deployment' }, 'spec.template.spec.containers.*.image'],
    [{ kind: 'Kustomization' }, 'spec.interval'],
    [{ kind: 'Ingress' }, 'spec.rules.0.host'],
    [{ kind: 'Secret' }, 'data.password'],
  ])('into %j %s change nothing that counts', (select, path) => {
    expect(into(select, path)).toEqual([])
  })
})

describe('replacements into an istiod of plain manifests', () => {
  const istiod = workload('istio-system', 'istiod', {
    labels: { app: 'istiod' },
    pod: { containers: [{ name: 'discovery', image: 'pilot:1.30.3' }] },
  })
  const into = (select: object, path: string) =>
    idsOf(
      discoverProd({
        [app]: yaml(flux('apps', './apps'), shop),
        'apps/w.yaml': yaml(workload('shop', 'cart'), istiod),
        'apps/kustomization.yaml': yaml({
          resources: ['w.yaml'],
          namePrefix: 'p-',
          replacements: [{ source: { kind: 'Deployment', name: 'cart' }, targets: [{ select, fieldPaths: [path] }] }],
        }),
      }),
    ).filter((id) => id.includes('kustomization-unread'))

  test.each([
    [{ kind: 'Deployment' }, 'spec.template.spec.containers.*.image'],
    [{ name: 'ist.*' }, 'spec.template.spec.containers.0.env.0.value'],
    [{ kind: 'Deployment', name: 'p-istiod' }, 'spec.template.spec.containers.[name=discovery]'],
    [{ kind: 'Deployment', name: '(' }, 'spec.template.spec.containers'],
  ])('%j %s', (select, path) => {
    expect(into(select, path)).toHaveLength(1)
  })

  test.each([
    [{ kind: 'Deployment' }, 'spec.template.spec.containers.0.resources.limits.memory'],
    [{ kind: 'Deployment' }, 'spec.template.spec.containers.[name=main].image'],
    [{ kind: 'Deployment', name: 'cart' }, 'spec.template.spec.containers.0.image'],
    [{ kind: 'Deployment', labelSelector: 'team=mesh' }, 'spec.template.spec.containers.0.image'],
  ])('%j %s change nothing that counts', (select, path) => {
    expect(into(select, path)).toEqual([])
  })
})

test.each([
  ['${A:=x}', 'x'],
  // `toDefault` looks for an empty value, whatever its operator.
  ['${EMPTY:-x}', 'x'],
  ['${EMPTY=x}', 'x'],
  ['${SET:=x}', 'here'],
  ['${A:=${B:=x}}-y', 'x-y'],
  ['${A:=${SET}}', 'here'],
  ['${SET:=${B:=x}}', 'here'],
  ['${A:=a-${SET}-${B:=b}}', 'a-here-b'],
])('a variable with a default: %s', (written, name) => {
  const postBuild = { substitute: { EMPTY: '', SET: 'here' } }
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps', { postBuild }), shop),
    'apps/w.yaml': yaml(workload('shop', written)),
  })

  expect(workloadsOf(discovery)).toEqual([`sidecar Deployment/shop/${name}`])
})

test('a label of Istio with a variable that has no value is a finding', () => {
  const discovery = discoverProd({ [app]: yaml(namespace('shop', { 'istio.io/rev': '${REVISION}' })) })

  expect(idsOf(discovery)).toEqual([`error workloads/variable ${app}:1`])
})
