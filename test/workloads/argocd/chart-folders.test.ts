import { describe, expect, test } from 'vitest'
import type { Discovery } from '../../../src/workloads/index.ts'
import { app, application, discoverArgocd } from '../argocd-tree.ts'
import { namespace, yaml } from '../flux-tree.ts'
import type { Tree } from '../tree.ts'

const shop = namespace('shop', { 'istio-injection': 'enabled' })
const findingsOf = (discovery: Discovery, id: string): Discovery['findings'] => discovery.findings.filter((finding) => finding.id === id)

describe('charts of this repository', () => {
  const local = (files: Tree, into = 'plain'): Discovery =>
    discoverArgocd({
      [app]: yaml(application('a', { path: 'chart', destination: { name: 'prod', namespace: into } }), application('n', { path: 'n' })),
      'n/n.yaml': yaml(shop, namespace('plain'), namespace('istio-system')),
      'chart/Chart.yaml': 'name: own\nversion: 1.0.0\ndependencies:\n- {name: listed, version: 1.0.0, condition: listed.enabled}\n',
      'chart/values.yaml': 'listed: {enabled: false}\n',
      ...files,
    })
  const opaque = (files: Tree, into?: string): readonly string[] => local(files, into).opaque.map((one) => one.namespace)

  test('subcharts that Chart.yaml does not list are installed with it', () => {
    const istiod = { 'chart/charts/istiod/Chart.yaml': 'name: istiod\nversion: 1.30.3\n', 'chart/charts/istiod/templates/d.yaml': '' }

    expect(local(istiod, 'istio-system').istio.map(({ chart: name }) => name)).toEqual(['istiod'])
    expect(opaque({ 'chart/charts/redis-1.2.3.tgz': '' }, 'shop')).toEqual(['shop'])
    expect(opaque({ 'chart/charts/listed-1.0.0.tgz': '' }, 'shop')).toEqual([])
  })

  test('charts that depend on each other again and again are a finding', () => {
    const dependencies = Array.from(
      { length: 10 },
      (_, index) => `- {name: c${index}, version: 1.0.0, repository: "file://../chart"}\n`,
    ).join('')
    const discovery = local({ 'chart/Chart.yaml': `name: own\ndependencies:\n${dependencies}`, 'chart/templates/d.yaml': '' })

    expect(findingsOf(discovery, 'argocd/source')).toMatchObject([{ severity: 'error', place: { file: app, line: 14 }, found: 'more' }])
  })

  test('paths into values that no value is as deep as', () => {
    const path = 'a.'.repeat(300_000)
    const chart = { 'chart/Chart.yaml': `name: own\ndependencies:\n- {name: listed, condition: ${path}a}\n` }

    expect(opaque({ ...chart, 'chart/templates/t.yaml': `kind: Pod\n  namespace: {{ .Values.${path}a }}\n` }, 'shop')).toEqual([
      'shop',
      'shop',
    ])
  })

  test.each<[string, string, readonly string[]]>([
    ['a label that asks', 'kind: Deployment\nmetadata: {labels: {sidecar.istio.io/inject: "true"}}\n', ['plain']],
    ['a revision', 'kind: Deployment\nx: {istio.io/rev: canary}\n', ['plain']],
    ['a label that refuses', 'kind: Deployment\nx: {sidecar.istio.io/inject: "false"}\n', []],
    ['a namespace', 'kind: Deployment\nmetadata:\n  name: x\n  namespace: shop\n', ['shop']],
    ['a namespace of something else', 'kind: RoleBinding\nmetadata:\n  namespace: shop\n', []],
    ['a namespace in flow style', 'kind: StatefulSet\nmetadata: {name: x, namespace: shop}\n', ['shop']],
    ['a namespace in a list', 'kind: List\nitems:\n- kind: Deployment\n  metadata:\n    namespace: shop\n', ['shop']],
    ['a namespace in one of many lists', `${'kind: List\n'.repeat(100_000)}- kind: Pod\n  metadata: {namespace: shop}\n`, ['shop']],
    ['many lists of something else', `metadata: {namespace: shop}\n${'kind: List\n'.repeat(100_000)}`, []],
    ['a list behind a workload', '- kind: Pod\n  metadata: {namespace: shop}\nkind: List\n', []],
    ['many actions that nothing closes', `kind: Pod\n${'{namespace: {{ '.repeat(40_000)}`, []],
    ['the release’s namespace', 'kind: Deployment\nmetadata:\n  namespace: {{ .Release.Namespace }}\n', []],
    ['a namespace of values', 'kind: Deployment\nmetadata:\n  namespace: {{ .Values.deep.space | quote }}\n', ['shop']],
    ['a namespace by default', 'kind: Deployment\nmetadata:\n  namespace: {{ default "shop" .Values.none }}\n', ['shop']],
    ['a namespace by a helper', 'kind: Deployment\nmetadata:\n  namespace: {{ include "x.namespace" . }}\n', ['shop']],
  ])('their templates tell that pods are in the mesh: %s', (_, template, expected) => {
    const values = 'listed: {enabled: false}\nnamespaceOverride: shop\ndeep: {space: shop}\n'

    expect(opaque({ 'chart/templates/t.yaml': template, 'chart/values.yaml': values })).toEqual(expected)
  })
})
