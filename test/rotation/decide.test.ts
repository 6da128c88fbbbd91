import { describe, expect, test } from 'vitest'
import { decide, hasBarrier, mustHaveBegun, unfinishedStep } from '../../src/rotation/index.ts'
import type { DecisionFacts, Step, StepFacts, Testimony } from '../../src/rotation/index.ts'
import type { RerootError } from '../../src/base/index.ts'
import { factsOf, intermediateOf, meshOf, merge, nobody, now, somebody, take, takeAll, thrown, workloadOf } from '../support/mesh.ts'

const at = (...steps: readonly Step[]): DecisionFacts => takeAll(factsOf(), steps)
const many = (...steps: readonly Step[]): DecisionFacts => takeAll(factsOf(['eu', 'us']), steps)
const cart = workloadOf('Deployment/shop/cart')

/** A step decided on, and merged with a list of these workloads. */
function staged(edit: (cluster: StepFacts) => StepFacts = (cluster) => cluster, names = ['prod']): DecisionFacts {
  const facts = factsOf(names)
  const merged = merge(facts, decide('stage', facts, nobody, null), undefined, [
    workloadOf('Deployment/istio-system/istiod', { role: 'control-plane' }),
    cart,
  ])
  return { ...merged, clusters: merged.clusters.map(edit) }
}

