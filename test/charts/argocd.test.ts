import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { renderCluster, renderRegister } from '../../charts/index.ts'
import { argocd, argocdScenarios, clusterProps, promote, promoteMerged, restart, scenarios } from './cluster-props.ts'
import { objectsOf } from './objects.ts'
import type { Rendered } from './objects.ts'

const waveOf = ({ metadata }: Rendered): number => Number(metadata.annotations?.['argocd.argoproj.io/sync-wave'])
const options = ({ metadata }: Rendered): string | undefined => metadata.annotations?.['argocd.argoproj.io/sync-options']
const cluster = clusterProps({ controller: argocd, step: promoteMerged })
const isGenerator = ({ apiVersion }: Rendered): boolean => apiVersion === 'viaduct.ai/v1'
const objects = objectsOf(renderCluster(cluster)).filter((object) => !isGenerator(object))

test('sync waves rise from the entry gate over the Secret to the last gate, and each gate comes behind its restarts', () => {
  const jobs = objects.filter(({ kind }) => kind === 'Job').map((job) => [job.file.split('/').slice(-2).join('/'), waveOf(job)])
  const state = objects.find(({ metadata }) => metadata.name === 'mesh-ca-state')

  expect(jobs).toEqual([
    ['00-entry-gate/gate.yaml', 0],
    ['01-gateways/gate.yaml', 3],
    ['02-control-plane/gate.yaml', 5],
    ['02-control-plane/restart.yaml', 4],
    ['03-default/gate.yaml', 7],
    ['03-default/namespaces.yaml', 6],
    ['03-default/restart.yaml', 6],
    ['04-edge/gate.yaml', 9],
  ])
  expect(state === undefined ? null : waveOf(state)).toBe(1)
})

test('what a Job needs is applied with it or before it', () => {
  for (const job of objects.filter(({ kind }) => kind === 'Job')) {
    const account = job.spec?.template?.spec.serviceAccountName
    const needed = objects.filter(
      ({ kind, metadata }) => kind !== 'Job' && (metadata.name === account || metadata.name === job.metadata.name),
    )
    expect(needed.length).toBeGreaterThan(1)
    for (const object of needed) expect(waveOf(object), `${object.kind} ${object.metadata.name}`).toBeLessThanOrEqual(waveOf(job))
  }
})

test.each(Object.entries(argocdScenarios))('%s: every object has a sync wave and nothing of Flux, and every Job a deadline', (_, props) => {
  for (const object of objectsOf(renderCluster(props)).filter((one) => !isGenerator(one))) {
    expect(Number.isInteger(waveOf(object)), `${object.file} ${object.metadata.name}`).toBe(true)
    expect(JSON.stringify(object)).not.toContain('toolkit.fluxcd.io')
    if (object.kind === 'Job') expect(object.spec?.activeDeadlineSeconds).toBe(3600)
  }
})

test.each(Object.entries(scenarios))('%s, by Flux: nothing of Argo CD, and no deadline', (_, props) => {
  for (const object of objectsOf(renderCluster(props))) {
    expect(JSON.stringify(object)).not.toContain('argoproj.io')
    expect(object.spec?.activeDeadlineSeconds).toBeUndefined()
  }
})

test('a merged restart holds the selector and the annotation, is never pruned, and bears no label of reroot’s', () => {
  const found = objects.filter(({ kind }) => kind === 'Deployment')

  expect(found).toMatchObject([{ metadata: { name: 'gateway', namespace: 'edge' } }])
  expect(found[0] === undefined ? '' : options(found[0])).toBe('ServerSideApply=true,Validate=false,Prune=false,Delete=false')
  expect(found[0]?.metadata).not.toHaveProperty('labels')
  expect(found[0]?.spec).toEqual({
    selector: { matchLabels: { app: 'gateway' } },
    template: {
      metadata: { labels: { app: 'gateway' }, annotations: { 'reroot.dev/rotation': 'g2-promoted' } },
      spec: { containers: [] },
    },
  })
})

test('Flux merges the same object by its own words', () => {
  const [found] = objectsOf(renderCluster(clusterProps({ step: promoteMerged }))).filter(({ kind }) => kind === 'Deployment')

  expect(found?.metadata.annotations).toEqual({
    'kustomize.toolkit.fluxcd.io/ssa': 'Merge',
    'kustomize.toolkit.fluxcd.io/prune': 'disabled',
  })
})

test('what was merged in the step before is finished by the entry gate like what a Job restarts', () => {
  const entry = {
    state: 'g2-staged',
    id: 'g2-staged',
    waves: [
      {
        name: 'gateways',
        restarts: [{ workload: restart('Deployment/edge/gateway').workload, delivery: 'merge' as const }],
        namespaces: [],
      },
    ],
  }
  const rendered = objectsOf(renderCluster({ ...cluster, step: { ...promote, entry } }))
  const role = rendered.find(
    ({ kind, metadata }) => kind === 'Role' && metadata.name === 'mesh-ca-entry-gate' && metadata.namespace === 'edge',
  )

  expect(role?.rules?.flatMap(({ verbs }) => verbs)).toContain('patch')
})

test('the kustomization names the folders in the order in which they are applied, and none that is empty', () => {
  const resources = (props: Parameters<typeof renderCluster>[0]): unknown =>
    (parse(renderCluster(props).get('mesh-ca/clusters/prod/kustomization.yaml') ?? '') as { readonly resources: unknown }).resources

  expect(resources(cluster)).toEqual([
    'waves/00-entry-gate',
    'cacerts',
    'waves/01-gateways',
    'waves/02-control-plane',
    'waves/03-default',
    'waves/04-edge',
  ])
  expect(resources(clusterProps({ controller: argocd, step: null }))).toEqual(['cacerts'])
})

test('the Application deletes nothing when it goes, retries no single object, and names its cluster once', () => {
  const application = (destination: { readonly name: string } | { readonly server: string }): object =>
    parse(renderRegister(clusterProps({ controller: { ...argocd, destination } }))) as object

  expect(application({ name: 'prod' })).toMatchObject({
    metadata: { name: 'mesh-ca-prod', namespace: 'argocd' },
    spec: {
      project: 'platform',
      destination: { name: 'prod' },
      source: { repoURL: 'https://git.example/platform.git', targetRevision: 'main', path: 'mesh-ca/clusters/prod' },
    },
  })
  const text = JSON.stringify(application({ server: 'https://10.0.0.1' }))
  expect(text).toContain('"destination":{"server":"https://10.0.0.1"}')
  expect(text).not.toMatch(/finalizers|ApplyOutOfSyncOnly|Replace|Force/)
})
