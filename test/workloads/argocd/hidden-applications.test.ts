import { expect, test } from 'vitest'
import { isAcceptable } from '../../../src/mesh/index.ts'
import { app, application, discoverArgocd, ownURL } from '../argocd-tree.ts'
import { idsOf, namespace, workload, yaml } from '../flux-tree.ts'
import { filesOf } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { holdsApplications } from '../../../src/workloads/argocd/leads.ts'
import { makeReading } from '../../../src/workloads/argocd/content.ts'
import type { Definition } from '../../../src/workloads/argocd/definition.ts'
import { withHandApplied } from '../../../src/workloads/argocd/hand-applied.ts'
import { filesReached } from '../../../src/workloads/argocd/kustomize-source.ts'
import { ownRepository } from '../../../src/workloads/argocd/repository-url.ts'
import { readManifests } from '../../../src/workloads/manifest.ts'
import { makeReport } from '../../../src/workloads/report.ts'
import { readWholeTree } from '../../../src/workloads/source-tree.ts'

const hub = { name: 'hub', namespace: 'argocd' }
const git = { repoURL: ownURL, path: 'root' }
const root = (source: object, destination: object = hub): Tree => ({
  [app]: yaml(application('root', { source, destination })),
  'apps/w.yaml': yaml(namespace('shop', { 'istio-injection': 'enabled' }), workload('shop', 'web')),
})
const child = { 'root/a.yaml': yaml(application('child', { path: 'apps' })) }
const argocdChart = (values: object): object => ({
  repoURL: 'https://argoproj.github.io/argo-helm',
  chart: 'argo-cd',
  targetRevision: '9.0.0',
  helm: values,
})
const hidden = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'x' } }
const helm = { 'root/Chart.yaml': 'name: root\nversion: 1.0.0\n' }

test.each<[string, Tree, string]>([
  [
    'a manifest that is no YAML',
    { ...root(git), 'root/a.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: [\n' },
    'error yaml/syntax root/a.yaml:4',
  ],
  [
    'a kustomization that is no YAML, into no namespace',
    { ...root(git, { name: 'hub' }), ...child, 'root/kustomization.yaml': 'resources: [\n' },
    'error yaml/syntax root/kustomization.yaml:2',
  ],
  [
    'a build that fails',
    { ...root(git), ...child, 'root/kustomization.yaml': 'resources: [a.yaml, b.yaml]\n' },
    'error workloads/missing-file root/kustomization.yaml:1',
  ],
  [
    'a build that cannot be followed',
    { ...root(git), ...child, 'root/kustomization.yaml': 'resources: [a.yaml]\nhelmCharts: [{name: argocd-apps, repo: https://x}]\n' },
    'error workloads/kustomization-unread root/kustomization.yaml:2',
  ],
  ['a folder that does not exist', root(git), `error argocd/path-missing ${app}:16`],
  ['a chart that does not exist', { ...root({ ...git, helm: { releaseName: 'x' } }), ...child }, `error argocd/application ${app}:17`],
  ['values of a chart', root(argocdChart({ valuesObject: { extraObjects: [hidden] } })), `error argocd/source ${app}:14`],
  [
    'values of a chart, as text in text',
    root(argocdChart({ values: `extraDeploy:\n- |\n  apiVersion: argoproj.io/v1alpha1\n  kind: ApplicationSet\n` })),
    `error argocd/source ${app}:14`,
  ],
  ['an archive of argocd-apps', { ...root(git), ...helm, 'root/charts/argocd-apps-2.0.0.tgz': '' }, `error argocd/source ${app}:14`],
  [
    'a template that makes the kind',
    { ...root(git), ...helm, 'root/templates/a.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: {{ .Values.kind }}\n' },
    `error argocd/source ${app}:14`,
  ],
  [
    'a template that another includes',
    {
      ...root(git),
      ...helm,
      'root/templates/a.yaml': '{{ include "app" . }}\n',
      'root/templates/_app.tpl': '{{ define "app" }}\napiVersion: argoproj.io/v1alpha1\nkind: Application\n{{ end }}\n',
    },
    `error argocd/source ${app}:14`,
  ],
  [
    'a source into another namespace of Argo CD’s cluster where Applications are',
    {
      ...root({ repoURL: 'https://git.example/other', path: 'x' }, { name: 'in-cluster', namespace: 'team' }),
      'argocd/team.yaml': yaml(application('a', { path: 'apps', metadata: { namespace: 'team' } })),
    },
    `error workloads/foreign-source ${app}:14`,
  ],
])('what hides Applications counts on any cluster: %s', (_, tree, expected) => {
  expect(idsOf(discoverArgocd(tree))).toContain(expected)
})

