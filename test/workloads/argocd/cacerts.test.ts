import { describe, expect, test } from 'vitest'
import { discoverProd, flux, idsOf, workload, yaml } from '../flux-tree.ts'
import { app, application, discoverArgocd } from '../argocd-tree.ts'
import type { Tree } from '../tree.ts'

const sealed = yaml({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'cacerts', namespace: 'istio-system', annotations: { 'argocd.argoproj.io/sync-wave': '-5' } },
  data: { 'ca-key.pem': 'ENC[x]' },
  sops: { mac: 'x' },
})
const generator = (fields: object): string => yaml({ apiVersion: 'viaduct.ai/v1', kind: 'ksops', metadata: { name: 'g' }, ...fields })
const ksops = {
  'ca/kustomization.yaml': 'generators: [g.yaml]\n',
  'ca/g.yaml': generator({ files: ['./cacerts.sops.yaml'] }),
  'ca/cacerts.sops.yaml': sealed,
}
const delivering = (spec: object = {}, tree: Tree = ksops): Tree => ({ [app]: yaml(application('ca', { path: 'ca', spec })), ...tree })

test('Flux cannot run KSOPS', () => {
  expect(idsOf(discoverProd({ 'clusters/prod/app.yaml': yaml(flux('ca', './ca')), ...ksops }))).toEqual([
    'error workloads/kustomization-unread ca/kustomization.yaml:1',
  ])
})

test.each([
  [
    'a hydrator',
    { sourceHydrator: { drySource: { repoURL: 'https://git.example/platform', path: 'ca' }, syncSource: { targetBranch: 'env' } } },
    'error argocd/rendered',
  ],
  [
    'differences of its data that are ignored',
    { ignoreDifferences: [{ group: '', kind: 'Secret', jsonPointers: ['/data'] }] },
    'error argocd/ignored',
  ],
  ['no automated sync', { syncPolicy: {} }, 'warning argocd/manual-sync'],
])('%s stands against the Secret', (_, spec, expected) => {
  expect(discoverArgocd(delivering(spec)).findings.map(({ severity, id }) => `${severity} ${id}`)).toEqual([expected])
})

test('a file that KSOPS does not find is missing', () => {
  const tree = { ...ksops, 'ca/g.yaml': generator({ files: ['./no.yaml'] }) }

  expect(idsOf(discoverArgocd(delivering({}, tree)))).toEqual(['error workloads/missing-file ca/kustomization.yaml:1'])
})

test.each<[string, Tree, object]>([
  ['unsealed by KSOPS', ksops, { form: 'sops', ksops: 'ca/kustomization.yaml', syncWave: -5, kind: 'Secret', documents: 1 }],
  [
    'by a generator in the kustomization itself',
    { ...ksops, 'ca/kustomization.yaml': `generators:\n- |\n${ksops['ca/g.yaml'].replaceAll(/^/gm, '  ')}\n` },
    { form: 'sops', ksops: 'ca/kustomization.yaml' },
  ],
  [
    'from the parts of other files',
    { ...ksops, 'ca/g.yaml': generator({ secretFrom: [{ metadata: { name: 'cacerts', namespace: 'istio-system' }, files: ['a'] }] }) },
    { form: 'other', kind: 'ksops secretFrom', namespace: 'istio-system' },
  ],
  [
    'listed as it is',
    { ...ksops, 'ca/kustomization.yaml': 'resources: [cacerts.sops.yaml]\n' },
    { form: 'other', kind: 'sealed Secret that no KSOPS generator unseals', ksops: null },
  ],
  ['in a plain folder', { 'ca/cacerts.sops.yaml': sealed }, { form: 'other', kind: 'sealed Secret that no KSOPS generator unseals' }],
  [
    'in the clear',
    { 'ca/s.yaml': yaml({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'cacerts', namespace: 'istio-system' }, data: {} }) },
    { form: 'clear', kind: 'Secret', syncWave: 0 },
  ],
])('the Secret: %s', (_, tree, expected) => {
  const discovery = discoverArgocd(delivering({}, tree))

  expect(discovery.cacerts).toMatchObject([{ controller: 'argocd/ca', ...expected }])
  expect(discovery.findings).toEqual([])
})

