import { expect, test } from 'vitest'
import type { CertificateLifetime } from '../../../src/workloads/index.ts'
import { app, application, chart, discoverArgocd, istioCharts, ownURL } from '../argocd-tree.ts'
import { yaml } from '../flux-tree.ts'
import type { Tree } from '../tree.ts'

const path = ['meshConfig', 'defaultConfig', 'proxyMetadata', 'SECRET_TTL'] as const
const values = (ttl: string, prefix = ''): string =>
  `${prefix}meshConfig:\n${prefix}  defaultConfig:\n${prefix}    proxyMetadata:\n${prefix}      SECRET_TTL: ${ttl}\n`
const only = (tree: Tree): CertificateLifetime | undefined => {
  const { certificateLifetimes } = discoverArgocd(tree)
  expect(certificateLifetimes).toHaveLength(1)
  return certificateLifetimes[0]
}

/** What Argo CD's own objects hold at the line. */
const lineIn = (tree: Tree, lifetime: CertificateLifetime | undefined): string =>
  (tree[lifetime?.place.file ?? ''] as string).split('\n')[(lifetime?.place.line ?? 0) - 1] ?? ''

test('in the Application’s valuesObject', () => {
  const valuesObject = { meshConfig: { defaultConfig: { proxyMetadata: { SECRET_TTL: '720h' } } } }
  const tree = { [app]: yaml(chart('istiod', 'istiod', { valuesObject })) }
  const lifetime = only(tree)

  expect(lifetime).toMatchObject({ hours: 720, found: `${path.join('.')}: 720h`, place: { object: 'Application argocd/istiod' } })
  expect(lineIn(tree, lifetime)).toContain('SECRET_TTL')
})

test('in the text of its values', () => {
  const text = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: istiod, namespace: argocd }
spec:
  project: default
  destination: { name: prod, namespace: istio-system }
  source:
    repoURL: ${istioCharts}
    chart: istiod
    targetRevision: 1.30.3
    helm:
      values: |
${values('720h', '        ')}`
  expect(only({ [app]: text })).toMatchObject({ hours: 720, place: { file: app, line: 16 } })
})

test('in its parameters, which count more', () => {
  const parameters = [
    { name: 'other', value: '1' },
    { name: path.join('.'), value: '720h' },
  ]
  const text = yaml(chart('istiod', 'istiod', { values: values('48h'), parameters }))
  const before = text.slice(0, text.indexOf(path.join('.'))).split('\n').length

  // The item begins a line above its name.
  expect(only({ [app]: text })).toMatchObject({ hours: 720, place: { file: app, line: before - 1 } })
})

test('in a file of values, the last that has it', () => {
  const sources = [
    { repoURL: ownURL, ref: 'values' },
    {
      repoURL: istioCharts,
      chart: 'istiod',
      targetRevision: '1.30.3',
      helm: { valueFiles: ['$values/istio/base.yaml', '$values/istio/prod.yaml', '$values/istio/more.yaml'] },
    },
  ]
  const tree = {
    [app]: yaml(application('istiod', { sources, destination: { name: 'prod', namespace: 'istio-system' } })),
    'istio/base.yaml': values('48h'),
    'istio/prod.yaml': `pilot: {}\n${values('720h')}`,
    'istio/more.yaml': 'global: {}\n',
  }

  expect(only(tree)).toMatchObject({ hours: 720, place: { file: 'istio/prod.yaml', line: 5 } })
})

test('in the values of a chart that depends on Istio’s', () => {
  const dependency = { name: 'istiod', version: '1.30.3', repository: istioCharts }
  const tree = {
    [app]: yaml(application('mesh', { path: 'charts/mesh', destination: { name: 'prod', namespace: 'istio-system' } })),
    'charts/mesh/Chart.yaml': yaml({ apiVersion: 'v2', name: 'mesh', version: '1.0.0', dependencies: [dependency] }),
    'charts/mesh/values.yaml': `istiod:\n${values('720h', '  ')}`,
  }

  expect(only(tree)).toMatchObject({ hours: 720, place: { file: 'charts/mesh/values.yaml', line: 5 } })
})

test('in the values of a copy of Istio’s chart', () => {
  const dependency = { name: 'istiod', version: '1.30.3', repository: '' }
  const tree = {
    [app]: yaml(application('mesh', { path: 'charts/mesh', destination: { name: 'prod', namespace: 'istio-system' } })),
    'charts/mesh/Chart.yaml': yaml({ apiVersion: 'v2', name: 'mesh', version: '1.0.0', dependencies: [dependency] }),
    'charts/mesh/charts/istiod/Chart.yaml': yaml({ apiVersion: 'v2', name: 'istiod', version: '1.30.3' }),
    'charts/mesh/charts/istiod/values.yaml': values('720h'),
    'charts/mesh/charts/istiod/templates/deployment.yaml': 'kind: {{ .Values.kind }}\n',
  }

  expect(only(tree)).toMatchObject({ hours: 720, place: { file: 'charts/mesh/charts/istiod/values.yaml', line: 4 } })
})
