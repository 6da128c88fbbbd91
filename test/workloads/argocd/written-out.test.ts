import { describe, expect, test } from 'vitest'
import { app, application, applicationSet, discoverArgocd, ownURL } from '../argocd-tree.ts'
import { idsOf, workload, yaml } from '../flux-tree.ts'

const web = { 'apps/w.yaml': yaml(workload('shop', 'web')) }
const hub = { name: 'in-cluster', namespace: 'argocd' }

describe('an ApplicationSet whose destination is written out', () => {
  const unknown = [{ scmProvider: {} }]
  const template = (destination: object): object => ({
    metadata: { name: '{{.x}}' },
    spec: { project: 'default', source: { repoURL: ownURL, path: '{{.path}}' }, destination },
  })
  const ids = (destination: object, spec: object = {}): readonly string[] =>
    idsOf(discoverArgocd({ [app]: yaml(applicationSet('s', unknown, template(destination), { goTemplate: true, ...spec })) }))

  test('is of no interest if it is another cluster', () => {
    const templatePatch = 'spec:\n  {{- if .auto }}\n  syncPolicy: {automated: {prune: {{ .prune }}}}\n  {{- end }}\n'

    expect(ids({ name: 'dev', namespace: 'shop' })).toEqual([])
    expect(ids({ name: 'dev', namespace: 'shop' }, { templatePatch })).toEqual([])
  })

  test.each<[string, object, object]>([
    ['this cluster', { name: 'prod', namespace: 'shop' }, {}],
    ['a template', { name: '{{.cluster}}' }, {}],
    ['a patch of the destination', { name: 'dev' }, { templatePatch: 'spec: {destination: {name: prod}}' }],
    ['a patch that may write anything', { name: 'dev' }, { templatePatch: 'spec:\n  {{ toYaml .spec | nindent 2 }}\n' }],
    ['Argo CD’s own namespace', { name: 'dev', namespace: 'argocd' }, {}],
  ])('is of interest otherwise: %s', (_, destination, spec) => {
    expect(ids(destination, spec).length).toBeGreaterThan(0)
  })

  test('is still read: its Applications may lead here', () => {
    const set = applicationSet('s', [{ list: { elements: [{ path: 'root' }] } }], template({ name: 'dev' }), { goTemplate: true })
    const tree = { [app]: yaml({ ...set }), 'root/a.yaml': yaml(application('child', { path: 'apps' })), ...web }

    expect(discoverArgocd({ ...tree, [app]: tree[app].replace('{{.x}}', 'x') }).controllers.map(({ name }) => name)).toEqual(['child'])
  })
})

describe('HEAD and the name of a branch', () => {
  const reading = (name: string, targetRevision: string | undefined, path = 'apps'): object =>
    application(name, { path, source: { targetRevision }, ...(path === 'argocd' ? { destination: hub } : {}) })
  const found = (...applications: readonly object[]): readonly unknown[] =>
    discoverArgocd({ [app]: yaml(...applications), 'apps/x.txt': '', 'mesh-ca/clusters/prod/kustomization.yaml': '' })
      .findings.filter(({ id }) => id === 'argocd/revision')
      .map(({ severity, place, found: what }) => [severity, place.object, what])

  test('beside each other may mean two branches', () => {
    expect(found(reading('a', 'main'), reading('b', 'HEAD'))).toEqual([['warning', 'Application argocd/b', 'HEAD']])
    expect(found(reading('root', undefined, 'argocd'), reading('a', 'main'), reading('b', 'HEAD'))).toEqual([
      ['warning', 'Application argocd/root', 'HEAD, and the same in 1 more places'],
    ])
  })

  test('beside each other in a set and its generator', () => {
    const template = {
      metadata: { name: 'a' },
      spec: { source: { repoURL: ownURL, path: 'apps', targetRevision: 'main' }, destination: { name: 'prod' } },
    }
    const directories = [{ path: 'apps' }]
    const set = (git: object): object =>
      applicationSet('s', [{ matrix: { generators: [{ git }, { list: { elements: [{}] } }] } }], template)

    expect(found(set({ repoURL: ownURL, directories }))).toEqual([['warning', 'ApplicationSet argocd/s', 'HEAD']])
    expect(found(set({ repoURL: ownURL, revision: 'main', directories }))).toEqual([])
  })

  test('alone are one branch; reroot’s own Application always names it', () => {
    expect(found(reading('a', 'HEAD'), reading('b', undefined))).toEqual([])
    expect(found(reading('a', 'main'), reading('b', 'refs/heads/main'))).toEqual([])
    expect(found(reading('a', 'HEAD'), reading('mesh-ca-prod', 'main', 'mesh-ca/clusters/prod'))).toEqual([])
  })
})