describe('refused', () => {
  test.each([
    ['promote', [], 'promote is not possible: prod is steady: g1 signs, g1 is trusted', '`stage`'],
    ['retire', ['stage'], 'retire is not possible: prod is staged: g1 signs, g1 and g2 are trusted', '`promote`, or `rollback` to abandon'],
    [
      'stage',
      ['stage', 'promote'],
      'stage is not possible: prod is promoted: g2 signs, g1 and g2 are trusted',
      '`retire`, or `rollback` to demote',
    ],
    ['restore', [], 'restore is not possible: prod is steady', '`stage`'],
    ['restore', ['stage', 'abandon'], 'restore is not possible: prod is steady', '`stage`'],
    ['restore', ['replace'], 'restore is not possible: prod is steady', '`stage`'],
    ['demote', ['stage'], 'demote is not possible: prod is staged', '`promote`'],
    ['abandon', ['stage', 'promote'], 'abandon is not possible: prod is promoted', '`retire`'],
  ] as const)('%s after %j', (step, before, message, hint) => {
    const error = thrown(() => decide(step, at(...before), somebody, 'at once'))

    expect(error).toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining(message) as unknown,
      hint: expect.stringContaining(hint) as unknown,
    })
  })

  test('demote after restore: the key of the retired root is gone, and workloads may not trust it yet', () => {
    expect(thrown(() => decide('demote', at('stage', 'promote', 'retire', 'restore'), somebody, 'at once'))).toMatchObject({
      code: 'REFUSED',
      message: 'demote is not possible: no sealed state of prod holds a key of g1 any more',
      hint: 'g2-restored brought back the root of g1, but not its key, which `retire` removed: go on with `reroot retire`',
    })
  })

  test('restore of a root that has expired', () => {
    const facts = at('stage', 'promote', 'retire')
    const { notAfter } = facts.mesh.generations[0]!.certificate

    expect(thrown(() => decide('restore', { ...facts, now: notAfter }, somebody, 'at once'))).toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(/^restore is not possible: the root g1 expired at \d{4}-/) as unknown,
    })
    expect(decide('restore', { ...facts, now: new Date(notAfter.getTime() - 1) }, somebody, null).id).toBe('g2-restored')
  })

  test('promote to an intermediate that is not valid yet: one of two clocks is wrong', () => {
    const facts = staged()
    const { notBefore } = facts.clusters[0]!.record.intermediates.find((one) => one.generation === 'g2')!.certificate
    const early = { ...facts, now: new Date(notBefore.getTime() - 1000) }

    expect(thrown(() => decide('promote', early, somebody, 'at once'))).toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(
        /^promote is not possible: the intermediate of prod under g2 is valid only from .*Z, and this machine's clock says .*Z$/,
      ) as unknown,
      hint: expect.stringContaining('set the clock of this machine right') as unknown,
    })
    expect(decide('abandon', early, nobody, null)).toMatchObject({ id: 'g2-abandoned' })
  })

  test('promote to an intermediate that has expired', () => {
    const { notAfter } = intermediateOf('g2')

    expect(thrown(() => decide('promote', { ...at('stage'), now: notAfter }, somebody, 'at once'))).toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('the intermediate of prod under g2 expired at') as unknown,
      hint: expect.stringContaining('`reroot rollback` gives up g2') as unknown,
    })
  })

  test('any next step while the clusters stand apart, with a table of where each is', () => {
    const facts = many('stage')
    const half = merge(facts, decide('promote', facts, somebody, null), ['eu'])

    for (const step of ['stage', 'retire', 'abandon', 'restore'] as const) {
      expect(
        thrown(() => decide(step, half, somebody, 'at once')),
        step,
      ).toMatchObject({
        code: 'REFUSED',
        message: 'the clusters of the mesh stand apart: eu is in g2-promoted, us is in g2-staged',
      })
    }
  })

  test('a step whose step before has no evidence, with everything that is lacking, in every cluster', () => {
    const facts = staged((cluster) => cluster, ['eu', 'us'])

    expect(thrown(() => decide('promote', facts, nobody, null))).toMatchObject({
      code: 'REFUSED',
      message: [
        'promote needs evidence that g2-staged is complete:',
        '  - eu: the mesh has other clusters, and an entry gate speaks only for its own',
        '  - us: the mesh has other clusters, and an entry gate speaks only for its own',
      ].join('\n'),
      hint: expect.stringMatching(/--confirmed[^]*--gate-passed[^]*counts after 24 h[^]*--force --reason/) as unknown,
    })
  })

  test.each([
    [
      'the Secret is in place',
      (cluster: StepFacts): StepFacts => ({ ...cluster, managed: 'in-place' }),
      'another owner delivers the Secret, so that no entry gate can hold it',
    ],
    [
      'the list is not merged',
      (cluster: StepFacts): StepFacts => ({ ...cluster, restarts: null }),
      'the restarts of g2-staged are not on the branch: merge the rest of its pull requests first',
    ],
    [
      'the list is that of another step',
      (cluster: StepFacts): StepFacts => ({ ...cluster, restarts: { ...cluster.restarts!, id: 'g1-restart' } }),
      'the restarts of g2-staged are not on the branch',
    ],
    ['a workload expires', withCart({ delivery: 'none', drain: 'expire' }), 'Deployment/shop/cart is not restarted: only time drains it'],
    ['an owner restarts', withCart({ delivery: 'owner' }), 'Deployment/shop/cart is restarted by its owner, which no entry gate orders'],
  ] as const)('entry-gate evidence where %s', (_, edit, lack) => {
    expect(thrown(() => decide('promote', staged(edit), nobody, null))).toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining(`  - prod: ${lack}`) as unknown,
    })
  })

  test('a word, or time, for restarts that were never merged', () => {
    const early = staged((cluster) => ({ ...cluster, restarts: null }))
    const lack = { code: 'REFUSED', message: expect.stringContaining('the restarts of g2-staged are not on the branch') as unknown }

    expect(thrown(() => decide('promote', early, somebody, null))).toMatchObject(lack)
    expect(thrown(() => decide('promote', early, { confirmed: null, gatePassed: new Map([['prod', new Date(0)]]) }, null))).toMatchObject(
      lack,
    )
  })

  test.each([
    ['an hour too early', 23, 'only 23 h of 24 h have passed since the control plane’s gate of g2-staged'],
    ['a time in the future', -5, 'only 0 h of 24 h have passed'],
    ['no time at all', Number.NaN, 'of 24 h have passed'],
  ])('elapsed evidence with %s', (_, hours, lack) => {
    const passed: Testimony = { confirmed: null, gatePassed: new Map([['prod', new Date(now.getTime() - hours * 3_600_000)]]) }

    expect(thrown(() => decide('promote', staged(), passed, null))).toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining(lack) as unknown,
    })
  })

  test('elapsed evidence, where no time renews what nobody restarts', () => {
    const passed: Testimony = { confirmed: null, gatePassed: new Map([['prod', new Date(now.getTime() - 25 * 3_600_000)]]) }
    const doubted = staged((cluster) => ({ ...cluster, doubts: ['a machine'], undrained: ['a machine'] }))

    expect(
      decide(
        'promote',
        staged((cluster) => ({ ...cluster, doubts: ['a pod'] })),
        passed,
        null,
      ).moves,
    ).toMatchObject([{ evidence: { kind: 'elapsed' } }])
    expect(thrown(() => decide('promote', doubted, passed, null))).toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('a machine, which no step restarts and no time renews') as unknown,
    })
    expect(decide('promote', doubted, somebody, null).moves).toMatchObject([{ evidence: { kind: 'person' } }])
  })

  test('abandon after demote, while certificates of the candidate may live', () => {
    const facts = merge(at('stage', 'promote'), decide('demote', at('stage', 'promote'), nobody, null), undefined, [cart])
    const owned = { ...facts, clusters: facts.clusters.map(withCart({ delivery: 'owner' })) }

    expect(thrown(() => decide('abandon', owned, nobody, null))).toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('g2-demoted is complete') as unknown,
    })
  })
})

