import { expect, test } from 'vitest'
import { findFluxClusters } from '../../src/workloads/index.ts'
import { bootstrap, flux, yaml } from './flux-tree.ts'
import { filesOf } from './tree.ts'

const source = (kind: string, spec: object): object => ({
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind,
  metadata: { name: 'flux-system', namespace: 'flux-system' },
  spec,
})

test('a bucket is no place for pull requests', () => {
  const sync = flux('flux-system', './clusters/prod', { sourceRef: { kind: 'Bucket', name: 'flux-system' } })
  const { clusters, findings } = findFluxClusters(filesOf({ 'clusters/prod/flux-system/gotk-sync.yaml': yaml(source('Bucket', {}), sync) }))

  expect(clusters).toEqual([])
  expect(findings).toMatchObject([{ id: 'flux/source', severity: 'warning', found: 'Bucket flux-system' }])
})

test('a Kustomization of something else is no cluster', () => {
  const tree = {
    ...bootstrap,
    'clusters/prod/apps.yaml': yaml(flux('apps', './apps')),
    'apps/broken.yaml': 'kustomize.toolkit.fluxcd.io: [',
  }

  expect(findFluxClusters(filesOf(tree)).clusters).toHaveLength(1)
})

test('what flux bootstrap leaves is a cluster', () => {
  expect(findFluxClusters(filesOf(bootstrap))).toEqual({
    clusters: [
      {
        type: 'flux',
        name: 'prod',
        path: 'clusters/prod',
        namespace: 'flux-system',
        source: { kind: 'GitRepository', name: 'flux-system' },
        branch: 'main',
        url: 'https://git.example/platform.git',
        site: { file: 'clusters/prod/flux-system/gotk-sync.yaml', document: 1, line: 16 },
      },
    ],
    findings: [],
  })
})

test('clusters whose paths end alike are told apart; a tag is no branch', () => {
  const cluster = (path: string, ref: object): string => yaml(source('GitRepository', { url: 'x', ref }), flux('flux-system', path))
  const { clusters } = findFluxClusters(
    filesOf({
      'dev/eu/flux-system/gotk-sync.yaml': cluster('dev/eu', { tag: 'v1' }),
      'prod/eu/flux-system/gotk-sync.yaml': cluster('./prod/eu/', { name: 'refs/heads/live' }),
    }),
  )

  expect(clusters.map(({ name, branch }) => [name, branch])).toEqual([
    ['dev-eu', null],
    ['prod-eu', 'live'],
  ])
})

test('a FluxInstance syncs too', () => {
  const instance = {
    apiVersion: 'fluxcd.controlplane.io/v1',
    kind: 'FluxInstance',
    metadata: { name: 'flux', namespace: 'flux-system' },
    spec: { sync: { kind: 'GitRepository', url: 'https://x', ref: 'refs/heads/main', path: 'clusters/home' } },
  }

  expect(findFluxClusters(filesOf({ 'infra/flux.yaml': yaml(instance) })).clusters).toMatchObject([
    { name: 'home', path: 'clusters/home', branch: 'main', source: { name: 'flux-system' } },
  ])
})
