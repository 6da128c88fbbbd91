import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderFiles } from '../../src/adapters/files.ts'
import { openGitRepository } from '../../src/adapters/git.ts'
import { committedFiles } from '../../src/adapters/git-objects.ts'
import { gitIn } from '../../src/adapters/git-process.ts'
import type { Git } from '../../src/adapters/git-process.ts'
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

const fromStore = (mostBytes?: number): Promise<Files | null> =>
  committedFiles(gitIn(fixture.clone), false, indexOf(git(fixture.clone, 'ls-tree', '-r', '-z', '--long', 'HEAD')), mostBytes)

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

test.each(['alone', 'with the objects of another'])(
  'what a clone (%s) has not fetched comes with the checkout, all at once',
  async (kind) => {
    git(fixture.remote, 'config', 'uploadpack.allowFilter', 'true')
    const partial = ['clone', '-q', '--no-checkout', '--filter=blob:none', `file://${fixture.remote}`]
    git(fixture.folder, ...partial, 'partial')
    const clone = kind === 'alone' ? 'partial' : 'borrowing'
    if (kind !== 'alone') git(fixture.folder, ...partial, '--reference=partial', clone)
    const packs = (): number =>
      readdirSync(join(fixture.folder, clone, '.git/objects/pack')).filter((name) => name.endsWith('.pack')).length
    const before = packs()

    expect(contentsOf((await open(join(fixture.folder, clone))).files).map(([path]) => path)).toEqual([
      '.gitignore',
      'README.md',
      'apps/cart.yaml',
    ])
    expect(packs() - before).toBe(1)
  },
)

test('what is too large for the memory is read from the checkout', async () => {
  const bytes = 'kind: Deployment\na mesh\nignored/\n'.length

  expect(await fromStore(bytes)).not.toBeNull()
  expect(await fromStore(bytes - 1)).toBeNull()
})

test('names that are no text are told, and none of two that look the same is lost', async () => {
  const blob = git(fixture.clone, 'rev-parse', 'HEAD:README.md')
  const names = [0xe8, 0xe9].map((letter) =>
    Buffer.concat([Buffer.from(`100644 ${blob}\ta`), Buffer.from([letter]), Buffer.from('.yaml\0')]),
  )
  execFileSync('git', ['update-index', '-z', '--index-info'], { cwd: fixture.clone, input: Buffer.concat(names) })
  git(fixture.clone, 'commit', '-q', '-m', 'names')

  const { files } = await open()

  expect(files.list().filter((path) => path.endsWith('.yaml'))).toEqual(['apps/cart.yaml', 'a\uFFFD.yaml'])
  expect(() => files.read('a\uFFFD.yaml')).toThrow(expect.objectContaining({ code: 'ENVIRONMENT' }))
})

test.each(['.git', '..', '.', 'git~1', '.GIT ', '.git::$INDEX_ALLOCATION'])(
  'what is in a folder %j of a tree is not read',
  async (name) => {
    const blob = git(fixture.clone, 'rev-parse', 'HEAD:README.md')
    const tree = (input: string): string => execFileSync('git', ['mktree'], { cwd: fixture.clone, input, encoding: 'utf8' }).trim()
    const inner = tree(`100644 blob ${blob}\tconfig\n`)
    const head = tree(`100644 blob ${blob}\tREADME.md\n040000 tree ${inner}\t${name}\n`)
    const bad = git(fixture.clone, 'commit-tree', '-m', 'bad', head)

    await expect((await openGitRepository(fixture.clone)).openWorktree(bad)).rejects.toMatchObject({
      code: 'GIT_FAILED',
      hint: expect.stringContaining(`${name}/config`) as string,
    })
    expect(readdirSync(fixture.temporary)).toEqual([])
  },
)

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
  worktree.checkOut()

  expect(worktree.files.list()).toContain('x'.repeat(300))
  const refused = { code: 'GIT_FAILED', message: 'cannot check the commit out into a temporary folder' }
  await expect(worktree.commit(changing('a.yaml', 'a: 1\n'))).rejects.toMatchObject(refused)
  await expect(worktree.ignored(['a.yaml'])).rejects.toMatchObject(refused)
  await expect(worktree.folder()).rejects.toMatchObject(refused)
  await worktree.dispose()
  expect(readdirSync(fixture.temporary)).toEqual([])
})

test('who only reads needs no checkout, and leaves no trace', async () => {
  const worktree = await open()

  expect(Buffer.from(worktree.files.read('README.md') ?? []).toString()).toBe('a mesh\n')
  expect(readdirSync(fixture.temporary)).toEqual([])
  expect(existsSync(join(fixture.clone, '.git/worktrees'))).toBe(false)
  await worktree.dispose()
  await worktree.dispose()
})

test('a worktree is added neither before nor while something is fetched', async () => {
  const repository = await openGitRepository(fixture.clone)
  const order: string[] = []
  const uploading = join(fixture.folder, 'upload-pack')
  writeFileSync(uploading, `#!/bin/sh\nsleep 0.5\nexec git-upload-pack "$@"\n`, { mode: 0o755 })
  git(fixture.clone, 'config', 'remote.origin.uploadpack', uploading)
  const worktree = await repository.openWorktree(git(fixture.clone, 'rev-parse', 'HEAD'))
  opened = worktree

  const fetched = repository.fetch('origin', 'main')
  const checkedOut = worktree.folder()
  await Promise.all([fetched.then(() => order.push('fetched')), checkedOut.then(() => order.push('checked out'))])

  expect(order).toEqual(['fetched', 'checked out'])
})

test('a checkout that nobody waits for is removed with it', async () => {
  const worktree = await open()
  worktree.checkOut()
  await worktree.dispose()

  expect(readdirSync(fixture.temporary)).toEqual([])
  expect(git(fixture.clone, 'worktree', 'list').split('\n')).toHaveLength(1)
})

test('an answer of git that is cut off is no file', async () => {
  const object = git(fixture.clone, 'rev-parse', 'HEAD:README.md')
  const index = new Map([['README.md', { mode: '100644', object, size: 7 }]])
  const answering = (answer: string): Git => ({ ...gitIn(fixture.clone), readBytes: () => Promise.resolve(Buffer.from(answer)) })
  const read = async (answer: string): Promise<Files | null> => committedFiles(answering(answer), false, index)

  expect((await read(`${object} blob 7\na mesh\n\n`))?.read('README.md')).toHaveLength(7)
  for (const answer of ['', object, `${object} blob 7\n`, `${object} blob 7\na mesh\n`, `${object} blob 7000\na mesh\n\n`])
    expect(await read(answer)).toBeNull()
  expect(await read(`${object} blob 7\na mesh\n\nmore`)).toBeNull()
  expect(await read(`${object} missing\n`)).toBeNull()
})
