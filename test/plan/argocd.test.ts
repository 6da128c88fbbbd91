import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/mesh/index.ts'
import type { Config } from '../../src/mesh/index.ts'
import { argocdLimits, chooseDeliveries, ownMetadata } from '../../src/plan/index.ts'
import type { Step } from '../../src/rotation/index.ts'
import type { ArgocdApplicationFacts, ArgocdProject, CacertsSite, Discovery, Owner, Workload } from '../../src/workloads/index.ts'
import { argocdConfig, argocdText, bytesOf, discoveryOf, makeConfig, workloadOf } from '../support/mesh.ts'

const parsed = (text: string): Config => parseConfig(bytesOf(text), 'mesh-ca/reroot.yaml')

const application = (name: string, more: Partial<ArgocdApplicationFacts> = {}): ArgocdApplicationFacts => ({
  type: 'argocd',
  id: `argocd/${name}`,
  name,
  namespace: 'argocd',
  site: { file: `argocd/${name}.yaml`, document: 0, line: 1 },
  project: 'platform',
  paths: [name],
  sourceSettings: [],
  fixedRevision: null,
  automated: true,
  prune: true,
  selfHeal: false,
  allowEmpty: true,
  syncOptions: ['ServerSideApply=true'],
  retryLimit: 5,
  ignoresDifferences: false,
  outOfSyncOnly: false,
  hydrated: false,
  ...more,
})

const plain = (name: string): Owner => ({ kind: 'yaml', controller: `argocd/${name}` })
const istiod = (by: string, syncWave = 0): Workload =>
  workloadOf('Deployment/istio-system/istiod', { role: 'control-plane', owner: plain(by), syncWave })
const cart = (by: string, syncWave = 0, more: Partial<Workload> = {}): Workload =>
  workloadOf('Deployment/shop/cart', { owner: plain(by), syncWave, ...more })
const sealedBy = (by: string, syncWave = 0): CacertsSite => ({
  site: { file: 'mesh/cacerts.sops.yaml', document: 0, line: 1 },
  namespace: 'istio-system',
  controller: `argocd/${by}`,
  form: 'sops',
  kind: 'Secret',
  documents: 1,
  syncWave,
  ksops: 'mesh/kustomization.yaml',
  pruned: null,
})

function choose(config: Config, discovery: Partial<Discovery>, step: Step = 'stage'): ReturnType<typeof chooseDeliveries> {
  return chooseDeliveries(config, config.clusters[0]!, discoveryOf(discovery), step)
}
const merging = (type: 'flux' | 'argocd', cluster = ''): Config => {
  const more = 'restarts: { delivery: merge }\n'
  return type === 'argocd' ? argocdConfig(more, ['prod'], cluster) : makeConfig(more, ['prod'], cluster)
}

describe('refused', () => {
  test('a Job’s restart of what its Application replaces at each sync; its owner may carry it', () => {
    const replaced = cart('shop', 0, { replaced: true })

    expect(choose(argocdConfig(), { workloads: [replaced] }).findings).toMatchObject([
      { id: 'restart/replaced', severity: 'error', found: 'sync option Replace=true', place: { object: 'Deployment/shop/cart' } },
    ])
    expect(choose(argocdConfig('restarts: { delivery: owner }\n'), { workloads: [replaced] }).findings).toEqual([])
  })

  test.each([
    ['argocd', { kind: 'yaml', controller: 'argocd/shop' }, /prunes the workload/, 'Application argocd/shop'],
    [
      'argocd',
      { kind: 'chart', controller: 'argocd/shop', by: 'Application argocd/shop', chart: 'cart' },
      /422/,
      'Application argocd/shop',
    ],
    ['flux', { kind: 'yaml', controller: 'flux-system/shop' }, /pruning it would delete the workload/, 'Kustomization flux-system/shop'],
    ['flux', { kind: 'chart', controller: 'flux-system/shop', by: 'HelmRelease shop/cart', chart: 'cart' }, /422/, 'HelmRelease shop/cart'],
  ] as const)('merge beside an owner in Git, under %s: with its consequence', (type, owner, consequence, found) => {
    const { findings, restarts } = choose(merging(type), { workloads: [workloadOf('Deployment/shop/cart', { owner })] })

    expect(findings).toMatchObject([{ id: 'restart/merge', severity: 'error', found }])
    expect(findings[0]?.message).toMatch(consequence)
    expect(restarts.map(({ delivery }) => delivery)).not.toContain('merge')
  })

  test('merge without the workload’s selector under Flux: with the command that prints it', () => {
    const cluster = '    workloads: [{ workload: Deployment/edge/gateway, role: gateway }]\n'
    const gateway = workloadOf('Deployment/edge/gateway', { owner: { kind: 'elsewhere', controller: null } })

    const { findings } = choose(merging('flux', cluster), { workloads: [gateway] })

    expect(findings).toMatchObject([{ id: 'restart/merge', severity: 'error' }])
    expect(findings[0]?.remedy).toContain("kubectl -n edge get deployment gateway -o jsonpath='{.spec.selector.matchLabels}'")
  })
})

