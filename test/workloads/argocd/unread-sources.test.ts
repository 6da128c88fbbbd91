import { describe, expect, test } from 'vitest'
import { app, application, applicationSet, discoverArgocd, ownURL } from '../argocd-tree.ts'
import { idsOf, namespace, workload, yaml } from '../flux-tree.ts'
import type { Tree } from '../tree.ts'

const web = { 'apps/w.yaml': yaml(workload('shop', 'web')) }
const other = 'https://git.example/other.git'

describe('a source that cannot be read', () => {
  const foreign = (into: string): object =>
    application('a', {
      source: { repoURL: 'https://me:secret@git.example/other.git', path: 'x' },
      destination: { name: 'prod', namespace: into },
    })
  const tree = { [app]: yaml(foreign('pay')) }

  test('does not count where the namespace is known to be outside of the mesh', () => {
    const inGit = { [app]: yaml(foreign('pay'), application('n', { path: 'n' })), 'n/n.yaml': yaml(namespace('pay')) }

    expect(idsOf(discoverArgocd(inGit))).toEqual([])
    expect(idsOf(discoverArgocd(tree, {}, { namespaces: new Map([['pay', {}]]) }))).toEqual([])
    expect(idsOf(discoverArgocd(tree, {}, { namespaces: new Map([['pay', { 'istio.io/rev': 'x' }]]) }))).toContain(
      `error workloads/foreign-source ${app}:14`,
    )
  })

  test.each<[string, object, Tree]>([
    ['another repository', foreign('pay'), {}],
    [
      'a plugin',
      application('a', { path: 'x', source: { plugin: { name: 'p' } }, destination: { name: 'prod', namespace: 'pay' } }),
      { 'x/a': '' },
    ],
    ['Jsonnet', application('a', { path: 'x', destination: { name: 'prod', namespace: 'pay' } }), { 'x/a.jsonnet': '{}' }],
  ])('the remedy says all that it takes: %s', (_, one, more) => {
    const [finding] = discoverArgocd({ [app]: yaml(one), ...more }).findings

    expect(finding?.remedy).toMatch(/restarts\.namespaces: \[pay\], and accept this finding with a reason$/)
  })

  test('no password is shown', () => {
    const generator = { git: { repoURL: 'https://me:secret@git.example/third', directories: [{ path: '*' }] } }
    const set = applicationSet('s', [generator], { metadata: { name: 'x' }, spec: {} })
    const discovery = discoverArgocd({ ...tree, 'argocd/s.yaml': yaml(set) }, { repoURL: 'https://you:hidden@git.example/platform' })

    const based = discoverArgocd({
      [app]: yaml(application('a', { path: 'apps' })),
      'apps/kustomization.yaml': 'resources: ["git::https://me:secret@git.example/base?ref=v1"]\n',
    })

    expect([...discovery.findings, ...based.findings].map(({ found }) => found)).toEqual(
      expect.arrayContaining(['https://git.example/other.git', 'https://git.example/third', 'git::https://git.example/base?ref=v1']),
    )
    expect(JSON.stringify(based)).not.toContain('secret')
    expect(JSON.stringify(discovery.findings)).not.toMatch(/secret|hidden@/)
  })
})

describe('what hides Applications counts wherever it is applied', () => {
  const destination = { name: 'hub', namespace: 'argocd' }
  const git = { repoURL: ownURL, path: 'root' }
  const child = yaml(application('child', { path: 'apps' }))

  test.each<[string, object, Tree, string]>([
    ['another repository', { source: { repoURL: other, path: 'root' } }, {}, `error workloads/foreign-source ${app}:14`],
    ['a plugin', { source: { ...git, plugin: { name: 'x' } } }, { 'root/a.yaml': child }, `error argocd/source ${app}:17`],
    ['Jsonnet', { source: git }, { 'root/a.jsonnet': '{}' }, `error argocd/source ${app}:14`],
    [
      'a remote base',
      { source: git },
      { 'root/kustomization.yaml': 'resources: ["https://git.example/other//apps?ref=v1"]\n' },
      'error workloads/remote-resource root/kustomization.yaml:1',
    ],
    ['a tag', { source: { ...git, targetRevision: 'v1.0.0' } }, { 'root/a.yaml': child }, `warning argocd/revision ${app}:17`],
    [
      'argocd-apps below another chart',
      { source: git },
      { 'root/Chart.yaml': 'name: root\nversion: 1.0.0\ndependencies:\n- {name: argocd-apps, version: 2.0.0, repository: https://x}\n' },
      `error argocd/source ${app}:14`,
    ],
  ])('%s', (_, options, tree, expected) => {
    const discovery = discoverArgocd({ [app]: yaml(application('root', { destination, ...options })), ...web, ...tree })

    expect(idsOf(discovery)).toContain(expected)
  })

  test('also where Applications are seen beside it, into any namespace', () => {
    const sources = [git, { repoURL: other, path: 'more' }]
    const tree = { [app]: yaml(application('root', { sources, destination: { name: 'hub' } })), 'root/a.yaml': child, ...web }

    expect(idsOf(discoverArgocd(tree))).toContain(`error workloads/foreign-source ${app}:18`)
  })

  test('what goes elsewhere in another cluster, and Argo CD itself, does not count', () => {
    const argocd = { repoURL: 'https://github.com/argoproj/argo-cd.git', path: 'manifests/ha' }
    const tree = {
      [app]: yaml(
        application('shop', { source: { repoURL: other, path: 'x' }, destination: { name: 'dev', namespace: 'shop' } }),
        application('argocd', { source: argocd, destination }),
      ),
    }

    expect(idsOf(discoverArgocd(tree))).toEqual([])
  })
})