test('of reroot’s own Application only the Secret counts', () => {
  const discovery = discoverArgocd({
    [app]: yaml(application('mesh-ca-prod', { path: 'mesh-ca/clusters/prod' })),
    'mesh-ca/clusters/prod/kustomization.yaml': 'resources: [w.yaml]\ngenerators: [g.yaml]\n',
    'mesh-ca/clusters/prod/g.yaml': ksops['ca/g.yaml'],
    'mesh-ca/clusters/prod/cacerts.sops.yaml': sealed,
    'mesh-ca/clusters/prod/w.yaml': yaml(workload('x', 'gate')),
  })

  expect(discovery.controllers.map(({ id }) => id)).toEqual(['argocd/mesh-ca-prod'])
  expect(discovery.cacerts).toMatchObject([{ form: 'sops', ksops: 'mesh-ca/clusters/prod/kustomization.yaml' }])
  expect([discovery.workloads, discovery.outside, discovery.findings]).toEqual([[], [], []])
})

test.each([
  ['a Stage', 'Stage', { promotionTemplate: { spec: { steps: 'here' } } }],
  ['a task', 'PromotionTask', { steps: 'here' }],
])('%s of Kargo that renders the Secret would push it', (_, kind, spec) => {
  const steps = [
    { uses: 'git-clone', config: { checkout: [{ path: './src' }] } },
    { uses: 'kustomize-build', config: { path: './src/other', outPath: './out' } },
    { uses: 'kustomize-build', config: { path: './src/${{ ctx.x }}', outPath: './out' } },
    { uses: 'kustomize-build', config: { path: './src/ca', outPath: './out' } },
  ]
  const stage = JSON.parse(
    JSON.stringify({ apiVersion: 'kargo.akuity.io/v1alpha1', kind, metadata: { name: 'prod', namespace: 'k' }, spec }).replace(
      '"here"',
      JSON.stringify(steps),
    ),
  ) as object
  const { findings } = discoverArgocd({ ...delivering(), 'argocd/stage.yaml': yaml(stage), 'other/kustomization.yaml': 'resources: []\n' })

  expect(findings).toMatchObject([
    { id: 'argocd/rendered', severity: 'error', found: 'kustomize-build of ca', place: { object: `${kind} k/prod` } },
  ])
})

describe('whether its owner would delete the Secret once it is no longer in Git', () => {
  const secret = (metadata: object): Tree => ({
    'ca/s.yaml': yaml({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'cacerts', namespace: 'istio-system', ...metadata },
      data: {},
    }),
  })
  const options = (text: string): object => ({ annotations: { 'argocd.argoproj.io/sync-options': text } })
  const byArgocd = (metadata: object, automated: object = {}): string | null =>
    discoverArgocd(delivering({ syncPolicy: { automated } }, secret(metadata))).cacerts[0]!.pruned
  const byFlux = (metadata: object, spec: object): string | null =>
    discoverProd({ 'clusters/prod/app.yaml': yaml(flux('ca', './ca', spec)), ...secret(metadata) }).cacerts[0]!.pruned

  test('Argo CD needs Prune=false and Delete=false', () => {
    expect(byArgocd(options('Prune=false, Delete=false'))).toBeNull()
    expect(byArgocd(options('Prune=false'), { prune: true })).toBe(
      'Application argocd/ca prunes by itself, and the Secret lacks Delete=false',
    )
    expect(byArgocd({})).toBe('Application argocd/ca prunes when somebody tells it to, and the Secret lacks Prune=false and Delete=false')
  })

  test('Flux needs prune: disabled if the Kustomization prunes', () => {
    expect(byFlux({}, { prune: true })).toBe('Kustomization flux-system/ca has prune: true')
    expect(byFlux({ annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } }, { prune: true })).toBeNull()
    expect(byFlux({ labels: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } }, { prune: true })).toBeNull()
    expect(byFlux({}, { prune: false })).toBeNull()
  })
})
