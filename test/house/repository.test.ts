import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** What is in the repository, or would be with the next `git add`. */
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '')

const privateKeys = [
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}/,
  // The same in base64, as in a Secret's `data`: "-----BEGIN PRIVATE", "… RSA PRIVATE", "… EC PRIVATE".
  /LS0tLS1CRUdJTiB(QUklWQVRF|SU0EgUFJJVkFURS|FQyBQUklWQVRF)[A-Za-z0-9+/]{80}/,
  /AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]{50}/,
]

test('no private key is in the repository', () => {
  const found = files.filter((file) => {
    const text = read(file)
    return privateKeys.some((pattern) => pattern.test(text))
  })

  expect(found).toEqual([])
})

test('the patterns know a private key when they see one', () => {
  const body = 'MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC'
  const pem = ['-----BEGIN PRIVATE', 'KEY-----\n'].join(' ') + body

  expect(privateKeys.filter((pattern) => pattern.test(pem))).toHaveLength(1)
  expect(privateKeys.filter((pattern) => pattern.test(Buffer.from(pem).toString('base64')))).toHaveLength(1)
  expect(privateKeys.filter((pattern) => pattern.test(`AGE-SECRET-KEY-${'1'.repeat(59)}`))).toHaveLength(1)
})

test('every library is pinned to one version', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }
  const { backport, ...libraries } = devDependencies

  expect(backport).toBe('file:scripts/absent')
  expect(Object.entries(libraries).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
})

test('the lock file names no registry but npm’s', () => {
  const hosts = [...read('package-lock.json').matchAll(/"resolved": "([a-z+]+:\/\/[^/"]+)/g)].map((match) => match[1])

  expect(hosts.filter((host) => host !== 'https://registry.npmjs.org')).toEqual([])
})

test('nothing that is installed runs a script of its own', () => {
  const scripted = Object.entries(lockedPackages()).filter(([, locked]) => locked.hasInstallScript === true)

  // fsevents is for macOS, and only compiles where its binary does not fit.
  expect(scripted.map(([path]) => path).filter((path) => !path.endsWith('/fsevents'))).toEqual([])
})

// npm drops from the lock file what its registry does not offer at that moment; `npm ci` stops elsewhere then.
test('the lock file names the programs of every platform', () => {
  const packages = lockedPackages()
  const missing = Object.entries(packages).flatMap(([path, locked]) =>
    Object.keys(locked.optionalDependencies ?? {})
      .filter((name) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages))
      .map((name) => `${path} → ${name}`),
  )

  expect(missing).toEqual([])
})

interface LockedPackage {
  readonly hasInstallScript?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

function lockedPackages(): Readonly<Record<string, LockedPackage>> {
  return (JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }).packages
}

function read(file: string): string {
  try {
    return readFileSync(join(root, file), 'utf8')
  } catch {
    return '' // removed, or a link to a folder
  }
}
