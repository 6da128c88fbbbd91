import { describe, expect, test } from 'vitest'
import { bootstrap, discoverProd, flux, helmRelease, idsOf, namespace, workload, workloadsOf, yaml } from './flux-tree.ts'
import type { Tree } from './tree.ts'

const app = 'clusters/prod/app.yaml'
const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'cacerts', namespace: 'istio-system' }, data: {}, sops: { mac: 'x' } }

test('labels and annotations that a Kustomization gives to all', () => {
  const tree = (commonMetadata: object) => ({
    [app]: yaml(flux('ca', './ca', { commonMetadata })),
    'ca/cacerts.sops.yaml': yaml(secret, namespace('shop'), workload('shop', 'cart')),
  })
  const kept = { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' }

  expect(discoverProd(tree({})).cacerts[0]?.pruned).toBe('Kustomization flux-system/ca has prune: true')
  expect(discoverProd(tree({ annotations: kept })).cacerts[0]?.pruned).toBeNull()
  expect(discoverProd(tree({ labels: kept })).cacerts[0]?.pruned).toBeNull()
  // They are not those of pods.
  expect(workloadsOf(discoverProd(tree({ labels: { 'sidecar.istio.io/inject': 'true' } })))).toEqual([])
  expect(workloadsOf(discoverProd(tree({ labels: { 'istio-injection': 'enabled' } })))).toEqual(['sidecar Deployment/shop/cart'])
})

test('an artifact that Flux puts together is called that', () => {
  const sourceRef = { kind: 'ExternalArtifact', name: 'apps' }
  const [finding] = discoverProd({ [app]: yaml(flux('apps', './apps', { sourceRef, targetNamespace: 'shop' })) }).findings

  expect(finding).toMatchObject({
    id: 'workloads/foreign-source',
    severity: 'error',
    place: { file: app, line: 12, object: 'Kustomization flux-system/apps' },
    found: 'ExternalArtifact flux-system/apps',
  })
  expect(finding?.message).toContain('ArtifactGenerator')
  expect(finding?.remedy).toContain('restarts.namespaces: [shop]')
})

describe('what the source leaves out', () => {
  const patched = (ignore: string | null): Tree => ({
    'clusters/prod/flux-system/kustomization.yaml': yaml({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: ['gotk-sync.yaml'],
      patches: [
        {
          patch: JSON.stringify({
            apiVersion: 'source.toolkit.fluxcd.io/v1',
            kind: 'GitRepository',
            metadata: { name: 'flux-system', namespace: 'flux-system' },
            spec: { ignore },
          }),
        },
      ],
    }),
    [app]: yaml(namespace('shop', { 'istio-injection': 'enabled' }), workload('shop', 'cart')),
    'clusters/prod/old/w.yaml': yaml(workload('shop', 'old')),
  })

  test('counts as a patch has it', () => {
    const discovery = discoverProd(patched('/*\n!/clusters\n/clusters/prod/old\n'))

    expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/cart'])
    expect(idsOf(discovery)).toEqual(['error flux/hidden -:-'])
  })

  test('and not as its file has it, if a patch takes that away', () => {
    const sync = bootstrap['clusters/prod/flux-system/gotk-sync.yaml'] ?? ''
    const hiding = { 'clusters/prod/flux-system/gotk-sync.yaml': sync.replace('"spec": {', '"spec": { "ignore": "/clusters/prod/old",') }

    expect(workloadsOf(discoverProd({ ...patched(null), ...hiding }))).toEqual([
      'sidecar Deployment/shop/cart',
      'sidecar Deployment/shop/old',
    ])
  })

  test('leaves findings of what is read alone', () => {
    const broken = { 'clusters/prod/old/bad.yaml': 'a: [\n' }

    expect(idsOf(discoverProd({ ...patched('/clusters/prod/old/\n'), ...broken }))).toEqual([])
    expect(idsOf(discoverProd({ ...patched('/nothing\n'), ...broken }))).toEqual(['error yaml/syntax clusters/prod/old/bad.yaml:2'])
  })
})

test('findings have the line of an item of a List', () => {
  const list = (item: object): string => yaml({ apiVersion: 'v1', kind: 'List', items: [namespace('first'), item] })
  const linesOf = (text: string): readonly (number | undefined)[] => discoverProd({ [app]: text }).findings.map(({ place }) => place.line)

  for (const [item, marked] of [
    [flux('apps', './apps'), '"path"'],
    [helmRelease('istiod', 'first', 'istiod', { valuesFrom: [{ kind: 'Secret', name: 'v' }] }), '"kind": "Secret"'],
  ] as const) {
    const text = list(item)
    const line = text.slice(0, text.indexOf(marked)).split('\n').length
    expect(linesOf(text)).toEqual([marked === '"path"' ? line : line - 1])
  }
})
