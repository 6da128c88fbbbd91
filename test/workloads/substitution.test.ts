import { describe, expect, test } from 'vitest'
import { hasVariable } from '../../src/workloads/substitution.ts'
import { discoverProd, flux, helmRelease, idsOf, namespace, workload, workloadsOf, yaml } from './flux-tree.ts'

const app = 'clusters/prod/app.yaml'
const shop = namespace('shop', { 'istio-injection': 'enabled' })
const configMap = (name: string, data: object): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'flux-system' },
  data,
})
const from = (...names: readonly string[]): object => ({
  postBuild: { substituteFrom: names.map((name) => ({ kind: name.includes('secret') ? 'Secret' : 'ConfigMap', name })) },
})
const cart = yaml(workload('${NS:=default}', 'cart'))

test('a default does not count where a source outside of Git may set the variable', () => {
  const discovery = discoverProd({ [app]: yaml(flux('apps', './apps', from('cluster-secrets')), shop), 'apps/w.yaml': cart })

  expect(idsOf(discovery)).toEqual(['error workloads/variable apps/w.yaml:1'])
  expect(workloadsOf(discovery)).toEqual([])
})

test('a value from a source that is seen counts beside one that is not', () => {
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps', from('vars', 'cluster-secrets')), shop, configMap('vars', { NS: 'shop' })),
    'apps/w.yaml': cart,
  })

  expect(discovery.findings).toEqual([])
  expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/cart'])
})

test('a Kustomization waits for its ConfigMap, however many others lead to it', () => {
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps', from('vars')), flux('infra', './infra'), shop),
    'apps/w.yaml': cart,
    'infra/a.yaml': yaml(flux('infra-configs', './configs', from('first'))),
    'configs/a.yaml': yaml(configMap('vars', { NS: 'shop' })),
    'clusters/prod/z.yaml': yaml(flux('first', './first')),
    'first/a.yaml': yaml(flux('second', './second')),
    'second/a.yaml': yaml(configMap('first', {})),
  })

  expect(discovery.findings).toEqual([])
  expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/cart'])
})

// fluxcd/pkg/envsubst v1.7.0: toDefault in funcs.go, parseDefaultFunc in parse/parse.go
test.each([
  ['${INJ:=${DEFAULT_INJ}}', 'enabled'],
  ['${INJ:=${NO:=${DEFAULT_INJ}}}', 'enabled'],
  ['${INJ:-x${DEFAULT_INJ}y}', 'xenabledy'],
  ['${EMPTY=there}', 'there'],
  ['${EMPTY:=there}', 'there'],
  ['a$$b', 'a$b'],
  ['$${INJ}', '${INJ}'],
])('%s becomes %s', (written, expected) => {
  const postBuild = { substitute: { DEFAULT_INJ: 'enabled', EMPTY: '' } }
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps', { postBuild })),
    'apps/n.yaml': yaml(namespace('shop', { team: written })),
  })

  expect(discovery.namespaces.find(({ name }) => name === 'shop')?.labels).toEqual({ team: expected })
})

test('an operator that Flux does not know stays, and is a finding', () => {
  const postBuild = { substitute: { X: 'y' } }
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps', { postBuild }), shop),
    'apps/w.yaml': yaml(workload('${NS-shop}', 'cart')),
  })

  expect(idsOf(discovery)).toEqual(['error workloads/variable apps/w.yaml:1'])
})

test.each([
  [{ substitute: {} }, 0],
  [{ substitute: {}, substituteStrategy: 'Always' }, 1],
])('without any variable, defaults count only with the strategy Always: %j', (postBuild, count) => {
  const discovery = discoverProd({
    [app]: yaml(flux('apps', './apps', { postBuild }), shop),
    'apps/w.yaml': yaml(workload('${NS:=shop}', 'cart')),
  })

  expect(discovery.workloads).toHaveLength(count)
  expect(discovery.findings).toHaveLength(1 - count)
})

describe('a value that becomes a boolean is one, as Flux reads what it has substituted', () => {
  const of = (written: string) =>
    discoverProd({
      [app]: yaml(flux('apps', './apps', { postBuild: { substitute: { ON: 'true', OFF: 'false' } } }), namespace('plain')),
      'apps/w.yaml': yaml(workload('plain', 'cart')),
      'apps/istiod.yaml': yaml(
        helmRelease('istiod', 'istio-system', 'istiod', { values: { sidecarInjectorWebhook: { enableNamespacesByDefault: written } } }),
      ),
    })

  test('so the whole mesh is seen', () => {
    expect(workloadsOf(of('${ON}'))).toContain('sidecar Deployment/plain/cart')
  })

  test('one with quotes in it stays text, which Helm takes for true', () => {
    expect(workloadsOf(of('${OFF}'))).not.toContain('sidecar Deployment/plain/cart')
    expect(workloadsOf(of('"${OFF}"'))).toContain('sidecar Deployment/plain/cart')
  })

  test('names and labels stay text', () => {
    const discovery = discoverProd({
      [app]: yaml(flux('apps', './apps', { postBuild: { substitute: { ON: 'true' } } }), namespace('plain')),
      'apps/w.yaml': yaml(workload('plain', '${ON}', { labels: { 'sidecar.istio.io/inject': '${ON}' } })),
    })

    expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/plain/true'])
  })
})

describe('what nobody writes takes neither time nor memory', () => {
  const vars = (values: object): object => configMap('vars', values)
  const of = (label: string, values: object = { X: 'y' }) =>
    discoverProd({
      [app]: yaml(flux('apps', './apps', from('vars')), shop, vars(values)),
      'apps/n.yaml': yaml(namespace('other', { team: label })),
    })
  const teamOf = (label: string): unknown => of(label).namespaces.find(({ name }) => name === 'other')?.labels?.['team']

  test('thousands of braces that never close', () => {
    const open = '${'.repeat(200_000)

    expect(teamOf(open)).toBe(open)
    expect(teamOf(`${open}X}`)).toBe(`${'${'.repeat(199_999)}y`)
  })

  test('thousands of defaults in defaults stay, and one that people may write is read', () => {
    const deep = (count: number): string => `${'${A:='.repeat(count)}a${'}'.repeat(count)}`

    expect(teamOf(deep(20))).toBe('a')
    expect(teamOf(deep(5000))).toBe(deep(5000 - 32))
  })

  test('a name with braces that never close is no variable', () => {
    expect([hasVariable('${'.repeat(200_000)), hasVariable(`}${'${'.repeat(200_000)}}`), hasVariable('a}${')]).toEqual([false, true, false])
  })

  test('a long value in many places is an error', () => {
    const discovery = of('${LONG}'.repeat(600), { LONG: 'x'.repeat(1 << 20) })

    expect(idsOf(discovery)).toEqual(['error workloads/variable apps/n.yaml:1'])
    expect(discovery.namespaces.map(({ name }) => name)).toContain('other')
  })
})
