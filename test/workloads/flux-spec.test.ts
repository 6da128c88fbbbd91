import { expect, test } from 'vitest'
import { discoverProd, flux, namespace, workload, workloadsOf, yaml } from './flux-tree.ts'

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