describe('taken', () => {
  test('the first stage needs no evidence: nothing came before', () => {
    expect(decide('stage', factsOf(), nobody, null)).toEqual({
      step: 'stage',
      id: 'g2-staged',
      generation: 'g2',
      moves: [
        {
          cluster: 'prod',
          from: { phase: 'steady', signer: 'g1' },
          to: { phase: 'staged', signer: 'g1', candidate: 'g2' },
          evidence: null,
          forced: null,
          merged: false,
        },
      ],
    })
  })

  test.each([
    ['promote', ['stage'], 'g2-promoted', 'g2'],
    ['retire', ['stage', 'promote'], 'g2-steady', 'g2'],
    ['abandon', ['stage'], 'g2-abandoned', 'g2'],
    ['demote', ['stage', 'promote'], 'g2-demoted', 'g2'],
    ['restore', ['stage', 'promote', 'retire'], 'g2-restored', 'g2'],
    ['replace', ['stage', 'promote'], 'g3-replaced', 'g3'],
    ['promote', ['stage', 'promote', 'demote'], 'g2-promoted.2', 'g2'],
    ['demote', ['stage', 'promote', 'demote', 'promote'], 'g2-demoted.2', 'g2'],
    ['stage', ['stage', 'abandon'], 'g3-staged', 'g3'],
    ['stage', ['stage', 'promote', 'retire'], 'g3-staged', 'g3'],
    ['retire', ['stage', 'promote', 'retire', 'restore'], 'g2-steady.2', 'g2'],
    ['replace', ['replace'], 'g3-replaced', 'g3'],
  ] as const)('%s after %j is %s', (step, before, id, generation) => {
    expect(decide(step, at(...before), somebody, null)).toMatchObject({ id, generation, moves: [{ merged: false }] })
  })

  test('an entry gate speaks for the one cluster of a mesh', () => {
    const [move] = decide('promote', staged(), nobody, null).moves

    expect(move).toMatchObject({
      evidence: { kind: 'entry-gate', detail: expect.stringContaining('2 workloads') as unknown },
      forced: null,
    })
  })

  test('time speaks, cluster by cluster, and a person speaks for all', () => {
    const facts = staged((cluster) => cluster, ['eu', 'us'])
    const day = new Date(now.getTime() - 24 * 3_600_000)

    expect(
      decide(
        'promote',
        facts,
        {
          confirmed: null,
          gatePassed: new Map([
            ['eu', day],
            ['us', day],
          ]),
        },
        null,
      ).moves,
    ).toMatchObject([
      { evidence: { kind: 'elapsed', detail: expect.stringContaining(day.toISOString()) as unknown } },
      { evidence: { kind: 'elapsed' } },
    ])
    expect(thrown(() => decide('promote', facts, { confirmed: null, gatePassed: new Map([['eu', day]]) }, null))).toMatchObject({
      message: expect.not.stringContaining('- eu:') as unknown,
    })
    expect(decide('promote', facts, somebody, null).moves).toMatchObject([
      { evidence: { kind: 'person', detail: 'seen with istioctl' } },
      { evidence: { kind: 'person' } },
    ])
  })

  test('by force: the barrier and the reason are recorded, and only if a barrier stood', () => {
    const facts = staged((cluster) => cluster, ['eu', 'us'])

    const [move] = decide('promote', facts, nobody, 'the key may leak today').moves

    expect(move?.forced).toMatchObject({
      reason: 'the key may leak today',
      barrier: expect.stringContaining('eu: the mesh has other clusters') as unknown,
    })
    expect(move?.evidence).toBeNull()
    expect(decide('promote', facts, somebody, 'in a hurry').moves[0]?.forced).toBeNull()
  })

  test('the rest of a step that is half merged, with the evidence it was planned with, though nobody vouches again', () => {
    const facts = staged((cluster) => cluster, ['eu', 'us'])
    const half = merge(facts, decide('promote', facts, somebody, null), ['us'], [cart])

    const rest = decide('promote', half, nobody, null)

    expect(rest).toMatchObject({
      id: 'g2-promoted',
      moves: [
        { cluster: 'eu', merged: false, evidence: { kind: 'person' } },
        { cluster: 'us', merged: true, evidence: { kind: 'person' } },
      ],
    })
  })

  test('replace goes on where it is half merged, wherever the clusters were, and the next one is a new one', () => {
    const facts = many('stage')
    const apart = merge(facts, decide('promote', facts, somebody, null), ['eu'])
    const first = decide('replace', apart, nobody, null)
    const half = merge(apart, first, ['us'])

    expect(first).toMatchObject({ id: 'g3-replaced', moves: [{ merged: false }, { merged: false }] })
    expect(decide('replace', half, nobody, null)).toMatchObject({
      id: 'g3-replaced',
      moves: [
        { cluster: 'eu', merged: false },
        { cluster: 'us', merged: true },
      ],
    })

    const done = merge(half, decide('replace', half, nobody, null))
    const second = decide('replace', done, nobody, null)
    expect(second).toMatchObject({ id: 'g4-replaced', moves: [{ merged: false }, { merged: false }] })
    expect(decide('replace', merge(done, second, ['eu']), nobody, null)).toMatchObject({
      id: 'g4-replaced',
      moves: [
        { cluster: 'eu', merged: true },
        { cluster: 'us', merged: false },
      ],
    })
  })

  test('replace is a new one where a cluster has gone on from the last', () => {
    const facts = factsOf(['eu', 'us'])
    const replaced = withLists(merge(facts, decide('replace', facts, nobody, null)))
    const apart = merge(replaced, decide('stage', replaced, somebody, null), ['us'])

    expect(decide('replace', apart, nobody, null)).toMatchObject({ id: 'g4-replaced', moves: [{ merged: false }, { merged: false }] })
  })

  test('replace goes on while its second change set, with the list, is not merged', () => {
    const facts = merge(factsOf(), decide('replace', factsOf(), nobody, null))
    const early = { ...facts, clusters: facts.clusters.map((cluster) => ({ ...cluster, restarts: null })) }

    expect(decide('replace', early, nobody, null)).toMatchObject({ id: 'g2-replaced', moves: [{ merged: true }] })
  })

  test('a generation is counted from all that were ever made, also by a step of which nothing else is merged', () => {
    expect(decide('stage', { ...factsOf(), mesh: meshOf(4) }, nobody, null)).toMatchObject({ id: 'g5-staged', generation: 'g5' })
    expect(decide('stage', { ...factsOf(), usedGenerations: ['g2', 'g7', 'g1'] }, nobody, null)).toMatchObject({
      id: 'g8-staged',
      generation: 'g8',
    })
  })
})

