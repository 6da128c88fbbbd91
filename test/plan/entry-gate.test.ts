import { expect, test } from 'vitest'
import { decide } from '../../src/rotation/index.ts'
import type { RestartList } from '../../src/rotation/index.ts'
import { pullRequest } from '../../src/plan/index.ts'
import { adopted, factsOf, listFor, makeConfig, meshOf, somebody, take, workloadOf } from '../support/mesh.ts'

const istiod = workloadOf('Deployment/istio-system/istiod', { role: 'control-plane' })
const cart = workloadOf('Deployment/shop/cart')
const orders = workloadOf('StatefulSet/shop/orders')
const gone = workloadOf('Deployment/shop/gone')

/** What `stage` froze: a gateway that is gone since, one that expires, a namespace that Git does not show. */
const staged: RestartList = {
  id: 'g2-staged',
  entry: null,
  namespaces: [],
  waves: [
    { name: 'control-plane', restarts: [restart(istiod, 'job')], namespaces: [] },
    { name: 'gateways', restarts: [restart(gone, 'job')], namespaces: [] },
    { name: 'default', restarts: [restart(orders, 'owner'), restart(gone, 'job'), restart(cart, 'job')], namespaces: ['legacy'] },
    { name: 'payments', restarts: [restart(cart, 'none')], namespaces: [] },
  ],
}

function restart({ id: workload }: typeof istiod, delivery: 'job' | 'owner' | 'none'): RestartList['waves'][number]['restarts'][number] {
  return { workload, delivery, drain: delivery === 'none' ? 'expire' : 'restart', file: null, at: null, why: '' }
}

function promoted(): { readonly list: RestartList; readonly text: string } {
  const facts = take(factsOf(), 'stage')
  const cluster = { ...(facts.clusters[0] ?? { record: adopted(), managed: 'own' as const }), restarts: staged }
  const decision = decide('promote', { ...facts, clusters: [cluster] }, somebody, null)
  const list = listFor(decision, cluster, [cart, istiod, orders])
  const move = decision.moves[0]
  if (move === undefined) throw new Error('promote moves the cluster')
  const story = {
    name: 'prod',
    move,
    record: cluster.record,
    restarts: list,
    istioNamespace: 'istio-system',
    controller: makeConfig().clusters[0]!.controller,
    managed: 'own' as const,
    secretOwner: null,
    outside: [],
    hasBarrier: false,
    multiRoot: false,
  }
  const set = { name: 'restarts', position: 1, of: 1, clusters: ['prod'], write: new Map(), remove: [] }
  const { body } = pullRequest(
    {
      decision,
      config: makeConfig(),
      directory: 'mesh-ca',
      mesh: meshOf(2),
      extraRoots: [],
      clusters: [story],
      findings: [],
      issued: false,
    },
    set,
    'mesh-ca/g2-promoted',
    null,
  )
  return { list, text: body }
}

test('holds what the step before restarts, in its order, without what is gone or expires', () => {
  expect(promoted().list.entry).toEqual({
    state: 'g2-staged',
    id: 'g2-staged',
    waves: [
      { name: 'control-plane', restarts: [{ workload: istiod.id, delivery: 'job' }], namespaces: [] },
      {
        name: 'default',
        restarts: [
          { workload: orders.id, delivery: 'owner' },
          { workload: cart.id, delivery: 'job' },
        ],
        namespaces: ['legacy'],
      },
    ],
  })
})

test('is told in the pull request: what it finishes, how much, and what it looks at', () => {
  expect(promoted().text).toContain(
    'It then finishes what is left of `g2-staged` (3 workloads and whatever is meshed in `legacy` in 2 waves), in its order, and lets go when all of it has rolled out and `istio-ca-root-cert` holds that state’s roots everywhere.',
  )
})
