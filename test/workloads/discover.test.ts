import { describe, expect, test } from 'vitest'
import { bootstrap, discoverProd, flux, helmRelease, idsOf, namespace, workload, workloadsOf, yaml } from './flux-tree.ts'

const app = 'clusters/prod/app.yaml'
const meshed = namespace('shop', { 'istio-injection': 'enabled' })

describe('what cannot be known is a finding, and the rest is read on', () => {
  const healthy = yaml(meshed, workload('shop', 'cart'))

  test.each([
    ['a namespace that Git does not show', { [app]: yaml(workload('pay', 'till')) }, `error workloads/namespace-unknown ${app}:1`],
    [
      'a source of another repository',
      { [app]: yaml(flux('apps', './apps', { sourceRef: { kind: 'GitRepository', name: 'apps' } })) },
      `error workloads/foreign-source ${app}:12`,
    ],
    ['a folder that does not exist', { [app]: yaml(flux('apps', './apps')) }, `error flux/path-missing ${app}:11`],
    [
      'another cluster',
      { [app]: yaml(flux('apps', './', { kubeConfig: { secretRef: { name: 'other' } } })) },
      `warning flux/remote-cluster ${app}:16`,
    ],
    [
      'a remote base',
      { [app]: yaml(flux('apps', './apps')), 'apps/kustomization.yaml': 'resources:\n- https://github.com/org/repo//base?ref=v1\n' },
      'error workloads/remote-resource apps/kustomization.yaml:2',
    ],
    [
      'a missing file',
      { [app]: yaml(flux('apps', './apps')), 'apps/kustomization.yaml': 'resources: [no.yaml]\n' },
      'error workloads/missing-file apps/kustomization.yaml:1',
    ],
    [
      'a path out of the repository',
      { [app]: yaml(flux('apps', './apps')), 'apps/kustomization.yaml': 'resources: [../../other]\n' },
      'error workloads/outside-repository apps/kustomization.yaml:1',
    ],
    [
      'a cycle',
      {
        [app]: yaml(flux('apps', './apps/a')),
        'apps/a/kustomization.yaml': 'resources: [../b]\n',
        'apps/b/kustomization.yaml': 'resources: [../a]\n',
      },
      'error workloads/cycle apps/b/kustomization.yaml:1',
    ],
    [
      'a patch without its target',
      {
        [app]: yaml(flux('apps', './apps')),
        'apps/kustomization.yaml':
          'namespace: x\npatches:\n- patch: |\n    {apiVersion: apps/v1, kind: Deployment, metadata: {name: no}}\n',
      },
      'error workloads/patch apps/kustomization.yaml:3',
    ],
    [
      'a transformer',
      {
        [app]: yaml(flux('apps', './apps')),
        'apps/kustomization.yaml': 'resources: []\ntransformers:\n- t.yaml\n',
        'apps/t.yaml': 'apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: x}\n',
      },
      'error workloads/kustomization-unread apps/kustomization.yaml:3',
    ],
    [
      'an unknown field',
      { [app]: yaml(flux('apps', './apps')), 'apps/kustomization.yaml': 'resource: [x]\n' },
      'error workloads/kustomization apps/kustomization.yaml:1',
    ],
    ['a template', { 'clusters/prod/t.yaml': 'kind: {{ .Kind }}\nx: [\n' }, 'error workloads/template clusters/prod/t.yaml:3'],
    [
      'a chart under a plain path',
      { 'clusters/prod/chart/Chart.yaml': 'apiVersion: v2\nname: x\n', 'clusters/prod/chart/templates/a.yaml': '{{ if }}' },
      'error workloads/chart-folder clusters/prod/chart/Chart.yaml:1',
    ],
    [
      'values that are no object',
      { 'clusters/prod/values.yaml': '\nreplicas: 1\n' },
      'info workloads/not-an-object clusters/prod/values.yaml:2',
    ],
    ['a variable without a value', { [app]: yaml(workload('shop', 'cart-${REGION}')) }, `error workloads/variable ${app}:1`],
    [
      'two owners',
      { [app]: yaml(flux('a', './apps'), flux('b', './apps')), 'apps/w.yaml': yaml(workload('shop', 'twice')) },
      'error workloads/two-owners apps/w.yaml:1',
    ],
    [
      'one object twice in a build',
      { [app]: yaml(workload('shop', 'twice')), 'clusters/prod/again.yaml': yaml(workload('shop', 'twice')) },
      'error workloads/duplicate clusters/prod/app.yaml:1',
    ],
    [
      'a suspended Kustomization',
      { [app]: yaml(flux('apps', './apps', { suspend: true })), 'apps/w.yaml': yaml(workload('shop', 'web')) },
      `warning flux/suspended ${app}:16`,
    ],
    [
      'a Rollout',
      { [app]: yaml(workload('shop', 'web', { kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1' })) },
      `error workloads/not-restartable ${app}:1`,
    ],
    [
      'a bare Pod',
      { [app]: yaml({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop' }, spec: {} }) },
      `warning workloads/not-restartable ${app}:1`,
    ],
    ['a Job', { [app]: yaml(workload('shop', 'j', { kind: 'Job', apiVersion: 'batch/v1' })) }, `info workloads/job ${app}:1`],
    [
      'a waypoint',
      {
        [app]: yaml({
          apiVersion: 'gateway.networking.k8s.io/v1',
          kind: 'Gateway',
          metadata: { name: 'w', namespace: 'shop' },
          spec: { gatewayClassName: 'istio-waypoint' },
        }),
      },
      `warning workloads/opaque ${app}:1`,
    ],
    [
      'a waypoint that has the name of a Gateway of Istio',
      {
        [app]: yaml(
          { apiVersion: 'networking.istio.io/v1', kind: 'Gateway', metadata: { name: 'w', namespace: 'shop' }, spec: {} },
          {
            apiVersion: 'gateway.networking.k8s.io/v1',
            kind: 'Gateway',
            metadata: { name: 'w', namespace: 'shop' },
            spec: { gatewayClassName: 'istio-waypoint' },
          },
        ),
      },
      `warning workloads/opaque ${app}:11`,
    ],
    ['a HelmRelease in a meshed namespace', { [app]: yaml(helmRelease('redis', 'shop', 'redis')) }, `warning workloads/opaque ${app}:8`],
    [
      'istio-csr',
      { [app]: yaml(helmRelease('csr', 'istio-system', 'cert-manager-istio-csr'), namespace('istio-system')) },
      `error workloads/ca-provider ${app}:8`,
    ],
    [
      'values in a Secret',
      { [app]: yaml(helmRelease('istiod', 'istio-system', 'istiod', { valuesFrom: [{ kind: 'Secret', name: 'v' }] })) },
      `warning workloads/helm-values ${app}:22`,
    ],
    [
      'a workload without a namespace',
      { [app]: yaml(workload(null, 'web', { labels: { 'sidecar.istio.io/inject': 'false' } })) },
      `error workloads/namespace-missing ${app}:1`,
    ],
    [
      'an unknown revision',
      {
        [app]: yaml(workload('shop', 'cart')),
        'clusters/prod/istiod.yaml': yaml(helmRelease('istiod', 'istio-system', 'istiod', { values: { revision: '1-30' } })),
      },
      'warning workloads/revision-unknown -:-',
    ],
  ])('%s', (_, tree, expected) => {
    const discovery = discoverProd({ ...tree, 'clusters/prod/zz-healthy.yaml': yaml(meshed, workload('shop', 'healthy')) })

    expect(idsOf(discovery)).toContain(expected)
    if (!expected.includes('two-owners')) expect(idsOf(discovery).filter((id) => id.includes('two-owners'))).toEqual([])
    expect(workloadsOf(discovery)).toContain('sidecar Deployment/shop/healthy')
    for (const finding of discovery.findings) expect(finding.remedy).not.toBe('')
  })

  test('a healthy repository has no findings', () => {
    expect(discoverProd({ [app]: healthy }).findings).toEqual([])
  })
})

test('a namespace that reroot.yaml states is known', () => {
  const discovery = discoverProd(
    { [app]: yaml(workload('pay', 'till')) },
    { namespaces: new Map([['pay', { 'istio-injection': 'enabled' }]]) },
  )

  expect(discovery.findings).toEqual([])
  expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/pay/till'])
})

test('what makes pods outside of the mesh is told, of kinds that no restart reaches as well', () => {
  const discovery = discoverProd({
    [app]: yaml(
      namespace('legacy', {}),
      workload('legacy', 'web', { kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1' }),
      workload('legacy', 'cart'),
      { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'report', namespace: 'legacy' }, spec: {} },
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'debug', namespace: 'legacy' }, spec: {} },
      { apiVersion: 'other.example/v1', kind: 'Rollout', metadata: { name: 'makes-none', namespace: 'legacy' }, spec: {} },
    ),
  })

  expect(discovery.outside.map(({ id }) => `${id.kind}/${id.namespace}/${id.name}`)).toEqual([
    'CronJob/legacy/report',
    'Deployment/legacy/cart',
    'Pod/legacy/debug',
    'Rollout/legacy/web',
  ])
  expect(new Set(discovery.outside.map(({ why }) => why))).toEqual(new Set(['neither namespace legacy nor its pods ask for a sidecar']))
  expect([discovery.workloads, discovery.findings]).toEqual([[], []])
})

test('roles, owners and hindrances of a whole cluster', () => {
  const discovery = discoverProd({
    'clusters/prod/apps.yaml': yaml(
      flux('infra', './infra', { wait: true }),
      flux('apps', './apps/overlays/eu', { dependsOn: [{ name: 'infra' }], postBuild: { substitute: { TEAM: 'blue' } } }),
    ),
    'infra/istio.yaml': yaml(
      namespace('istio-system'),
      namespace('edge'),
      {
        apiVersion: 'source.toolkit.fluxcd.io/v1',
        kind: 'HelmRepository',
        metadata: { name: 'istio', namespace: 'flux-system' },
        spec: { url: 'https://istio-release.storage.googleapis.com/charts' },
      },
      helmRelease('istiod', 'flux-system', 'istiod', {
        targetNamespace: 'istio-system',
        values: { pilot: { env: { ISTIO_MULTIROOT_MESH: true } }, meshConfig: { trustDomain: 'shop.example' } },
      }),
      helmRelease('ztunnel', 'istio-system', 'ztunnel'),
      helmRelease('ingress', 'edge', 'gateway', { values: { kind: 'DaemonSet' } }),
    ),
    'apps/base/kustomization.yaml': 'resources: [all.yaml]\nnamePrefix: base-\n',
    'apps/base/all.yaml': yaml(
      meshed,
      workload('shop', 'cart', { spec: { paused: true } }),
      workload('shop', 'agent', { kind: 'DaemonSet', spec: { updateStrategy: { type: 'OnDelete' } } }),
      workload('shop', 'host', { pod: { hostNetwork: true } }),
      workload('shop', 'edge', { annotations: { 'inject.istio.io/templates': 'gateway' } }),
    ),
    'apps/overlays/eu/kustomization.yaml': 'resources: [../../base]\nnameSuffix: -${TEAM}\n',
  })

  expect(idsOf(discovery)).toEqual([])
  expect(workloadsOf(discovery)).toEqual([
    'gateway DaemonSet/edge/ingress',
    'ztunnel DaemonSet/istio-system/ztunnel',
    'control-plane Deployment/istio-system/istiod',
    'sidecar DaemonSet/shop/base-agent-blue',
    'sidecar Deployment/shop/base-cart-blue',
    'gateway Deployment/shop/base-edge-blue',
  ])
  const cart = discovery.workloads.find(({ id }) => id.name === 'base-cart-blue')
  expect(cart).toMatchObject({
    hindrance: 'paused',
    owner: {
      kind: 'kustomize',
      controller: 'flux-system/apps',
      kustomization: 'apps/overlays/eu/kustomization.yaml',
      component: { name: 'base-cart', namespace: 'shop' },
    },
    definition: { file: 'apps/base/all.yaml', document: 1 },
  })
  expect(discovery.workloads.find(({ id }) => id.name === 'base-agent-blue')?.hindrance).toBe('on-delete')
  expect(discovery.outside.map(({ why }) => why)).toEqual(['its pods use the host’s network'])
  expect(discovery.istio[0]).toMatchObject({
    chart: 'istiod',
    release: 'istio-system-istiod',
    namespace: 'istio-system',
    version: '1.30.3',
    revision: 'default',
    multiRoot: true,
    trustDomain: 'shop.example',
    caProvider: 'istiod',
  })
  expect(discovery.controllers.map((one) => `${one.id} ${one.type === 'flux' ? one.path : one.type}`)).toEqual([
    'flux-system/flux-system clusters/prod',
    'flux-system/infra infra',
    'flux-system/apps apps/overlays/eu',
  ])
})

test('a plain istiod gives its version, and its environment its CA', () => {
  const env = [
    { name: 'ISTIO_MULTIROOT_MESH', value: 'true' },
    { name: 'EXTERNAL_CA', value: 'ISTIOD_RA_KUBERNETES_API' },
  ]
  const pod = { containers: [{ name: 'discovery', image: 'reg.example:5000/istio/pilot:1.29.2-distroless@sha256:00', env }] }
  const discovery = discoverProd({
    [app]: yaml(
      namespace('istio-system'),
      workload('istio-system', 'istiod', { labels: { app: 'istiod', 'sidecar.istio.io/inject': 'false' }, pod }),
    ),
  })

  expect(workloadsOf(discovery)).toEqual(['control-plane Deployment/istio-system/istiod'])
  expect(discovery.istio).toMatchObject([{ version: '1.29.2', multiRoot: true, caProvider: 'EXTERNAL_CA=ISTIOD_RA_KUBERNETES_API' }])
})

test('every cacerts Secret is found, in reroot’s own folder too; other workloads there are not', () => {
  const secret = (extra: object): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cacerts', namespace: 'istio-system' },
    ...extra,
  })
  const discovery = discoverProd({
    [app]: yaml(flux('mesh-ca', './mesh-ca/clusters/prod/cacerts'), flux('mesh-ca-waves', './mesh-ca/clusters/prod/waves')),
    'mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml': yaml(secret({ data: {}, sops: { mac: 'x' } })),
    'mesh-ca/clusters/prod/waves/w.yaml': yaml(workload('shop', 'cart')),
    'clusters/prod/clear.yaml': yaml(secret({ metadata: { name: 'cacerts', namespace: 'old' }, stringData: {} })),
    'clusters/prod/sealed.yaml': yaml({
      apiVersion: 'bitnami.com/v1alpha1',
      kind: 'SealedSecret',
      metadata: { name: 'cacerts', namespace: 'x' },
      spec: {},
    }),
    'clusters/prod/gen/kustomization.yaml': 'namespace: gen\nsecretGenerator:\n- name: cacerts\n  literals: [a=b]\n',
  })

  expect(discovery.cacerts.map(({ form, kind, site, controller }) => `${form} ${kind} ${site.file} ${controller}`).toSorted()).toEqual([
    'clear Secret clusters/prod/clear.yaml flux-system/flux-system',
    'other SealedSecret clusters/prod/sealed.yaml flux-system/flux-system',
    'other secretGenerator clusters/prod/gen/kustomization.yaml flux-system/flux-system',
    'sops Secret mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml flux-system/mesh-ca',
  ])
  expect(discovery.workloads).toEqual([])
})

test('a restart annotation that a later patch drops is not deliverable', () => {
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps')),
    'apps/all.yaml': yaml(meshed, workload('shop', 'cart'), workload('shop', 'web')),
    'apps/kustomization.yaml':
      'resources: [all.yaml]\npatches:\n- target: {kind: Deployment, name: cart}\n  patch: \'[{"op": "add", "path": "/spec/template/metadata/annotations", "value": {}}]\'\n',
  })

  const deliverable = discovery.workloads.map(({ id, owner }) => [id.name, owner.kind === 'kustomize' && owner.undeliverable === undefined])
  expect(deliverable).toEqual([
    ['cart', false],
    ['web', true],
  ])
})

test('Flux does not see what .sourceignore hides', () => {
  const tree = {
    [app]: yaml(meshed, workload('shop', 'cart')),
    'clusters/prod/sub/w.yaml': yaml(workload('shop', 'web')),
    '.sourceignore': '/*\n!/clusters\n/clusters/prod/sub/\n',
  }

  expect(workloadsOf(discoverProd(tree))).toEqual(['sidecar Deployment/shop/cart'])
})

test('the spec of a Flux Kustomization is built in: namespace, names, patches', () => {
  const spec = {
    targetNamespace: 'shop',
    namePrefix: 'p-',
    patches: [
      {
        target: { kind: 'Deployment' },
        patch: JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'any' }, spec: { paused: true } }),
      },
    ],
  }
  const discovery = discoverProd({ [app]: yaml(meshed, flux('apps', './apps', spec)), 'apps/w.yaml': yaml(workload(null, 'cart')) })

  expect(discovery.findings).toEqual([])
  expect(discovery.workloads).toMatchObject([
    { id: { namespace: 'shop', name: 'p-cart' }, hindrance: 'paused', owner: { kind: 'yaml', controller: 'flux-system/apps' } },
  ])
})

test('without a Kustomization of its own in Git, a path is read as flux bootstrap would build it', () => {
  const { [`clusters/prod/flux-system/gotk-sync.yaml`]: _, ...rest } = bootstrap
  expect(Object.keys(rest)).toHaveLength(1)
  const discovery = discoverProd({ 'clusters/prod/flux-system/gotk-sync.yaml': '', [app]: yaml(meshed, workload('shop', 'cart')) })

  expect(discovery.controllers.map(({ id }) => id)).toEqual(['flux-system/flux-system'])
  expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/cart'])
})
