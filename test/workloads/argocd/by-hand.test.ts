import { describe, expect, test } from 'vitest'
import { app, application, applicationSet, discoverArgocd, ownURL } from '../argocd-tree.ts'
import { idsOf, namespace, workload, workloadsOf, yaml } from '../flux-tree.ts'
import type { Tree } from '../tree.ts'

const web = { 'apps/w.yaml': yaml(workload('shop', 'web')) }
const shop = namespace('shop', { 'istio-injection': 'enabled' })
const hub = { name: 'in-cluster', namespace: 'argocd' }

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
