import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sopsProgram } from '../../src/adapters/sops.ts'

// A program in the place of sops, which prints how it was started.
const script = `#!/bin/sh
if [ "$1" = --version ]; then echo "sops 3.13.3"; exit 0; fi
if [ "$1" = fail ]; then echo "oh no" >&2; exit 51; fi
if [ "$1" = die ]; then kill -9 $$; fi
if [ "$1" = half ]; then echo "apiVersion: v1"; echo "a secret line"; kill -9 $$; fi
if [ "$1" = hang ]; then trap '' TERM; echo "a secret line"; sleep 25 & wait; sleep 25; fi
env | sort
pwd
cat
`

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reroot-program-'))
  await writeFile(join(folder, 'sops'), script)
  await chmod(join(folder, 'sops'), 0o755)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const path = (): string => `${folder}:/usr/bin:/bin`
const run = (environment: Readonly<Record<string, string>>, withIdentities: boolean) =>
  sopsProgram({ PATH: path(), ...environment }).run(['show'], { input: 'the input\n\n', directory: folder, withIdentities })

describe('a program that does not do', () => {
  test('none on the PATH', async () => {
    const none = sopsProgram({ PATH: '/nowhere' })

    expect(await none.version()).toBeNull()
    await expect(none.run([], { input: 'x', directory: '/', withIdentities: false })).rejects.toMatchObject({ code: 'SOPS_FAILED' })
  })

  test('one in the repository, which a relative PATH would find', async () => {
    const result = sopsProgram({ PATH: '.::' }).run(['show'], { input: '', directory: folder, withIdentities: false })

    await expect(result).rejects.toMatchObject({ code: 'SOPS_FAILED' })
  })

  test('one that is killed', async () => {
    const result = sopsProgram({ PATH: path() }).run(['die'], { input: 'secret', directory: folder, withIdentities: false })

    await expect(result).rejects.toMatchObject({ code: 'SOPS_FAILED', message: expect.not.stringContaining('secret') as string })
  })
})

describe('a program that hangs, fails half-way, or is another one', () => {
  const timeouts = { runMs: 300, versionMs: 300 }

  test('one that hangs, and does not end when it is asked to', async () => {
    const start = performance.now()
    const error: unknown = await sopsProgram({ PATH: path() }, timeouts)
      .run(['hang'], { input: 'secret', directory: folder, withIdentities: false })
      .catch((thrown: unknown) => thrown)

    expect(error).toMatchObject({
      code: 'SOPS_FAILED',
      message: 'sops did not end within 0.3 seconds',
      hint: 'see whether it waits for a key service or for a passphrase',
    })
    expect(inspect(error)).not.toContain('secret line')
    expect(performance.now() - start).toBeLessThan(20_000)
  })

  test('one that dies half-way: what it printed is not taken, and not repeated', async () => {
    const error: unknown = await sopsProgram({ PATH: path() })
      .run(['half'], { input: 'x', directory: folder, withIdentities: false })
      .catch((thrown: unknown) => thrown)

    expect(error).toMatchObject({ code: 'SOPS_FAILED', message: 'sops could not run, or was killed' })
    expect(inspect(error)).not.toContain('secret line')
  })

  test.each([
    [
      'that says nothing of a version',
      'echo "SOPS, the school of performing arts"',
      'the sops program on the PATH does not say its version',
    ],
    ['that fails', 'exit 1', 'the sops program on the PATH does not say its version'],
    ['that hangs', 'sleep 25', 'the sops program on the PATH did not answer within 0.3 seconds'],
  ])('one %s: not the same as none', async (_, body, message) => {
    const other = await mkdtemp(join(folder, 'other-'))
    await writeFile(join(other, 'sops'), `#!/bin/sh\n${body}\n`)
    await chmod(join(other, 'sops'), 0o755)

    await expect(sopsProgram({ PATH: `${other}:/usr/bin:/bin` }, timeouts).version()).rejects.toMatchObject({
      code: 'SOPS_FAILED',
      message,
      hint: expect.stringContaining('sops --version') as string,
    })
  })
})

test('an exit code is an answer', async () => {
  const result = await sopsProgram({ PATH: path() }).run(['fail'], { input: '', directory: folder, withIdentities: false })

  expect(result).toEqual({ exitCode: 51, stdout: '', stderr: 'oh no\n' })
})

test('the version is asked once', async () => {
  const program = sopsProgram({ PATH: path() })

  expect(await program.version()).toBe('3.13.3')
  expect(program.version()).toBe(program.version())
})

test('the input arrives whole, in the folder', async () => {
  const { stdout } = await run({}, false)

  expect(stdout.endsWith(`${folder}\nthe input\n\n`)).toBe(true)
})

describe('the environment', () => {
  const caller = {
    HOME: '/ann',
    LC_ALL: 'C',
    AWS_PROFILE: 'a',
    VAULT_TOKEN: 'b',
    HTTPS_PROXY: 'c',
    GPG_TTY: '/t',
    TERM: 'xterm',
    DISPLAY: ':0',
    WAYLAND_DISPLAY: 'w',
    DBUS_SESSION_BUS_ADDRESS: 'u',
    SOPS_AGE_RECIPIENTS: 'd',
    SOPS_KMS_ARN: 'e',
    SOPS_CONFIG: 'f',
    NODE_OPTIONS: '--no-warnings',
    GITHUB_TOKEN: 'g',
    SOPS_AGE_KEY: 'h',
    SOPS_AGE_KEY_FILE: 'relative/keys.txt',
    XDG_CONFIG_HOME: '/i',
  }
  const namesOf = (stdout: string): readonly string[] => [...stdout.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name ?? '')

  test('of an encryption: no identity, no other recipients, nothing of the caller that sops does not need', async () => {
    const names = namesOf((await run(caller, false)).stdout)

    for (const name of ['HOME', 'LC_ALL', 'AWS_PROFILE', 'VAULT_TOKEN', 'HTTPS_PROXY', 'SOPS_DISABLE_VERSION_CHECK'])
      expect(names).toContain(name)
    // A PGP key with a passphrase: pinentry opens a window, or takes the terminal.
    for (const name of ['GPG_TTY', 'TERM', 'DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS']) expect(names).toContain(name)
    for (const name of [
      'SOPS_AGE_RECIPIENTS',
      'SOPS_KMS_ARN',
      'SOPS_CONFIG',
      'NODE_OPTIONS',
      'GITHUB_TOKEN',
      'SOPS_AGE_KEY',
      'SOPS_AGE_KEY_FILE',
    ])
      expect(names).not.toContain(name)
  })

  test('of a decryption: the identities too, and a key file by its whole path', async () => {
    const { stdout } = await run(caller, true)

    expect(stdout).toContain('SOPS_AGE_KEY=h\n')
    expect(stdout).toContain(`SOPS_AGE_KEY_FILE=${process.cwd()}/relative/keys.txt\n`)
    expect(stdout).toContain('XDG_CONFIG_HOME=/i\n')
    expect(namesOf(stdout)).not.toContain('SOPS_AGE_RECIPIENTS')
  })
})
