import { expect, test } from 'vitest'
import { sayIfClockIsOff } from '../../src/run/step-checks.ts'

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
