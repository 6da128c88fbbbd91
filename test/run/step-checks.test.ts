import { expect, test } from 'vitest'
import { checkGateTimes, sayIfClockIsOff, sayIfNotRecorded } from '../../src/run/step-checks.ts'
import { thrown, transitionsOf } from '../support/mesh.ts'
import type { Decision } from '../../src/rotation/index.ts'

const base = { remote: 'origin', branch: 'main', commit: 'abc' }
const committed = new Date('2026-11-26T12:00:00Z')

async function said(now: string): Promise<readonly string[]> {
  const lines: string[] = []
  const context = {
    git: { commitTime: () => Promise.resolve(committed) },
    clock: { now: () => new Date(now) },
    terminal: { say: (line: string) => lines.push(line) },
  }
  await sayIfClockIsOff(context as unknown as Parameters<typeof sayIfClockIsOff>[0], base)
  return lines
}

test.each(['2034-01-01T00:00:00Z', '2006-12-01T00:00:00Z', '2026-11-25T11:00:00Z'])('a clock that says %s is doubted', async (now) => {
  expect(await said(now)).toEqual([
    `warning: this machine's clock says ${now}, and the last commit on main is of 2026-11-26T12:00:00Z: see that the clock is right, since clusters refuse certificates that are not valid yet`,
  ])
})

test.each(['2026-11-26T11:00:00Z', '2026-11-26T12:00:00Z', '2027-10-01T00:00:00Z'])('a clock that says %s is not', async (now) => {
  expect(await said(now)).toEqual([])
})

/** A staged mesh whose root was made at 13:00, and dated back by an hour. */
const staged = {
  clusters: [{ config: { name: 'prod' }, record: { transitions: transitionsOf(['stage', 'g2-staged', 'g1-steady']) } }],
  mesh: { generations: [{ id: 'g2', certificate: { notBefore: new Date('2026-11-26T12:00:00Z') } }] },
} as unknown as Parameters<typeof checkGateTimes>[0]

const gate = (time: string, since: string | null): unknown =>
  thrown(() =>
    checkGateTimes(
      staged,
      { confirmed: null, gatePassed: new Map([['prod', new Date(time)]]) },
      new Map([['prod', { ids: [], reverted: null, since: since === null ? null : new Date(since) }]]),
    ),
  )

test('a gate that passed before its step was committed is refused by the time of that commit, not by a certificate that is dated back', () => {
  for (const time of ['2026-11-26T11:00:00Z', '2026-11-26T12:30:00Z'])
    expect(gate(time, '2026-11-26T13:10:00Z')).toMatchObject({
      code: 'USAGE',
      message: `--gate-passed prod=${time} cannot be: g2-staged was committed at 2026-11-26T13:10:00Z, and its gates passed after that`,
    })
  expect(gate('2026-11-26T13:20:00Z', '2026-11-26T13:10:00Z')).toBe('nothing was thrown')
})

test('where the history does not tell when a step was committed, its root bounds the time of its gate', () => {
  expect(gate('2026-11-26T11:00:00Z', null)).toMatchObject({
    code: 'USAGE',
    message: '--gate-passed prod=2026-11-26T11:00:00Z cannot be: the root of g2 is valid only from 2026-11-26T12:00:00Z',
  })
  expect(gate('2026-11-26T12:30:00Z', null)).toBe('nothing was thrown')
})

test.each([
  ['replace', {}, 'note: --confirmed and --gate-passed are not recorded: nothing of this replace waits for a word'],
  ['demote', { gatePassed: new Map<string, Date>() }, 'note: --confirmed is not recorded: nothing of this rollback waits for a word'],
] as const)('a word that a step (%s) does not wait for is not taken silently', (step, given, told) => {
  expect(toldOf({ step, evidence: null, ...given })).toEqual([told])
})

test('of two words only one is recorded, and the other is named', () => {
  expect(toldOf({ step: 'promote', evidence: { kind: 'person', detail: 'seen' } })).toEqual([
    'note: --gate-passed is not recorded: --confirmed says enough',
  ])
  expect(toldOf({ step: 'promote', evidence: { kind: 'person', detail: 'seen' }, gatePassed: new Map() })).toEqual([])
  const elapsed = { kind: 'elapsed', detail: `the gate passed at ${gateTime.toISOString()}; 24 h` } as const
  expect(toldOf({ step: 'promote', evidence: elapsed, confirmed: null })).toEqual([])
  expect(toldOf({ step: 'replace', evidence: null, confirmed: null, gatePassed: new Map() })).toEqual([])
  const planned = { kind: 'person', detail: 'as planned with eu: seen' } as const
  expect(toldOf({ step: 'promote', evidence: planned, gatePassed: new Map() })).toEqual([])
  expect(toldOf({ step: 'promote', evidence: null, confirmed: null, forced: { barrier: 'too early', reason: 'x' } })).toEqual([
    'note: --gate-passed is not recorded: --force is',
  ])
})

const gateTime = new Date('2026-11-26T12:00:00Z')

function toldOf({
  step,
  evidence,
  confirmed = 'seen',
  gatePassed = new Map([['prod', gateTime]]),
  forced = null,
}: {
  readonly step: Decision['step']
  readonly evidence: Decision['moves'][number]['evidence']
  readonly confirmed?: string | null
  readonly gatePassed?: ReadonlyMap<string, Date>
  readonly forced?: Decision['moves'][number]['forced']
}): readonly string[] {
  const lines: string[] = []
  const decision = {
    step,
    moves: [
      { evidence, forced, merged: false },
      { evidence: { kind: 'person', detail: 'seen' }, forced: null, merged: true },
    ],
  }
  const terminal = { say: (line: string) => lines.push(line) }
  const context = { terminal } as unknown as Parameters<typeof sayIfNotRecorded>[0]
  sayIfNotRecorded(context, decision as unknown as Decision, { confirmed, gatePassed }, forced?.reason ?? null)
  return lines
}

test('a force that nothing stands against is not recorded', () => {
  const lines: string[] = []
  const context = { terminal: { say: (line: string) => lines.push(line) } } as unknown as Parameters<typeof sayIfNotRecorded>[0]
  const decision = { step: 'promote', moves: [{ evidence: { kind: 'person', detail: 'seen' }, forced: null, merged: false }] }
  sayIfNotRecorded(context, decision as unknown as Decision, { confirmed: 'seen', gatePassed: new Map() }, 'no time')
  expect(lines).toEqual(['note: --force is not recorded: nothing stands against this promote'])
})
