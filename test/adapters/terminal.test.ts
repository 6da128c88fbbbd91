import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { systemClock, systemEntropy } from '../../src/adapters/system.ts'
import { openTerminal } from '../../src/adapters/terminal.ts'

function streams(isTTY: boolean): {
  input: PassThrough & { isTTY: boolean }
  output: PassThrough & { isTTY: boolean }
  shown: () => string
} {
  const output = Object.assign(new PassThrough(), { isTTY })
  const chunks: string[] = []
  output.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  return { input: Object.assign(new PassThrough(), { isTTY }), output, shown: () => chunks.join('') }
}

test('without a terminal nothing is asked', async () => {
  const { input, output, shown } = streams(false)

  await expect(openTerminal({ input, output }).ask('Which cluster?')).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('Which cluster?'),
  })

  expect(shown()).toBe('')
})

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('%s is an error, not an answer', async (_, key) => {
  const { input, output } = streams(true)
  const answer = openTerminal({ input, output }).ask('Which cluster?')
  input.write(key)

  await expect(answer).rejects.toMatchObject({ code: 'ENVIRONMENT', hint: expect.stringContaining('nothing was changed') })
})

test('the end of the input is an error, not an answer', async () => {
  const { input, output } = streams(true)
  const answer = openTerminal({ input, output }).ask('Which cluster?')
  input.end()

  await expect(answer).rejects.toMatchObject({ code: 'ENVIRONMENT' })
})

test('questions one after the other, and talk', async () => {
  const { input, output, shown } = streams(true)
  const terminal = openTerminal({ input, output })
  const first = terminal.ask('First?')
  input.write('one\n')
  expect(await first).toBe('one')
  const second = terminal.ask('Second?')
  input.write('two\n')

  expect(await second).toBe('two')
  terminal.say('done')
  expect(shown()).toContain('First? ')
  expect(shown()).toContain('done\n')
})

test('the clock and the entropy of the machine', () => {
  expect(Math.abs(systemClock.now().getTime() - Date.now())).toBeLessThan(1_000)
  expect(systemEntropy.bytes(16)).toHaveLength(16)
  expect(systemEntropy.bytes(16)).not.toEqual(systemEntropy.bytes(16))
})
