import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { after, describePhase, follow, generationOf, stateOf, steps, trustedGenerations, unusedId } from '../../src/rotation/index.ts'
import type { Phase, Step, Transition } from '../../src/rotation/index.ts'
import { namedGeneration } from '../../src/rotation/phase.ts'
import { transitionsOf } from '../support/mesh.ts'

const steady: Phase = { phase: 'steady', signer: 'g1' }
const staged: Phase = { phase: 'staged', signer: 'g1', candidate: 'g2' }
const promoted: Phase = { phase: 'promoted', signer: 'g2', retiring: 'g1' }

describe('illegal', () => {
  const legal: Readonly<Record<Phase['phase'], readonly Step[]>> = {
    steady: ['stage', 'restore', 'replace', 'renew', 'restart'],
    staged: ['promote', 'abandon', 'replace', 'restart'],
    promoted: ['retire', 'demote', 'replace', 'restart'],
  }
  test.each(
    [steady, staged, promoted].flatMap((at) => steps.filter((step) => !legal[at.phase].includes(step)).map((step) => [step, at] as const)),
  )('%s from %j', (step, at) => {
    expect(after(at, step, 'g3')).toBeNull()
  })

  test.each(['stage', 'restore', 'replace'] as const)('%s without a generation', (step) => {
    expect(after(steady, step, null)).toBeNull()
  })

  const stage = ['stage', 'g2-staged', 'g1-steady'] as const
  const promote = ['promote', 'g2-promoted', 'g2-staged'] as const
  const retire = ['retire', 'g2-steady', 'g2-promoted'] as const
  test.each([
    ['a beginning that is not steady', [['promote', 'g2-promoted', 'g2-staged']], 0, 'a cluster cannot begin in g2-staged'],
    ['an id used twice', [stage, ['abandon', 'g2-staged', 'g2-staged']], 1, 'g2-staged is no id of a transition, or is used twice'],
    ['an id that is none', [['stage', 'g2-stage', 'g1-steady']], 0, 'g2-stage is no id of a transition'],
    ['a count of 1', [['stage', 'g2-staged.1', 'g1-steady']], 0, 'g2-staged.1 is no id of a transition'],
    ['an id of another step', [['stage', 'g2-replaced', 'g1-steady']], 0, 'g2-replaced is not the id of a stage'],
    [
      'a beginning elsewhere',
      [stage, ['promote', 'g2-promoted', 'g1-steady']],
      1,
      'g2-promoted starts from g1-steady, where the cluster was not',
    ],
    ['a step that is not legal there', [['promote', 'g1-promoted', 'g1-steady']], 0, 'promote is not possible while steady'],
    [
      'a number that was used before',
      [stage, ['abandon', 'g2-abandoned', 'g2-staged'], ['stage', 'g2-staged.2', 'g1-steady']],
      2,
      'brings a generation whose number was used before',
    ],
    ['the number of the signer', [['replace', 'g1-replaced', 'g1-steady']], 0, 'brings a generation whose number was used before'],
    [
      'another generation than the phase’s',
      [stage, ['promote', 'g3-promoted', 'g2-staged']],
      1,
      'does not name the generation of the phase',
    ],
    ['a restore of nothing', [['restore', 'g1-restored', 'g1-steady']], 0, 'restore is not possible while steady'],
    [
      'a restore behind an abandon',
      [
        stage,
        promote,
        retire,
        ['stage', 'g3-staged', 'g2-steady'],
        ['abandon', 'g3-abandoned', 'g3-staged'],
        ['restore', 'g2-restored', 'g2-steady'],
      ],
      5,
      'restore is not possible',
    ],
    [
      'a restore of what was replaced',
      [
        ['replace', 'g2-replaced', 'g1-steady'],
        ['restore', 'g2-restored', 'g2-steady'],
      ],
      1,
      'restore is not possible',
    ],
    [
      'a restore behind new intermediates',
      [stage, promote, retire, ['renew', 'g2-renewed', 'g2-steady'], ['restore', 'g2-restored', 'g2-steady']],
      4,
      'restore is not possible',
    ],
  ] as const)('%s, at its transition', (_, given, transition, message) => {
    expect(follow(transitionsOf(...given), 'g2-steady')).toMatchObject({
      ok: false,
      transition,
      message: expect.stringContaining(message) as unknown,
    })
  })

  test.each([
    '',
    'g2',
    'g0-staged',
    'g01-staged',
    'g2-staged.0',
    'g2-staged.01',
    'G2-staged',
    'g2-staged\n',
    'x-g2-staged',
    'g2-constructor',
    'g2-toString',
  ])('%j names no transition', (id) => {
    expect(generationOf(id)).toBeNull()
  })
})

