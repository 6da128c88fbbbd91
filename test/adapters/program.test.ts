import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runProgram } from '../../src/adapters/program.ts'

const environment = { PATH: '/usr/bin:/bin' }
const folder = mkdtempSync(join(tmpdir(), 'reroot-program-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const shell = (script: string, options: Partial<Parameters<typeof runProgram>[2]> = {}) =>
  runProgram('/bin/sh', ['-c', script], { environment, timeoutMs: 60_000, ...options })

test('what it prints and its exit code are the result', async () => {
  expect(await shell('printf "grüße\n"; printf oh >&2; exit 3')).toEqual({
    exitCode: 3,
    signal: null,
    stdoutBytes: Buffer.from('grüße\n'),
    stdout: 'grüße\n',
    stderr: 'oh',
    brokenOff: null,
    startError: null,
  })
})

test('it gets the variables that are given, and no others', async () => {
  const { stdout } = await shell('env', { environment: { PATH: '/usr/bin:/bin', GIVEN: 'yes', LEFT_OUT: undefined } })

  expect(stdout.split('\n').filter((line) => !/^(PWD|SHLVL|OLDPWD|_)=/.test(line))).toEqual(
    expect.arrayContaining(['GIVEN=yes', 'PATH=/usr/bin:/bin', '']),
  )
  expect(stdout).not.toMatch(/LEFT_OUT|^HOME=/m)
})

test('stdin is the input, byte for byte; without one it is empty', async () => {
  const input = Buffer.alloc(300_000, 'ä')

  expect(Buffer.from((await shell('cat', { input })).stdout).equals(input)).toBe(true)
  expect((await shell('cat')).stdout).toBe('')
})

test('a program that does not read its input ends as it ends', async () => {
  expect(await shell('exec 0<&-; exit 5', { input: 'x'.repeat(5_000_000) })).toMatchObject({ exitCode: 5, startError: null })
})

test('a signal is no exit code', async () => {
  expect(await shell('echo half; kill -9 $$')).toMatchObject({ exitCode: null, signal: 'SIGKILL', brokenOff: null, stdout: 'half\n' })
})

test('a program, or a folder, that is not there is told by the code of the system', async () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')

  expect(await runProgram('/nowhere/git', [], { environment, timeoutMs: null })).toMatchObject({ exitCode: null, startError: 'ENOENT' })
  expect(await shell('true', { directory: '/nowhere' })).toMatchObject({ exitCode: null, startError: 'ENOENT' })
  expect(await shell('true', { directory: file })).toMatchObject({ exitCode: null, startError: 'ENOTDIR' })
  expect(await runProgram(file, [], { environment, timeoutMs: null })).toMatchObject({ exitCode: null, startError: 'EACCES' })
})

test('an argument that no program can get is a bug, and thrown', async () => {
  await expect(shell('true\0')).rejects.toBeInstanceOf(TypeError)
})

test('what says that it succeeded once its time was over has not', async () => {
  expect(await shell('trap "echo done; exit 0" TERM; echo begun; sleep 30 & wait', { timeoutMs: 300 })).toMatchObject({
    exitCode: null,
    brokenOff: 'late',
  })
})

test('one that will not end is killed', async () => {
  const start = performance.now()

  expect(await shell('trap "" TERM; while :; do sleep 1; done', { timeoutMs: 200, graceMs: 200 })).toMatchObject({
    exitCode: null,
    signal: 'SIGKILL',
    brokenOff: 'late',
  })
  expect(performance.now() - start).toBeLessThan(20_000)
})

test.each([null, 60_000, 300])(
  'what it has started holds its output open: nobody waits for that (time limit: %s ms)',
  async (timeoutMs) => {
    const start = performance.now()

    expect(await shell('sleep 25 & echo begun; exit 3', { timeoutMs })).toMatchObject({ exitCode: 3, brokenOff: null, stdout: 'begun\n' })
    expect(performance.now() - start).toBeLessThan(20_000)
  },
)

test('one that prints too much is ended, and is no success', async () => {
  const warned: Error[] = []
  process.on('warning', (warning) => warned.push(warning))

  const { stdout, ...how } = await shell('trap "" TERM; while :; do echo too much; done', { largestOutputBytes: 100_000, graceMs: 500 })

  expect(how).toMatchObject({ exitCode: null, brokenOff: 'too much', signal: 'SIGKILL' })
  expect(stdout.length).toBeLessThanOrEqual(100_000)
  expect(warned).toEqual([])
})