test('merge into a StatefulSet is refused under Flux, which would send what cannot be changed', () => {
  const cluster = '    workloads: [{ workload: StatefulSet/edge/gateway, selector: { app: gateway } }]\n'
  const gateway = workloadOf('StatefulSet/edge/gateway', { owner: { kind: 'elsewhere', controller: null } })

  expect(choose(merging('flux', cluster), { workloads: [gateway] }).findings).toMatchObject([{ id: 'restart/merge', found: 'StatefulSet' }])
  expect(choose(merging('argocd', cluster), { workloads: [gateway] }).restarts).toMatchObject([{ delivery: 'merge' }])
})

test('merge of what nobody in Git applies: Flux needs the selector that people state, Argo CD nothing', () => {
  const cluster = '    workloads: [{ workload: Deployment/edge/gateway, role: gateway, selector: { app: gateway } }]\n'
  const gateway = workloadOf('Deployment/edge/gateway', { owner: { kind: 'elsewhere', controller: null } })

  const [flux, argocd] = (['flux', 'argocd'] as const).map((type) => choose(merging(type, cluster), { workloads: [gateway] }))
  expect([flux?.findings, argocd?.findings]).toEqual([[], []])
  expect(flux?.restarts).toMatchObject([{ delivery: 'merge', selector: { app: 'gateway' }, file: null }])
  expect(argocd?.restarts[0]).toMatchObject({ delivery: 'merge' })
  expect(argocd?.restarts[0]).not.toHaveProperty('selector')
})

describe('auto under Argo CD', () => {
  const whys = (config: Config, discovery: Partial<Discovery>, step?: Step): readonly string[] =>
    choose(config, discovery, step).restarts.map(({ delivery, why }) => `${delivery}: ${why}`)
  const inPlace = parsed(argocdText().replace(/cacerts: \{.*\}/, 'cacerts: { file: mesh/cacerts.sops.yaml, managed: in-place }'))
  const one = (more: Partial<ArgocdApplicationFacts> = {}, cartWave = 2, istiodWave = 1): Partial<Discovery> => ({
    controllers: [application('mesh', more)],
    cacerts: [sealedBy('mesh')],
    workloads: [istiod('mesh', istiodWave), cart('mesh', cartWave)],
  })

  test('is a Job where several Applications own the mesh, and names them', () => {
    const discovery = { controllers: [application('istiod'), application('shop')], workloads: [istiod('istiod'), cart('shop', 5)] }

    expect(whys(argocdConfig(), discovery)).toEqual([
      'job: argocd/mesh-ca-prod and argocd/istiod do not wait for each other, so only a Job keeps the order',
      'job: argocd/mesh-ca-prod, argocd/istiod and argocd/shop do not wait for each other, so only a Job keeps the order',
    ])
  })

  test('is the owner where one Application applies the Secret in place, istiod and the workload, in rising waves', () => {
    expect(whys(inPlace, one())).toEqual([
      'owner: argocd/mesh applies the Secret, istiod and it in rising sync waves',
      'owner: argocd/mesh applies the Secret, istiod and it in rising sync waves',
    ])
  })

  test.each([
    ['reroot delivers the Secret', argocdConfig(), one(), 'stage', /do not wait for each other/],
    [
      'the waves are the same',
      inPlace,
      one({}, 1),
      'stage',
      /its sync wave \(1\) does not come after that of Deployment\/istio-system\/istiod \(1\)/,
    ],
    ['a retry passes over what failed', inPlace, one({ outOfSyncOnly: true }), 'stage', /ApplyOutOfSyncOnly/],
    ['nothing waits for the new root everywhere', inPlace, one(), 'replace', /nothing waits for the new root in every namespace/],
    ['istiod comes with the Secret', inPlace, one({}, 2, 0), 'stage', /does not come after that of the Secret \(0\)/],
  ] as const)('is a Job where %s', (_, config, discovery, step, why) => {
    expect(whys(config, discovery, step).some((text) => text.startsWith('job: ') && why.test(text))).toBe(true)
  })

  test('waits for every istiod, if there are several', () => {
    const canary = workloadOf('Deployment/istio-system/istiod-canary', { role: 'control-plane', owner: plain('mesh'), syncWave: 3 })
    const { controllers = [], cacerts = [], workloads = [] } = one()

    expect(whys(inPlace, { controllers, cacerts, workloads: [...workloads, canary] })[1]).toMatch(/^job: .*istiod-canary \(3\)/)
  })
})

