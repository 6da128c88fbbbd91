import { expect, test } from 'vitest'
import { checkGateTimes, sayIfClockIsOff } from '../../src/run/step-checks.ts'
import { thrown, transitionsOf } from '../support/mesh.ts'

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