test('the table of product.md: who signs, who is trusted, and the state of the Secret', () => {
  const rows = [steady, staged, promoted].map((at) => [stateOf(at), at.signer, trustedGenerations(at).join()])

  expect(rows).toEqual([
    ['g1-steady', 'g1', 'g1'],
    ['g2-staged', 'g1', 'g1,g2'],
    ['g2-promoted', 'g2', 'g1,g2'],
  ])
  expect(after(steady, 'stage', 'g2')).toEqual(staged)
  expect(after(staged, 'promote', 'g2')).toEqual(promoted)
  expect(after(promoted, 'retire', 'g2')).toEqual({ phase: 'steady', signer: 'g2' })
  expect(describePhase(staged)).toBe('staged: g1 signs, g1 and g2 are trusted')
  expect(describePhase(steady)).toBe('steady: g1 signs, g1 is trusted')
})

test('retire, restore, retire: back and forth between the same two states', () => {
  const transitions = transitionsOf(
    ['stage', 'g2-staged', 'g1-steady'],
    ['promote', 'g2-promoted', 'g2-staged'],
    ['retire', 'g2-steady', 'g2-promoted'],
    ['restore', 'g2-restored', 'g2-steady'],
    ['retire', 'g2-steady.2', 'g2-promoted'],
    ['restore', 'g2-restored.2', 'g2-steady'],
  )

  expect(follow(transitions.slice(0, 4), 'x')).toEqual({ ok: true, phase: promoted, lastRetired: 'g1' })
  expect(follow(transitions.slice(0, 5), 'x')).toEqual({ ok: true, phase: { phase: 'steady', signer: 'g2' }, lastRetired: 'g1' })
  expect(follow(transitions, 'x')).toEqual({ ok: true, phase: promoted, lastRetired: 'g1' })
})

interface Walk {
  readonly transitions: readonly Transition[]
  readonly phases: readonly Phase[]
}

/** Steps as `after` has them, with ids as reroot gives them: an independent bookkeeping of numbers and of what was retired last. */
function walk(choices: readonly Step[]): Walk {
  let at: Phase = steady
  let highest = 1
  let retired: string | null = null
  const transitions: Transition[] = []
  const phases: Phase[] = []
  for (const step of choices) {
    const brings = step === 'stage' || step === 'replace'
    const generation: string = brings ? `g${highest + 1}` : namedGeneration(at)
    const next: Phase | null = after(at, step, step === 'restore' ? retired : generation)
    if (next === null) continue
    transitions.push({
      id: unusedId(step, generation, new Set(transitions.map(({ id }) => id))),
      step,
      from: stateOf(at),
      evidence: null,
      forced: null,
    })
    if (brings) highest += 1
    if (brings || step === 'renew') retired = null
    if (step === 'retire' && at.phase === 'promoted') retired = at.retiring
    at = next
    phases.push(at)
  }
  return { transitions, phases }
}
const walks = fc.array(fc.constantFrom(...steps), { maxLength: 40 }).map(walk)

test('following the transitions gives the phase that taking the steps one by one gave', () => {
  fc.assert(
    fc.property(walks, ({ transitions, phases }) => {
      expect(follow(transitions, 'g1-steady')).toMatchObject({ ok: true, phase: phases.at(-1) ?? steady })
    }),
    { numRuns: 500 },
  )
})

test('ids of a history are never used twice, and each names its step and a generation', () => {
  fc.assert(
    fc.property(walks, ({ transitions }) => {
      expect(new Set(transitions.map(({ id }) => id)).size).toBe(transitions.length)
      for (const { id } of transitions) expect(generationOf(id)).toMatch(/^g[1-9]\d*$/)
    }),
  )
})

test('a history with a transition left out, doubled, swapped or changed does not lead where the history led', () => {
  fc.assert(
    fc.property(
      walks,
      fc.nat(),
      fc.constantFrom('drop', 'double', 'swap', 'step'),
      fc.constantFrom(...steps),
      ({ transitions, phases }, where, how, step) => {
        fc.pre(transitions.length > 2)
        // Without its first transition, it is the history of a cluster that joined the mesh later.
        const index = 1 + (where % (transitions.length - 2))
        const [one, next] = [transitions[index]!, transitions[index + 1]!]
        const changed =
          how === 'drop'
            ? transitions.toSpliced(index, 1)
            : how === 'double'
              ? transitions.toSpliced(index, 0, one)
              : how === 'swap'
                ? transitions.toSpliced(index, 2, next, one)
                : transitions.with(index, { ...one, step })
        const history = follow(changed, 'g1-steady')
        // A renewal or restart leads nowhere, so that nothing misses it; git does.
        const silent = (transition: Transition): boolean => transition.step === 'renew' || transition.step === 'restart'
        if (JSON.stringify(changed) === JSON.stringify(transitions) || (history.ok && (silent(one) || silent(next)))) return
        expect(history.ok && JSON.stringify(history.phase) === JSON.stringify(phases.at(-1)), `${how} ${one.id}`).toBe(false)
      },
    ),
    { numRuns: 500 },
  )
})