describe('a step that only some clusters took', () => {
  test.each([
    ['stage', [], 'abandon', 'g2-abandoned', 'g1-steady'],
    ['promote', ['stage'], 'demote', 'g2-demoted', 'g2-staged'],
    ['retire', ['stage', 'promote'], 'restore', 'g2-restored', 'g2-promoted'],
    ['promote', ['stage', 'promote', 'demote'], 'demote', 'g2-demoted.2', 'g2-staged'],
    ['retire', ['stage', 'promote', 'retire', 'restore'], 'restore', 'g2-restored.2', 'g2-promoted'],
  ] as const)(
    '%s after %j: %s takes back those alone, with nobody’s word, in whatever order it is merged',
    (step, before, back, id, state) => {
      const facts = takeAll(factsOf(['asia', 'eu', 'us']), before)
      const apart = merge(facts, decide(step, facts, somebody, null), ['eu', 'us'])

      const decision = decide(back, apart, nobody, null)
      const half = merge(apart, decision, ['us'])
      const rest = decide(back, half, nobody, null)
      const whole = merge(half, rest)

      expect(decision).toMatchObject({ id, moves: [{ cluster: 'eu', merged: false, evidence: null, forced: null }, { cluster: 'us' }] })
      expect(unfinishedStep(apart.clusters)).toMatchObject({ step, clusters: ['asia'], lacks: 'step' })
      expect(unfinishedStep(withLists(half).clusters)).toEqual({ step: back, id, clusters: ['eu'], lacks: 'step' })
      expect(rest).toMatchObject({
        id,
        moves: [
          { cluster: 'eu', merged: false },
          { cluster: 'us', merged: true },
        ],
      })
      expect(whole.clusters.map(({ record }) => record.state)).toEqual([state, state, state])
      expect(whole.clusters[0]).toBe(facts.clusters[0])
      expect(unfinishedStep(withLists(whole).clusters)).toBeNull()
      expect(decide(back, whole, nobody, null).moves.every(({ merged }) => merged)).toBe(true)
    },
  )

  test.each(['replace', 'demote', 'stage'] as const)('%s is unfinished while an owner has yet to restart what it lists', (step) => {
    const facts = takeAll(factsOf(['eu', 'us']), step === 'demote' ? ['stage', 'promote'] : [])
    const { id } = decide(step, facts, somebody, null)
    const whole = withLists(merge(facts, decide(step, facts, somebody, null)))
    const left = {
      ...whole,
      clusters: whole.clusters.map((one, index) => ({ ...one, ownersLeft: index === 0 ? ['Deployment/shop/cart'] : [] })),
    }

    expect(unfinishedStep(whole.clusters)).toBeNull()
    expect(unfinishedStep(left.clusters)).toEqual({ step, id, clusters: ['eu'], lacks: 'owners' })
    expect(decide(step, left, nobody, null)).toMatchObject({ id, moves: [{ merged: true }, { merged: true }] })
  })

  test('replace makes another root once all is merged, or where it is told to', () => {
    const facts = factsOf(['eu', 'us'])
    const whole = withLists(merge(facts, decide('replace', facts, nobody, null)))
    const left = { ...whole, clusters: whole.clusters.map((one) => ({ ...one, ownersLeft: ['Deployment/shop/cart'] })) }

    expect(decide('replace', whole, nobody, null).id).toBe('g3-replaced')
    expect(decide('replace', left, nobody, null).id).toBe('g2-replaced')
    expect(decide('replace', left, nobody, null, true).id).toBe('g3-replaced')
    const unlisted = { ...whole, clusters: whole.clusters.map((one, index) => (index === 0 ? one : { ...one, restarts: null })) }
    expect(decide('replace', unlisted, nobody, null).id).toBe('g2-replaced')
    expect(decide('replace', unlisted, nobody, null, true).id).toBe('g3-replaced')
    // One that joined later is where the step leads, and takes no part in what is left of it.
    const [, us] = left.clusters
    const joined = {
      ...left,
      clusters: [left.clusters[0]!, { ...us!, record: { ...us!.record, transitions: [] }, restarts: null, ownersLeft: [] }],
    }
    expect(decide('replace', joined, nobody, null)).toMatchObject({ id: 'g2-replaced', moves: [{ cluster: 'eu', merged: true }] })
  })

  test('after the way back all go on together, under a new id', () => {
    const facts = many('stage')
    const apart = merge(facts, decide('promote', facts, somebody, null), ['eu'])
    const back = merge(apart, decide('demote', apart, nobody, null))

    expect(thrown(() => decide('abandon', back, nobody, null))).toMatchObject({
      message: expect.stringContaining('abandon needs evidence that g2-demoted and g2-staged are complete') as unknown,
    })
    expect(decide('abandon', back, somebody, null)).toMatchObject({ id: 'g2-abandoned', moves: [{ cluster: 'eu' }, { cluster: 'us' }] })
    const again = merge(back, decide('promote', back, somebody, null), ['us'])
    expect(unfinishedStep(withLists(again).clusters)).toEqual({ step: 'promote', id: 'g2-promoted.2', clusters: ['eu'], lacks: 'step' })
    expect(decide('demote', again, nobody, null)).toMatchObject({ id: 'g2-demoted.2', moves: [{ cluster: 'us' }] })
  })
})

