import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { renderCluster, renderRegister } from '../../charts/index.ts'
import { argocd, argocdScenarios, clusterProps, promote, promoteMerged, restart, scenarios } from './cluster-props.ts'
import { objectsOf, stubsIn } from './objects.ts'
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
    ['01-control-plane/gate.yaml', 4],
    ['01-control-plane/restart.yaml', 3],
    ['02-gateways/gate.yaml', 6],
    ['03-default/gate.yaml', 8],
    ['03-default/namespaces.yaml', 7],
    ['03-default/restart.yaml', 7],
    ['04-edge/gate.yaml', 10],
  ])
  expect(state === undefined ? null : waveOf(state)).toBe(2)
  expect(state === undefined ? null : options(state)).toBe('Prune=false,Delete=false')
})

// Where argocd-cm restores the health of Applications, an app of apps waits for each wave of them but the last.
test('its own Application comes behind those of people, so that nothing of theirs waits for a step', () => {
  const [application] = objectsOf(new Map([['mesh-ca-prod.yaml', renderRegister(cluster)]]))

  expect(application === undefined ? null : waveOf(application)).toBe(10_000)
})

// Argo CD does not wait for what is in its last wave.
test('behind the last gate comes a ConfigMap that says which step is through, so that the sync waits for that gate', () => {
  const last = Math.max(...objects.map(waveOf))

  expect(objects.filter((object) => waveOf(object) === last)).toMatchObject([
    { kind: 'ConfigMap', metadata: { name: 'mesh-ca-complete', namespace: 'istio-system' }, data: { id: 'g2-promoted' } },
  ])
  expect(last).toBe(11)
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

test('a merged restart is the annotation alone, is never pruned, leaves nothing out of sync, and bears no label of reroot’s', () => {
  const found = objects.filter(({ kind }) => kind === 'Deployment')

  expect(found).toMatchObject([{ metadata: { name: 'gateway', namespace: 'edge' } }])
  expect(found[0]?.metadata).not.toHaveProperty('labels')
  expect(found[0]?.metadata.annotations).toEqual({
    'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
    'argocd.argoproj.io/sync-options': 'ServerSideApply=true,Prune=false,Delete=false',
    'argocd.argoproj.io/sync-wave': '5',
  })
  expect(found[0]?.spec).toEqual({ template: { metadata: { annotations: { 'reroot.dev/rotation': 'g2-promoted' } } } })
})

test('Flux merges the same object by its own words, with the selector', () => {
  const [found] = objectsOf(renderCluster(clusterProps({ step: promoteMerged }))).filter(({ kind }) => kind === 'Deployment')

  expect(found?.metadata.annotations).toEqual({
    'kustomize.toolkit.fluxcd.io/ssa': 'Merge',
    'kustomize.toolkit.fluxcd.io/prune': 'disabled',
  })
  expect(found?.spec).toEqual({
    selector: { matchLabels: { app: 'gateway' } },
    template: { metadata: { annotations: { 'reroot.dev/rotation': 'g2-promoted' } } },
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
  const job = rendered.find(({ kind, file }) => kind === 'Job' && file.endsWith('/00-entry-gate/gate.yaml'))
  if (job === undefined) throw new Error('there is an entry gate')
  for (const file of ['restart', 'restarted', 'rolled-out'])
    expect(stubsIn(rendered, job, `g2-staged/01-gateways/${file}.yaml`)).toEqual(['Deployment/edge/gateway'])
  expect(rendered.filter(({ kind }) => kind === 'Deployment')).toEqual([])
})

test('the kustomization names the folders in the order in which they are applied, and none that is empty', () => {
  const resources = (props: Parameters<typeof renderCluster>[0]): unknown =>
    (parse(renderCluster(props).get('mesh-ca/clusters/prod/kustomization.yaml') ?? '') as { readonly resources: unknown }).resources

  expect(resources(cluster)).toEqual([
    'waves/00-entry-gate',
    'cacerts',
    'waves/01-control-plane',
    'waves/02-gateways',
    'waves/03-default',
    'waves/04-edge',
    'complete.yaml',
  ])
  expect(resources(clusterProps({ controller: argocd, step: null }))).toEqual(['cacerts'])
  const [controlPlane] = promote.waves
  if (controlPlane === undefined) throw new Error('there is a control plane')
  const replace = {
    ...promote,
    entry: null,
    waves: [controlPlane, { name: 'expires', restarts: [restart('Deployment/a/b', 'none')], namespaces: [] }],
  }
  expect(resources(clusterProps({ controller: argocd, step: replace }))).toEqual(['cacerts', 'waves/01-control-plane', 'complete.yaml'])
})

test('the Application deletes nothing when it goes, applies no object out of its order, and names its cluster once', () => {
  const application = (destination: { readonly name: string } | { readonly server: string }): object =>
    parse(renderRegister(clusterProps({ controller: { ...argocd, destination } }))) as object

  expect(application({ name: 'prod' })).toMatchObject({
    metadata: { name: 'mesh-ca-prod', namespace: 'argocd' },
    spec: {
      project: 'platform',
      destination: { name: 'prod' },
      source: { repoURL: 'https://git.example/platform.git', targetRevision: 'main', path: 'mesh-ca/clusters/prod' },
      syncPolicy: { automated: { prune: true, selfHeal: false, allowEmpty: true }, syncOptions: ['ServerSideApply=true'] },
    },
  })
  expect(application({ name: 'prod' })).not.toHaveProperty('spec.destination.server')
  const text = JSON.stringify(application({ server: 'https://10.0.0.1' }))
  expect(text).toContain('"destination":{"server":"https://10.0.0.1"}')
  expect(text).not.toMatch(/finalizers|ApplyOutOfSyncOnly|Replace|Force/)
})