describe('the limits of Argo CD', () => {
  const allowed: ArgocdProject = {
    name: 'platform',
    site: { file: 'argocd/project.yaml', document: 0, line: 3 },
    sourceRepos: ['https://git.example/shop/*'],
    destinations: [{ name: 'prod', server: null, namespace: '*' }],
    clusterAllowed: [{ group: '*', kind: '*' }],
    clusterDenied: [],
    namespacedAllowed: null,
    namespacedDenied: [],
  }
  const fine = { text: '--enable-alpha-plugins --enable-exec --enable-helm', site: { file: 'argocd/cm.yaml', document: 0, line: 1 } }
  const limits = (project: Partial<ArgocdProject> | null, buildOptions: typeof fine | null = fine, config = argocdConfig()) =>
    argocdLimits(
      config.clusters[0]!,
      discoveryOf({
        argocd: { projects: project === null ? [] : [{ ...allowed, ...project }], buildOptions },
        workloads: [cart('shop'), istiod('istiod')],
        namespaces: [{ name: 'legacy', labels: null, site: null, meshed: true }],
      }),
      'mesh-ca/reroot.yaml',
    )

  test.each([
    ['another repository', { sourceRepos: ['https://git.example/other/*'] }, 'not the repository https://git.example/shop/platform.git'],
    ['a repository that is denied', { sourceRepos: ['*', '!https://git.example/shop/platform'] }, 'not the repository'],
    ['namespaces', { destinations: [{ name: 'prod', server: null, namespace: 'istio-*' }] }, 'not the namespaces legacy, shop of prod'],
    [
      'a namespace that is denied',
      { destinations: [...allowed.destinations, { name: 'prod', server: null, namespace: '!shop' }] },
      'not the namespaces shop of prod',
    ],
    [
      'another cluster',
      { destinations: [{ name: 'dev', server: null, namespace: '*' }] },
      'not the namespaces istio-system, legacy, shop of prod',
    ],
    ['no cluster-scoped kind', { clusterAllowed: [] }, 'not the kinds ClusterRole, ClusterRoleBinding'],
    ['a kind that is denied', { namespacedDenied: [{ group: 'batch', kind: 'Job' }] }, 'not the kinds Job'],
    [
      'few kinds',
      {
        namespacedAllowed: [
          { group: '', kind: '*' },
          { group: 'batch', kind: 'Job' },
        ],
      },
      'not the kinds Role, RoleBinding',
    ],
  ] as const)('a project that allows %s', (_, project, found) => {
    expect(limits(project)).toMatchObject([
      {
        id: 'argocd/project',
        severity: 'error',
        place: { file: 'argocd/project.yaml', line: 3 },
        found: expect.stringContaining(found) as string,
      },
    ])
  })

  test('a project that Git does not show is worth a look; `default` is Argo CD’s own', () => {
    expect(limits(null)).toMatchObject([{ id: 'argocd/project', severity: 'warning' }])
    expect(limits(null, fine, parsed(argocdText().replace('project: platform, ', '')))).toEqual([])
  })

  test.each([
    ['no ConfigMap that Git shows', null, 'warning', '--enable-alpha-plugins --enable-exec'],
    ['one option of the two', { ...fine, text: '--enable-exec' }, 'error', '--enable-alpha-plugins'],
    ['a longer word', { ...fine, text: '--enable-alpha-plugins --enable-execute' }, 'error', '--enable-exec'],
  ] as const)('build options: %s', (_, options, severity, missing) => {
    const [finding, ...more] = limits({}, options)

    expect(finding).toMatchObject({ id: 'argocd/build-options', severity })
    expect(finding?.remedy).toContain(`add ${missing} to`)
    expect(more).toEqual([])
  })

  test('nothing, where all is allowed; and nothing of Argo CD’s under Flux', () => {
    expect(limits({})).toEqual([])
    expect(limits({ destinations: [{ name: null, server: 'https://10.0.0.1', namespace: '*' }] })).toEqual([])
    expect(limits({ destinations: [] }, null, makeConfig())).toEqual([])
  })
})

