import { describe, expect, test } from 'vitest'
import { discoverProd, flux, idsOf, namespace, workload, workloadsOf, yaml } from './flux-tree.ts'

const app = 'clusters/prod/app.yaml'
const meshed = namespace('shop', { 'istio-injection': 'enabled' })
const vars = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'vars', namespace: 'flux-system' }, data: { TEAM: 'blue' } }
const needs = (name: string): object => ({ postBuild: { substituteFrom: [{ kind: 'ConfigMap', name, optional: true }] } })
const cart = { 'apps/w.yaml': yaml(meshed, workload('shop', '${TEAM:=red}-cart')) }

describe('variables of a ConfigMap are found', () => {
  test.each([
    [
      'two Kustomizations further down',
      {
        [app]: yaml(flux('apps', './apps', needs('vars')), flux('infra', './infra')),
        'infra/k.yaml': yaml(flux('infra-configs', './configs')),
        'configs/vars.yaml': yaml(vars),
      },
    ],
    [
      'below one that waits for variables itself',
      {
        [app]: yaml(flux('apps', './apps', needs('vars')), flux('infra', './infra', needs('more')), flux('base', './base')),
        'base/k.yaml': yaml(flux('more', './more')),
        'more/vars.yaml': yaml({ ...vars, metadata: { name: 'more', namespace: 'flux-system' }, data: { NAME: 'vars' } }),
        'infra/k.yaml': yaml({ ...vars, metadata: { name: '${NAME}', namespace: 'flux-system' } }),
      },
    ],
    [
      'below one that waits for what nobody makes, if the other depends on it',
      {
        [app]: yaml(
          flux('apps', './apps', { ...needs('vars'), dependsOn: [{ name: 'infra' }] }),
          flux('infra', './infra', needs('outside-of-git')),
        ),
        'infra/vars.yaml': yaml(vars),
      },
    ],
  ])('%s', (_, tree) => {
    const discovery = discoverProd({ ...cart, ...tree })

    expect(discovery.findings).toEqual([])
    expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/blue-cart'])
  })
})

test('without the ConfigMap nobody knows whether the default counts', () => {
  const discovery = discoverProd({ ...cart, [app]: yaml(flux('apps', './apps', needs('vars'))) })

  expect(workloadsOf(discovery)).toEqual([])
  expect(idsOf(discovery)).toEqual([expect.stringContaining('error workloads/variable')])
})

describe('paths whose Kustomizations Git does not show', () => {
  const two = { paths: ['clusters/one', 'clusters/two'] }
  const other = 'clusters/two/app.yaml'

  test('are read each', () => {
    const discovery = discoverProd(
      { 'clusters/one/app.yaml': yaml(meshed, workload('shop', 'cart')), [other]: yaml(workload('shop', 'web')) },
      two,
    )

    expect(idsOf(discovery)).toEqual(['info flux/no-kustomization clusters/one:-', 'info flux/no-kustomization clusters/two:-'])
    expect(discovery.controllers.map(({ id }) => id)).toEqual([
      'flux-system/flux-system (clusters/one)',
      'flux-system/flux-system (clusters/two)',
    ])
    expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/cart', 'sidecar Deployment/shop/web'])
  })

  test('are not assumed if another path leads to them', () => {
    const discovery = discoverProd(
      { 'clusters/one/app.yaml': yaml(meshed, flux('two', './clusters/two')), [other]: yaml(workload('shop', 'web')) },
      { paths: two.paths.toReversed() },
    )

    expect(idsOf(discovery)).toEqual(['info flux/no-kustomization clusters/one:-'])
    expect(discovery.workloads).toMatchObject([{ id: { name: 'web' }, owner: { controller: 'flux-system/two' } }])
  })
})

test('thousands of Kustomizations that lack a Secret, and one that makes what the last one needs', () => {
  const lacking = Array.from(
    { length: 2000 },
    (_, index) => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: app-${index}
  namespace: flux-system
spec:
  path: ./apps
  sourceRef:
    kind: GitRepository
    name: flux-system
  dependsOn:
  - name: app-${index + 1}
  postBuild:
    substituteFrom:
    - kind: ConfigMap
      name: vars-of-${index}
    - kind: Secret
      name: elsewhere
`,
  )
  const discovery = discoverProd({
    [app]: yaml(flux('infra', './infra'), flux('wait', './cart', needs('vars'))),
    'clusters/prod/many.yaml': lacking.join('---\n'),
    'apps/nothing.txt': '',
    'infra/vars.yaml': yaml(vars, meshed),
    'cart/w.yaml': cart['apps/w.yaml'],
  })

  expect(discovery.controllers).toHaveLength(2003)
  expect(workloadsOf(discovery)).toEqual(['sidecar Deployment/shop/blue-cart'])
})