test('what has a barrier, and what a gate must have seen begin', () => {
  const facts = staged()
  const promoted = merge(facts, decide('promote', facts, nobody, null))
  const seen = merge(facts, decide('promote', facts, somebody, null))
  const forced = merge(
    staged((cluster) => cluster, ['eu', 'us']),
    decide(
      'promote',
      staged((cluster) => cluster, ['eu', 'us']),
      nobody,
      'now',
    ),
  )
  const [one] = promoted.clusters

  expect(
    (['stage', 'promote', 'retire', 'abandon', 'demote', 'restore', 'replace'] as const).map((step) => hasBarrier(step, one!)),
  ).toEqual([true, true, true, true, false, false, false])
  expect(hasBarrier('abandon', facts.clusters[0]!)).toBe(false)
  expect(hasBarrier('abandon', take(promoted, 'demote').clusters[0]!)).toBe(true)

  expect(mustHaveBegun('demote', one!)).toBe(true)
  expect(mustHaveBegun('demote', forced.clusters[0]!)).toBe(true)
  expect(mustHaveBegun('demote', seen.clusters[0]!)).toBe(false)
  expect(mustHaveBegun('replace', one!)).toBe(false)
  expect(mustHaveBegun('retire', one!)).toBe(false)
})

/** The facts with every list of restarts merged, where there was a step. */
function withLists(facts: DecisionFacts): DecisionFacts {
  const clusters = facts.clusters.map((cluster): StepFacts => {
    const id = cluster.record.transitions.at(-1)?.id
    return id === undefined ? cluster : { ...cluster, restarts: { id, entry: null, namespaces: [], waves: [] } }
  })
  return { ...facts, clusters }
}

