import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openGitRepository } from '../../src/adapters/git.ts'
import { machine } from '../../src/adapters/temporary-folder.ts'
import { writePlan } from '../../src/adapters/write-folder.ts'
import { git, hook, makeFixture, pushElsewhere, userState } from './git-fixture.ts'
import type { Fixture } from './git-fixture.ts'

/** No process has this number. */
const dead = 999_999_999

let fixture: Fixture
beforeEach(() => {
  fixture = makeFixture()
})
afterEach(() => fixture.dispose())

const temporary = (name: string): string => join(fixture.temporary, name)
const administered = (): readonly string[] => {
  const folder = join(fixture.clone, '.git/worktrees')
  return existsSync(folder) ? readdirSync(folder) : []
}

async function nextRun(): Promise<void> {
  const worktree = await (await openGitRepository(fixture.clone)).openWorktree('HEAD')
  await worktree.dispose()
}

test('a folder that git was not told of yet goes, with what is in it; that of a living process stays', async () => {
  for (const name of [`reroot-${dead}-${machine}-aaaaaa`, `reroot-${process.ppid}-${machine}-bbbbbb`, `reroot-${dead}-00000000-cccccc`]) {
    mkdirSync(temporary(name))
    writeFileSync(join(temporary(name), 'half'), 'a')
  }

  await nextRun()

  expect(readdirSync(fixture.temporary)).toEqual([`reroot-${process.ppid}-${machine}-bbbbbb`, `reroot-${dead}-00000000-cccccc`].toSorted())
})

test.each([
  ['.git of it is gone', (folder: string) => rmSync(join(folder, '.git'))],
  ['whole folder is gone', (folder: string) => rmSync(folder, { recursive: true })],
  ['folder is empty', (folder: string) => execFileSync('sh', ['-c', 'rm -rf "$1"; mkdir "$1"', 'sh', folder])],
])('a checkout that was being removed goes, also from git’s list: the %s', async (_, removeHalf) => {
  const folder = temporary(`reroot-${dead}-${machine}-aaaaaa`)
  git(fixture.clone, 'worktree', 'add', '-q', '--detach', folder)
  removeHalf(folder)

  await nextRun()

  expect(readdirSync(fixture.temporary)).toEqual([])
  expect(administered()).toEqual([])
})

test('a checkout that git was making goes: it is locked, and names no folder yet', async () => {
  const entry = join(fixture.clone, '.git/worktrees', `reroot-${dead}-${machine}-aaaaaa`)
  mkdirSync(entry, { recursive: true })
  writeFileSync(join(entry, 'locked'), 'initializing')
  const living = `reroot-${process.ppid}-${machine}-bbbbbb`
  mkdirSync(join(fixture.clone, '.git/worktrees', living))

  await nextRun()

  expect(administered()).toEqual([living])
})

test('a checkout that git had not given its commit yet does not stop the next fetch', async () => {
  const name = `reroot-${dead}-${machine}-aaaaaa`
  git(fixture.clone, 'worktree', 'add', '-q', '--detach', temporary(name))
  writeFileSync(join(fixture.clone, '.git/worktrees', name, 'HEAD'), `${'0'.repeat(40)}\n`)
  const pushed = pushElsewhere(fixture, 'main', 'b.yaml')

  expect(await (await openGitRepository(fixture.clone)).fetch('origin', 'main')).toBe(pushed)

  expect(administered()).toEqual([])
})

test('a process that has the number of a dead one does not take its leftovers for its own', async () => {
  const folder = temporary(`reroot-${process.pid}-${machine}-aaaaaa`)
  git(fixture.clone, 'worktree', 'add', '-q', '--detach', folder)

  const first = await (await openGitRepository(fixture.clone)).openWorktree('HEAD')
  const checkout = await first.folder()
  const second = await (await openGitRepository(fixture.clone)).openWorktree('HEAD')

  expect(existsSync(folder)).toBe(false)
  expect(existsSync(checkout)).toBe(true)
  await first.dispose()
  await second.dispose()
  expect(readdirSync(fixture.temporary)).toEqual([])
})

