import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderFiles } from '../../src/adapters/files.ts'
import { parseYamlFile } from '../../src/base/index.ts'

let folder: string
let root: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-test-'))
  root = join(folder, 'repository')
  put('apps/cart.yaml', 'cart')
  put('apps-2/x', 'x')
  put('README.md', 'read me')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function put(path: string, content: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), content)
}

function read(path: string): string | null {
  const bytes = folderFiles(root).read(path)
  return bytes === null ? null : new TextDecoder().decode(bytes)
}

test('a folder that does not exist is an error with a hint', () => {
  expect(() => folderFiles(join(folder, 'nowhere')).list()).toThrow(
    expect.objectContaining({ code: 'ENVIRONMENT', message: expect.stringContaining('ENOENT') }),
  )
})

test.skipIf(process.getuid?.() === 0)('a folder that may not be read is an error, not a gap', () => {
  chmodSync(join(root, 'apps'), 0)
  try {
    expect(() => folderFiles(root).list()).toThrow(expect.objectContaining({ code: 'ENVIRONMENT' }))
  } finally {
    chmodSync(join(root, 'apps'), 0o755)
  }
})

test.each(['../outside', '/etc/hostname', 'apps/../README.md', 'apps', 'nothing', './README.md'])('%s is no file of the folder', (path) => {
  writeFileSync(join(folder, 'outside'), 'secret')

  expect(read(path)).toBeNull()
})

test('links that leave the folder, lead nowhere, in a circle, or into .git are left out', () => {
  writeFileSync(join(folder, 'outside'), 'secret')
  put('.git/config', 'secret')
  for (const [link, target] of [
    ['a', '../outside'],
    ['b', 'nowhere'],
    ['c', 'c'],
    ['d', '.git/config'],
    ['e', '..'],
    ['apps/f', '..'],
    ['g', '.git'],
    ['h', '../repository-2'],
  ] as const)
    symlinkSync(target, join(root, link))
  mkdirSync(join(folder, 'repository-2'))
  writeFileSync(join(folder, 'repository-2/x'), 'secret')

  expect(folderFiles(root).list()).toEqual(['README.md', 'apps-2/x', 'apps/cart.yaml'])
  expect(read('a')).toBeNull()
})

test('links inside the folder are listed under their own path, folders too, but not without end', () => {
  symlinkSync('apps/cart.yaml', join(root, 'link.yaml'))
  symlinkSync('apps', join(root, 'linked'))
  symlinkSync('../linked', join(root, 'apps/again'))

  expect(folderFiles(root).list()).toEqual(['README.md', 'apps-2/x', 'apps/cart.yaml', 'link.yaml', 'linked/cart.yaml'])
  expect(read('linked/cart.yaml')).toBe('cart')
})

test('every link is told, with what is written in it and whether it leaves the folder on its way', () => {
  const links = [
    ['a', '../outside', true],
    ['apps/absolute', '/etc/hostname', true],
    ['apps/again', '../apps-2', false],
    ['apps/nowhere', './nothing', false],
    ['apps/round', '../../repository/README.md', true],
    ['linked', 'apps', false],
  ] as const
  for (const [link, target] of links) symlinkSync(target, join(root, link))

  const files = folderFiles(root)

  expect(files.links?.()).toEqual(links.map(([path, target, leaves]) => ({ path, target, leaves })))
  expect(files.list()).not.toContain('a')
  expect(files.list()).not.toContain('apps/absolute')
})

test('what is no file is left out', () => {
  execFileSync('mkfifo', [join(root, 'pipe')])

  expect(folderFiles(root).list()).not.toContain('pipe')
})

test('a folder that is itself a link', () => {
  symlinkSync(root, join(folder, 'link'))

  expect(folderFiles(join(folder, 'link')).list()).toContain('apps/cart.yaml')
})

test('a file is read once', () => {
  const files = folderFiles(root)
  const first = files.read('README.md')
  put('README.md', 'changed')

  expect(files.read('README.md')).toBe(first)
})

test('a listed file that has gone is an error, not an absent file', () => {
  const files = folderFiles(root)
  files.list()
  rmSync(join(root, 'README.md'))

  expect(() => files.read('README.md')).toThrow(expect.objectContaining({ code: 'ENVIRONMENT' }))
})

test('10,000 files are listed and read within seconds', () => {
  for (let index = 0; index < 10_000; index++) put(`many/${index % 100}/${index}.yaml`, `a: ${index}\n`)

  const start = performance.now()
  const files = folderFiles(root)
  for (const path of files.list()) files.read(path)

  expect(files.list().length).toBe(10_003)
  expect(performance.now() - start).toBeLessThan(5_000)
}, 60_000)

test('links to folders that would multiply files without end are an error that names one', () => {
  for (let index = 0; index < 20; index++) put(`many/${index}`, '')
  for (let index = 0; index < 20; index++) symlinkSync('many', join(root, `link-${index}`))

  expect(folderFiles(root, 400).list()).toHaveLength(3 + 20 + 400)
  expect(() => folderFiles(root, 399).list()).toThrow(
    expect.objectContaining({ code: 'FILE_INVALID', message: expect.stringMatching(/up to those of link-\d+$/) }),
  )
})

test('a file of three gigabytes is told to be too large, and not read', () => {
  put('huge.yaml', '')
  truncateSync(join(root, 'huge.yaml'), 3 * 1024 ** 3)

  const bytes = folderFiles(root).read('huge.yaml') ?? new Uint8Array()

  expect(bytes.byteLength).toBe(5 * 1024 * 1024 + 1)
  expect(parseYamlFile(bytes, 'huge.yaml').findings).toMatchObject([
    { id: 'yaml/encoding', message: 'the file is too large', found: '3221225472 bytes' },
  ])
})
