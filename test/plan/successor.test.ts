import { describe, expect, test } from 'vitest'
import { freezeRestarts, preparedAfter, successor } from '../../src/plan/index.ts'
import { decide, rootBundleText } from '../../src/rotation/index.ts'
import type { DecisionFacts, Step } from '../../src/rotation/index.ts'
import { sha256 } from '../../src/base/index.ts'
import {
  discoveryOf,
  factsOf,
  intermediateOf,
  makeConfig,
  meshOf,
  merge,
  nobody,
  restartOf,
  rootOf,
  somebody,
  takeAll,
  workloadOf,
} from '../support/mesh.ts'

const at = (...steps: readonly Step[]): DecisionFacts => takeAll(factsOf(), steps)

test.each([
  [['stage'], ['g1 active', 'g2 prepared'], ['g1-steady', 'g2-staged', 'g2-promoted', 'g2-steady']],
  [
    ['stage', 'promote'],
    ['g1 prepared', 'g2 active'],
    ['g1-steady', 'g2-staged', 'g2-promoted', 'g2-steady'],
  ],
  [['stage', 'promote', 'retire'], ['g1 former', 'g2 active'], ['g2-promoted']],
  [
    ['stage', 'promote', 'retire', 'restore'],
    ['g1 former', 'g2 active'],
    ['g2-promoted', 'g2-steady'],
  ],
  [
    ['stage', 'promote', 'demote'],
    ['g1 active', 'g2 prepared'],
    ['g1-steady', 'g2-staged', 'g2-promoted', 'g2-steady'],
  ],
  [['stage', 'abandon'], ['g1 active', 'g2 former'], []],
  [['stage', 'replace'], ['g1 former', 'g2 former', 'g3 active'], []],
  [
    ['stage', 'promote', 'retire', 'stage'],
    ['g1 former', 'g2 active', 'g3 prepared'],
    ['g2-steady', 'g3-staged', 'g3-promoted', 'g3-steady'],
  ],
] as const)('after %j: whose keys are where, and what lies in prepared/', (steps, keys, prepared) => {
  const before = at(...steps.slice(0, -1))
  const decision = decide(steps.at(-1)!, before, somebody, null)
  const { record } = merge(before, decision).clusters[0]!

  expect(record.intermediates.map(({ generation, state }) => `${generation} ${state}`)).toEqual(keys)
  expect(preparedAfter(decision.moves[0]!, decision.step)).toEqual(prepared)
})

test('the transition is recorded with evidence and force, and the bundle is that of the phase with extra roots', () => {
  const facts = at('stage')
  const decision = decide('promote', facts, somebody, null)
  const { record } = facts.clusters[0]!
  const extra = [rootOf('g9').certificate]

  const next = successor(record, decision.moves[0]!, decision, meshOf(2), extra, null)

  expect(next.transitions.at(-1)).toEqual({
    id: 'g2-promoted',
    step: 'promote',
    from: 'g2-staged',
    evidence: { kind: 'person', detail: 'seen with istioctl' },
    forced: null,
  })
  expect(next.rootBundle).toBe(sha256(rootBundleText(meshOf(2), next.phase, extra, null)))
  expect(record.transitions).toHaveLength(1)
})

test('a move that is merged changes nothing', () => {
  const facts = at('stage')
  const decision = decide('stage', facts, nobody, null)

  expect(successor(facts.clusters[0]!.record, decision.moves[0]!, decision, facts.mesh, [], intermediateOf('g2'))).toBe(
    facts.clusters[0]!.record,
  )
})

test('a renewed intermediate takes the place of the one before', () => {
  const facts = factsOf()
  const decision = decide('renew', facts, nobody, null)

  const { intermediates } = successor(
    facts.clusters[0]!.record,
    decision.moves[0]!,
    decision,
    facts.mesh,
    [],
    intermediateOf('g1', 'fresh'),
  )

  expect(intermediates.map(({ generation, state }) => `${generation} ${state}`)).toEqual(['g1 former', 'g1 active'])
})

describe('the frozen list', () => {
  const istiod = workloadOf('Deployment/istio-system/istiod', { role: 'control-plane' })
  const cart = workloadOf('Deployment/shop/cart')
  const namespaces = [
    { name: 'shop', labels: {}, site: null, meshed: true },
    { name: 'plain', labels: {}, site: null, meshed: false },
    { name: 'bank', labels: {}, site: null, meshed: true },
  ]
  const freeze = (facts: DecisionFacts, step: Step, id: string) =>
    freezeRestarts({
      id,
      step,
      config: makeConfig('restarts: { namespaces: [legacy, shop] }\ngates: { shellImage: x }\n'),
      record: facts.clusters[0]!.record,
      before: facts.clusters[0]!.restarts,
      discovery: discoveryOf({ workloads: [istiod, cart], namespaces }),
      restarts: [restartOf(cart), restartOf(istiod)],
    })
  const gated = (step: Step, facts: DecisionFacts, testimony = nobody): DecisionFacts =>
    merge(facts, decide(step, facts, testimony, null), undefined, [istiod, cart])

  test('names every meshed and every listed namespace once, sorted, and nothing that only this run knows', () => {
    const list = freeze(factsOf(), 'stage', 'g2-staged')

    expect(list.namespaces).toEqual(['bank', 'legacy', 'shop'])
    expect(list.waves.map(({ name }) => name)).toEqual(['control-plane', 'default'])
    expect(Object.keys(list.waves[0]!.restarts[0]!)).toEqual(['workload', 'delivery', 'drain', 'file', 'at', 'why'])
    expect(list).toEqual(freeze(factsOf(), 'stage', 'g2-staged'))
  })

  test('after init, the entry gate waits for the state and its roots; a replace waits for nothing', () => {
    expect(freeze(factsOf(), 'stage', 'g2-staged').entry).toEqual({ state: 'g1-steady', id: null, waves: [] })
    expect(freeze(at('stage'), 'replace', 'g3-replaced').entry).toBeNull()
  })

  test.each([
    ['demote', 'g2-demoted', gated('promote', gated('stage', factsOf())), 'g2-promoted'],
    ['abandon', 'g2-abandoned', gated('stage', gated('abandon', gated('stage', factsOf()))), 'g3-staged'],
    ['restore', 'g2-restored', gated('retire', gated('promote', gated('stage', factsOf()))), 'g2-steady'],
  ] as const)(
    'a %s behind a step that only an entry gate vouches for must not overtake it: merged steps may be held in a row',
    (step, id, facts, state) => {
      expect(freeze(facts, step, id).entry).toEqual({ state, id: null, waves: [], roots: false })
    },
  )

  test('a way back behind a step that was seen to be complete waits for nothing', () => {
    expect(freeze(gated('promote', gated('stage', factsOf()), somebody), 'demote', 'g2-demoted').entry).toBeNull()
    expect(freeze(gated('stage', factsOf()), 'abandon', 'g2-abandoned').entry).toBeNull()
  })
})