function withCart(more: { readonly delivery: 'none' | 'owner'; readonly drain?: 'expire' }): (cluster: StepFacts) => StepFacts {
  return (cluster) => {
    const list = cluster.restarts!
    const waves = list.waves.map((wave) => ({
      ...wave,
      restarts: wave.restarts.map((restart) => (restart.workload.name === 'cart' ? { ...restart, ...more } : restart)),
    }))
    return { ...cluster, restarts: { ...list, waves } }
  }
}

describe('what history knows, and the record does not', () => {
  const past = (...ids: readonly string[]) => ({ ids, reverted: ids.at(-1) ?? null, since: null })

  test('a step that was reverted in one cluster is not taken there again under its id', () => {
    const facts = staged((cluster) => cluster, ['eu', 'us'])
    const inPart = merge(facts, decide('promote', facts, somebody, null), ['eu'])
    const reverted = inPart.clusters.map((one) => (one.record.cluster === 'us' ? { ...one, past: past('g2-staged', 'g2-promoted') } : one))

    expect(thrown(() => decide('promote', { ...inPart, clusters: reverted }, somebody, 'at once'))).toMatchObject({
      code: 'REFUSED',
      message: 'g2-promoted was merged in us, and reverted there: workloads may carry it from before',
      hint: expect.stringContaining('`reroot rollback` takes it back in eu as well') as unknown,
    })
    expect(decide('demote', { ...inPart, clusters: reverted }, somebody, null).moves.map(({ cluster }) => cluster)).toEqual(['eu'])
  })

  test('after a revert no time counts, and none is asked for', () => {
    const facts = staged((cluster) => ({ ...cluster, past: past('g2-staged') }))
    const { hint } = thrown(() => decide('promote', facts, nobody, null)) as RerootError

    expect(hint).toContain('--confirmed')
    expect(hint).not.toContain('--gate-passed')
    const early = staged((cluster) => cluster, ['eu', 'us'])
    expect((thrown(() => decide('promote', early, nobody, null)) as RerootError).hint).toContain('--gate-passed')
  })

  test('the number of a generation that is gone without a file is not given again', () => {
    const facts = at()

    expect(
      decide('stage', { ...facts, clusters: facts.clusters.map((one) => ({ ...one, past: past('g2-steady') })) }, somebody, null).id,
    ).toBe('g3-staged')
  })
})
