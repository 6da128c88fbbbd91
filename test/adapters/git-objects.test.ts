import { readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderFiles } from '../../src/adapters/files.ts'
import { openGitRepository } from '../../src/adapters/git.ts'
import { committedFiles } from '../../src/adapters/git-objects.ts'
import { gitIn } from '../../src/adapters/git-process.ts'
import { indexOf } from '../../src/adapters/git-staging.ts'
import { fileBytesOf, largestFileBytes } from '../../src/base/file-size.ts'
import { changing, git, makeFixture, put } from './git-fixture.ts'
import type { Fixture } from './git-fixture.ts'
import type { Files, Worktree } from '../../src/ports.ts'

let fixture: Fixture
let opened: Worktree | null
beforeEach(() => {
  fixture = makeFixture()
  opened = null
})
afterEach(async () => {
  await opened?.dispose()
  fixture.dispose()
})

function commit(tree: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(tree)) put(fixture.clone, path, content)
  commitAll()
}

function commitAll(): void {
  git(fixture.clone, 'add', '-A', '-f')
  git(fixture.clone, 'commit', '-q', '-m', 'more')
}

async function open(clone = fixture.clone): Promise<Worktree> {
  return (opened = await (await openGitRepository(clone)).openWorktree(git(clone, 'rev-parse', 'HEAD')))
}

const entries = (clone = fixture.clone) => indexOf(`${git(clone, 'ls-tree', '-r', '-z', 'HEAD')}\0`)

const fromStore = (clone = fixture.clone, mostBytes?: number): Promise<Files | null> =>
  committedFiles(gitIn(clone), join(clone, '.git/objects'), entries(clone), mostBytes)

const contentsOf = (files: Files): readonly (readonly [string, number, string])[] =>
  files.list().map((path) => {
    const bytes = files.read(path) ?? new Uint8Array()
    return [path, fileBytesOf(bytes), Buffer.from(bytes).toString('latin1')]
  })

test('files are those of the checkout, in its order, to the last byte', async () => {
  commit({
    'a-b': 'before a/b',
    'a/b': 'a/b',
    'a.b': 'behind',
    'ü/\u{1F600}.yaml': 'a: 1\r\n',
    ' with "odd" names\n.yaml': 'b: 2',
    'same.yaml': 'a: 1\r\n',
    empty: '',
    bytes: new Uint8Array([0, 10, 13, 255, 10]),
    'large.yaml': `${'#'.repeat(largestFileBytes)}\na: 1\n`,
    'limit.yaml': '#'.repeat(largestFileBytes),
  })
  git(fixture.clone, 'submodule', '--quiet', 'add', fixture.remote, 'module')
  commitAll()

  const worktree = await open()
  const onDisk = folderFiles(await worktree.folder())

  expect(contentsOf(worktree.files)).toEqual(contentsOf(onDisk))
  expect(worktree.files.read('large.yaml')).toHaveLength(largestFileBytes + 1)
  expect(worktree.files.links?.()).toEqual([])
  expect(worktree.files.read('module')).toBeNull()
  expect(await fromStore()).not.toBeNull()
})

test('a commit without files has none', async () => {
  git(fixture.clone, 'rm', '-rq', '.')
  git(fixture.clone, 'commit', '-q', '-m', 'nothing')

  expect((await open()).files.list()).toEqual([])
})

test('symbolic links are followed in the checkout', async () => {
  symlinkSync('apps', join(fixture.clone, 'linked'))
  commitAll()

  expect(await fromStore()).toBeNull()
  expect((await open()).files.list()).toEqual(['.gitignore', 'README.md', 'apps/cart.yaml', 'linked/cart.yaml'])
})

test('what a clone has not fetched comes with the checkout, all at once', async () => {
  git(fixture.remote, 'config', 'uploadpack.allowFilter', 'true')
  const partial = join(fixture.folder, 'partial')
  git(fixture.folder, 'clone', '-q', '--no-checkout', '--filter=blob:none', `file://${fixture.remote}`, partial)
  const packs = (): number => readdirSync(join(partial, '.git/objects/pack')).filter((name) => name.endsWith('.pack')).length
  const before = packs()

  expect(await fromStore(partial)).toBeNull()
  expect(contentsOf((await open(partial)).files).map(([path]) => path)).toEqual(['.gitignore', 'README.md', 'apps/cart.yaml'])
  expect(packs() - before).toBe(1)
})

test('what is too large for the memory is read from the checkout', async () => {
  expect(await fromStore(fixture.clone, 20)).toBeNull()
})

test('an object that is lost is told by git', async () => {
  const object = git(fixture.clone, 'rev-parse', 'HEAD:README.md')
  rmSync(join(fixture.clone, '.git/objects', object.slice(0, 2), object.slice(2)))

  await expect(open()).rejects.toMatchObject({ code: 'GIT_FAILED', hint: expect.stringContaining('README.md') as string })
  expect(readdirSync(fixture.temporary)).toEqual([])
})

test('files that no disk could hold are read, and nothing is committed', async () => {
  // No file system takes such a name, but git can be given it.
  const blob = git(fixture.clone, 'rev-parse', 'HEAD:README.md')
  git(fixture.clone, 'update-index', '--add', '--cacheinfo', `100644,${blob},${'x'.repeat(300)}`)
  git(fixture.clone, 'commit', '-q', '-m', 'a long name')

  const worktree = await open()

  expect(worktree.files.list()).toContain('x'.repeat(300))
  const refused = { code: 'GIT_FAILED', message: 'cannot check the commit out into a temporary folder' }
  await expect(worktree.commit(changing('a.yaml', 'a: 1\n'))).rejects.toMatchObject(refused)
  await expect(worktree.ignored(['a.yaml'])).rejects.toMatchObject(refused)
  await expect(worktree.folder()).rejects.toMatchObject(refused)
  await worktree.dispose()
  expect(readdirSync(fixture.temporary)).toEqual([])
})
