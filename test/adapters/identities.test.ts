import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { generateHybridIdentity, generateX25519Identity } from 'age-encryption'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ageIdentities } from '../../src/adapters/identities.ts'

const ann = await generateX25519Identity()
const bob = await generateHybridIdentity()

/** The last character says another checksum. */
const damaged = ann.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q'))

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
    ['an identity with a wrong checksum', { SOPS_AGE_KEY: `${ann}\n${damaged}` }, 'damaged'],
    ['a command that does not exist', { SOPS_AGE_KEY_CMD: 'no-such-command-here' }, 'cannot be started (ENOENT)'],
    ['a command with an open single quote', { SOPS_AGE_KEY_CMD: "echo 'CLEARTEXT" }, 'a quote in the command is not closed'],
    ['a command with an open double quote', { SOPS_AGE_KEY_CMD: 'echo "CLEARTEXT' }, 'a quote in the command is not closed'],
    ['a command with a backslash at its end', { SOPS_AGE_KEY_CMD: 'echo CLEARTEXT \\' }, 'nothing follows the backslash at the end'],
    ['an empty command', { SOPS_AGE_KEY_CMD: ' ' }, 'empty'],
  ])('%s', async (_name, environment, problem) => {
    const { identities, problems } = await load(environment)

    expect(identities).toEqual([])
    expect(problems).toEqual([expect.stringContaining(problem)])
    expect(problems.join('')).not.toContain('CLEARTEXT')
    expect(problems.join('')).not.toContain(ann)
    expect(problems.join('')).not.toContain(damaged)
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

test('a damaged identity in one place does not take the other places along', async () => {
  const key = await file('other/keys.txt', `${bob}\n`)

  const { identities, problems } = await load({ SOPS_AGE_KEY: damaged, SOPS_AGE_KEY_FILE: key })

  expect(identities).toEqual([bob])
  expect(problems).toEqual([expect.stringMatching(/^SOPS_AGE_KEY: .*damaged/)])
})

test('asked for by every cluster at once, the places are read once: one prompt, one warning', async () => {
  const log = await file('once/log', '')
  const problems: string[] = []
  const identities = ageIdentities({
    environment: {
      HOME: '/nowhere',
      PATH: process.env['PATH'],
      SOPS_AGE_KEY: 'none',
      SOPS_AGE_KEY_CMD: `sh -c 'echo asked >>"$1"; echo ${ann}' x '${log}'`,
    },
    onProblem: (problem) => problems.push(problem),
  })

  const [first, second] = await Promise.all([identities.load(), identities.load()])
  const third = await identities.load()

  expect([first, second, third].map((found) => found.map(({ identity }) => identity.reveal()))).toEqual([[ann], [ann], [ann]])
  expect(await readFile(log, 'utf8')).toBe('asked\n')
  expect(problems).toHaveLength(1)
})

test.each([
  ['single quotes', (key: string) => `sh -c 'cat "$1"' x '${key}'`],
  ['double quotes', (key: string) => `sh -c "cat \\"$1\\"" x ${key.replaceAll(' ', '\\ ')}`],
  ['a comment', (key: string) => `cat "${key}" # the key's`],
  ['a comment before it', (key: string) => `# the key\ncat "${key}"`],
  ['a backslash before any character in double quotes', (key: string) => `cat "${key.replaceAll(/[a-z]/g, '\\$&')}"`],
  ['a # inside of a word', (key: string) => `sh -c 'cat "$1"' x#y '${key}'`],
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