test('a Secret of reroot’s own is never pruned or deleted by Argo CD, leaves no copy in an annotation, and comes behind the entry gate', () => {
  expect(ownMetadata.argocd.annotations).toEqual({
    'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false,ServerSideApply=true',
    'argocd.argoproj.io/sync-wave': '1',
  })
})

describe('reroot’s own Application, as overlays make it', () => {
  const own = application('mesh-ca-prod', { paths: ['mesh-ca/clusters/prod'] })
  const found = (change: Partial<ArgocdApplicationFacts>): readonly unknown[] =>
    argocdLimits(
      argocdConfig().clusters[0]!,
      discoveryOf({
        argocd: { projects: [], buildOptions: null },
        controllers: [application('other', { selfHeal: true }), { ...own, ...change }],
      }),
      'mesh-ca/reroot.yaml',
    )
      .filter(({ id }) => id === 'argocd/changed')
      .map((finding) => [finding.severity, finding.place.file, finding.found])

  test.each<[Partial<ArgocdApplicationFacts>, string]>([
    [{ selfHeal: true }, 'selfHeal: true'],
    [{ prune: false, allowEmpty: false }, 'prune: false; allowEmpty: false'],
    [{ syncOptions: [] }, 'no ServerSideApply=true'],
    [{ syncOptions: ['ServerSideApply=true', 'ApplyOutOfSyncOnly=true'] }, 'ApplyOutOfSyncOnly=true'],
    [{ syncOptions: ['ServerSideApply=true', 'Replace=true', 'Prune=false'] }, 'Replace=true; Prune=false'],
    [{ paths: ['mesh-ca/clusters/dev'] }, 'path mesh-ca/clusters/dev'],
    [{ paths: [] }, 'path in another repository'],
    [{ fixedRevision: 'v1.0.0' }, 'targetRevision v1.0.0'],
    [{ sourceSettings: ['kustomize'] }, 'spec.source with kustomize'],
    [{ project: 'default' }, 'project default'],
    [{ retryLimit: -1 }, 'retry.limit: -1'],
    [{ ignoresDifferences: true }, 'ignoreDifferences'],
  ])('%j stops a step', (change, what) => {
    expect(found(change)).toEqual([['error', 'argocd/mesh-ca-prod.yaml', what]])
  })

  test.each<Partial<ArgocdApplicationFacts>>([
    {},
    { syncOptions: ['CreateNamespace=true', 'ServerSideApply=true'], retryLimit: 3 },
    // A person who syncs says each time what to prune.
    { automated: false, prune: false, allowEmpty: false },
  ])('%j is fine', (change) => {
    expect(found(change)).toEqual([])
  })
})
