import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { generateHybridIdentity, generateX25519Identity } from 'age-encryption'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ageIdentities } from '../../src/adapters/identities.ts'

const ann = await generateX25519Identity()
const bob = await generateHybridIdentity()

let home = ''
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'reroot-home-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

async function file(path: string, content: string): Promise<string> {
  const whole = join(home, path)
  await mkdir(dirname(whole), { recursive: true })
  await writeFile(whole, content)
  return whole
}

async function load(environment: Readonly<Record<string, string>>, platform: NodeJS.Platform = 'linux') {
  const problems: string[] = []
  const found = await ageIdentities({
    environment: { HOME: '/nowhere', PATH: process.env['PATH'], ...environment },
    platform,
    onProblem: (problem) => problems.push(problem),
  }).load()
  return { identities: found.map(({ identity }) => identity.reveal()), from: found.map(({ from }) => from), problems, found }
}

describe('a place without a usable identity is passed over, and told of', () => {
  test.each([
    ['a key file that is not there', { SOPS_AGE_KEY_FILE: '/nowhere/keys.txt' }, 'ENOENT'],
    ['something that is no identity', { SOPS_AGE_KEY: 'CLEARTEXT' }, 'no age identity'],
    ['a damaged line', { SOPS_AGE_KEY: `${ann}\nAGE-SECRET-KEY-1lower` }, 'no age identity'],
    ['a key file with a passphrase', { SOPS_AGE_KEY: '-----BEGIN AGE ENCRYPTED FILE-----\n' }, 'passphrase'],
    ['a command that fails', { SOPS_AGE_KEY_CMD: 'sh -c "echo CLEARTEXT; exit 3"' }, 'exit code 3'],
    ['a command that does not exist', { SOPS_AGE_KEY_CMD: 'no-such-command-here' }, 'failed'],
    ['an empty command', { SOPS_AGE_KEY_CMD: ' ' }, 'empty'],
  ])('%s', async (_name, environment, problem) => {
    const { identities, problems } = await load(environment)

    expect(identities).toEqual([])
    expect(problems).toEqual([expect.stringContaining(problem)])
    expect(problems.join('')).not.toContain('CLEARTEXT')
    expect(problems.join('')).not.toContain(ann)
  })

  test('no place at all is no problem', async () => {
    expect(await load({})).toMatchObject({ identities: [], problems: [] })
  })

  test('a plugin identity is left to sops', async () => {
    expect(await load({ SOPS_AGE_KEY: 'AGE-PLUGIN-YUBIKEY-1QQQ' })).toMatchObject({ identities: [], problems: [] })
  })
})

test('an empty HOME does not make the folder of the repository a place', () => {
  expect(
    ageIdentities({ environment: { HOME: '' } })
      .places()
      .at(-1),
  ).toMatch(/^\//)
})

test('an identity does not show when it is printed', async () => {
  const { found } = await load({ SOPS_AGE_KEY: ann })

  expect(JSON.stringify(found)).not.toContain(ann)
})

test('all places count, each identity once', async () => {
  const key = await file('some/keys.txt', `# created: today\n# public key: age1…\n${ann}\n\n${bob}\n`)

  const { identities, from } = await load({ SOPS_AGE_KEY: `${ann} ${ann}`, SOPS_AGE_KEY_FILE: key })

  expect(identities).toEqual([ann, bob])
  expect(from).toEqual(['SOPS_AGE_KEY', `SOPS_AGE_KEY_FILE (${key})`])
})

test.each([
  ['single quotes', (key: string) => `sh -c 'cat "$1"' x '${key}'`],
  ['double quotes', (key: string) => `sh -c "cat \\"$1\\"" x ${key.replaceAll(' ', '\\ ')}`],
  ['a comment', (key: string) => `cat "${key}" # the key`],
])('a command with %s', async (_name, command) => {
  const key = await file('with space/keys.txt', `${ann}\n`)

  expect(await load({ SOPS_AGE_KEY_CMD: command(key) })).toMatchObject({ identities: [ann], from: ['SOPS_AGE_KEY_CMD'], problems: [] })
})

test.each<readonly [name: string, platform: NodeJS.Platform, path: string, environment: () => Record<string, string>]>([
  ['Linux', 'linux', 'linux/.config/sops/age/keys.txt', () => ({ HOME: join(home, 'linux') })],
  ['macOS', 'darwin', 'mac/Library/Application Support/sops/age/keys.txt', () => ({ HOME: join(home, 'mac') })],
  ['XDG_CONFIG_HOME on Linux', 'linux', 'xdg/sops/age/keys.txt', () => ({ XDG_CONFIG_HOME: join(home, 'xdg') })],
  ['XDG_CONFIG_HOME on macOS', 'darwin', 'xdg/sops/age/keys.txt', () => ({ XDG_CONFIG_HOME: join(home, 'xdg') })],
])('the key file of %s', async (_name, platform, path, environment) => {
  const whole = await file(path, ann)

  expect(await load(environment(), platform)).toMatchObject({ identities: [ann], from: [whole] })
})