test.skipIf(process.platform !== 'linux')('a dead process that nobody has asked how it ended is dead', async () => {
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [printed] = (await once(parent.stdout, 'data')) as [Buffer]
  const folder = temporary(`reroot-${String(printed).trim()}-${machine}-aaaaaa`)
  mkdirSync(folder)
  await until(() => readFileSync(`/proc/${String(printed).trim()}/stat`, 'utf8').includes(') Z '))

  await nextRun()

  expect(existsSync(folder)).toBe(false)
  parent.kill()
})

test('a folder of a dead process that is registered under another name is not touched', async () => {
  const mine = temporary('mine')
  git(fixture.clone, 'worktree', 'add', '-q', '--detach', mine)
  const entry = join(fixture.clone, '.git/worktrees', `reroot-${dead}-${machine}-aaaaaa`)
  mkdirSync(entry)
  writeFileSync(join(entry, 'gitdir'), `${mine}/.git\n`)

  await nextRun()

  expect(existsSync(join(mine, 'README.md'))).toBe(true)
})

test('the folder of a plan appears whole: what a dead process has begun goes', async () => {
  const whole = await writePlan(null, new Map([['a/b.yaml', new Uint8Array([10])]]))
  const begun = temporary(`reroot-${dead}-${machine}-aaaaaa`)
  mkdirSync(begun)

  await nextRun()

  expect(readdirSync(fixture.temporary).map(temporary)).toEqual([whole])
  expect(realpathSync(whole)).toBe(whole)
  expect(readdirSync(join(whole, 'a'))).toEqual(['b.yaml'])
})

test('git that goes on alone with a hook in a leftover brings nothing back', async () => {
  // Its words go nowhere: who would have read them is dead, and writing them would end it.
  const script = `exec >/dev/null 2>&1; touch ${temporary('started')}; sleep 2; mkdir -p a/b; echo x > a/b/c; git add -A; touch ${temporary('ended')}`
  hook(fixture.clone, 'pre-commit', script)
  const program = join(fixture.folder, 'run.mts')
  writeFileSync(program, committing(fixture.clone))
  const before = userState(fixture.clone)
  const child = spawn(process.execPath, ['--import', new URL('../../scripts/typescript.js', import.meta.url).href, program])
  const ended = new Promise((resolve) => child.on('exit', resolve))
  await until(() => existsSync(temporary('started')))
  child.kill('SIGKILL')
  await ended

  await nextRun()
  await until(() => existsSync(temporary('ended')))
  await new Promise((resolve) => setTimeout(resolve, 300))

  expect(readdirSync(fixture.temporary)).toEqual(['ended', 'started'])
  expect(userState(fixture.clone)).toEqual(before)
})

test('a lock file that a killed git has left in the clone is named, and stays', async () => {
  const lock = join(fixture.clone, '.git/refs/remotes/origin/main.lock')
  writeFileSync(lock, '')
  pushElsewhere(fixture, 'main', 'b.yaml')
  const repository = await openGitRepository(fixture.clone)

  await expect(repository.fetch('origin', 'main')).rejects.toMatchObject({
    code: 'GIT_FAILED',
    message: 'cannot fetch main from origin',
    hint: expect.stringMatching(
      /^another git runs in this clone, or one crashed: .*remove the lock file[^]*refs\/remotes\/origin\/main\.lock/,
    ),
  })

  expect(existsSync(lock)).toBe(true)
  rmSync(lock)
  expect(await repository.fetch('origin', 'main')).toMatch(/^[0-9a-f]{40}$/)
})

async function until(seen: () => boolean): Promise<void> {
  while (!seen()) await new Promise((resolve) => setTimeout(resolve, 50))
}

function committing(clone: string): string {
  const adapter = new URL('../../src/adapters/git.ts', import.meta.url).href
  return `import { openGitRepository } from ${JSON.stringify(adapter)}
const worktree = await (await openGitRepository(${JSON.stringify(clone)})).openWorktree('HEAD')
await worktree.commit({ write: new Map([['a.yaml', new Uint8Array([10])]]), remove: [], message: 'x' })
`
}