test.each<[string, Tree]>([
  [
    'a chart with other objects of Argo’s',
    { ...root(git), ...helm, 'root/templates/r.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n' },
  ],
  ['values that only name it', root(argocdChart({ valuesObject: { resourceCustomizations: { 'argoproj.io/Application': 'x' } } }))],
  [
    'patches over Argo CD’s own manifests',
    {
      ...root(git),
      'root/kustomization.yaml':
        'resources: ["github.com/argoproj/argo-cd/manifests/ha?ref=v3.5.1"]\npatches:\n- target: {kind: Deployment, name: argocd-server}\n  patch: "[]"\n- patch: "{apiVersion: v1, kind: ConfigMap, metadata: {name: argocd-cm}}"\n',
    },
  ],
  [
    'Argo CD’s own chart by kustomize',
    { ...root(git), 'root/kustomization.yaml': 'helmCharts: [{name: argo-cd, repo: https://argoproj.github.io/argo-helm}]\n' },
  ],
  [
    'a build that fails in another cluster, with no Applications in it',
    {
      ...root({ ...git }, { name: 'dev', namespace: 'shop' }),
      'root/kustomization.yaml': 'resources: [b.yaml]\n',
    },
  ],
])('no false alarm: %s', (_, tree) => {
  expect(idsOf(discoverArgocd(tree))).toEqual([])
})

test('a remedy that sends people to restarts.namespaces or to accept names what works', () => {
  const sources: readonly Tree[] = [
    root({ repoURL: 'https://git.example/other', path: 'x' }, { name: 'prod', namespace: 'shop' }),
    {
      ...root(git, { name: 'prod', namespace: 'shop' }),
      'root/kustomization.yaml': 'resources: ["https://git.example/other//x?ref=v1"]\n',
    },
    { ...root(git, { name: 'prod', namespace: 'shop' }), 'root/kustomization.yaml': 'helmCharts: [{name: x, repo: https://x}]\n' },
    { ...root(git, { name: 'prod', namespace: 'shop' }), 'root/a.jsonnet': '{}' },
    root({ ...git, chart: 'argocd-apps', path: undefined }),
    root({ repoURL: 'https://git.example/other', path: 'x' }),
  ]

  const errors = sources.flatMap((tree) => discoverArgocd(tree).findings.filter(({ severity }) => severity === 'error'))

  expect(errors).toHaveLength(sources.length)
  for (const { id, remedy } of errors) {
    expect(remedy).toMatch(/accept this finding/)
    expect(isAcceptable(id), id).toBe(true)
  }
})

test.each<[string, string, boolean]>([
  ['below empty lines', '\n \n\r\n- - apiVersion: argoproj.io/v1alpha1\n\t- "kind": Application\n', true],
  ['with empty lines between', `apiVersion: argoproj.io/v1${'\n'.repeat(500_000)}kind: ApplicationSet`, true],
  ['not at a line’s beginning', 'apiVersion: argoproj.io/v1\nx kind: Application\n', false],
  ['nothing but empty lines', `argoproj.io/${'\n'.repeat(500_000)}`, false],
  ['nothing but empty lines and dashes', `argoproj.io/${'-\n \n'.repeat(200_000)}`, false],
])('a text of a chart’s values: %s', (_, text, expected) => {
  expect(holdsApplications(text)).toBe(expected)
})

test('bases that stand on each other by the thousand', () => {
  const folders = Array.from({ length: 4000 }, (_, index) => `f${index}`)
  const tree = Object.fromEntries(
    folders.map((folder, index) => [`${folder}/kustomization.yaml`, `resources: [../f${index + 1}, ../f${index + 2}, x.yaml]\n`]),
  )
  const manifests = readManifests(readWholeTree(filesOf({ ...tree, 'f3999/x.yaml': '' })), makeReport(), 'Argo CD')
  const reading = makeReading(manifests, ownRepository(ownURL, null), 'argocd')
  const none: readonly Definition[] = []

  expect([...filesReached(manifests, 'f3997')]).toEqual(
    ['f3997', 'f3998', 'f3999'].map((name) => `${name}/kustomization.yaml`).concat('f3999/x.yaml'),
  )
  expect(filesReached(manifests, 'f0').size).toBe(4001)
  expect(withHandApplied(reading, { paths: [''], ignore: '', namespace: 'argocd' }, none, [], makeReport())).toBe(none)
})
