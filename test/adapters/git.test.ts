import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openGitRepository } from '../../src/adapters/git.ts'
import { git, makeFixture, pushElsewhere, put, userState } from './git-fixture.ts'
import type { Fixture } from './git-fixture.ts'

let fixture: Fixture
beforeEach(() => {
  fixture = makeFixture()
})
afterEach(() => fixture.dispose())

describe('what is no clone', () => {
  test('a folder outside of git', async () => {
    await expect(openGitRepository(fixture.temporary)).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('is not in a git repository'),
    })
  })

  test('a bare repository', async () => {
    await expect(openGitRepository(fixture.remote)).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('no working tree'),
    })
  })

  test('the .git folder', async () => {
    await expect(openGitRepository(join(fixture.clone, '.git'))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('no working tree'),
    })
  })

  test('a folder that does not exist', async () => {
    await expect(openGitRepository(join(fixture.folder, 'nowhere'))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('cannot start git'),
    })
  })

  test('anything, without git', async () => {
    const path = process.env['PATH'] ?? ''
    process.env['PATH'] = fixture.temporary
    try {
      await expect(openGitRepository(fixture.clone)).rejects.toMatchObject({
        code: 'GIT_FAILED',
        hint: expect.stringContaining('install git'),
      })
    } finally {
      process.env['PATH'] = path
    }
  })
})

test('a program of the repository is not taken for git, whatever PATH says', async () => {
  put(fixture.clone, 'git', `#!/bin/sh\ntouch ${join(fixture.temporary, 'ran')}\n`)
  chmodSync(join(fixture.clone, 'git'), 0o755)
  mkdirSync(join(fixture.temporary, 'bin/git'), { recursive: true })
  const path = process.env['PATH'] ?? ''
  process.env['PATH'] = `:.:${join(fixture.temporary, 'bin')}:${path}`
  const folder = process.cwd()
  process.chdir(fixture.clone)
  try {
    expect((await openGitRepository(fixture.clone)).root).toBe(fixture.clone)
  } finally {
    process.chdir(folder)
    process.env['PATH'] = path
  }
  expect(existsSync(join(fixture.temporary, 'ran'))).toBe(false)
})

test('after a signal in the middle of a fetch, nothing of it goes on', async () => {
  const started = join(fixture.temporary, 'started')
  git(fixture.clone, 'remote', 'set-url', 'origin', 'ssh://nowhere.invalid/x')
  const ssh = join(fixture.folder, 'ssh')
  writeFileSync(ssh, `#!/bin/sh\necho $$ > ${started}.new; mv ${started}.new ${started}; exec cat\n`, { mode: 0o755 })
  const script = join(fixture.folder, 'run.mts')
  const adapter = new URL('../../src/adapters/git.ts', import.meta.url).href
  writeFileSync(
    script,
    `import { openGitRepository } from ${JSON.stringify(adapter)}
await (await openGitRepository(${JSON.stringify(fixture.clone)})).fetch('origin', 'main')`,
  )
  const child = spawn(process.execPath, ['--import', new URL('../../scripts/typescript.js', import.meta.url).href, script], {
    env: { ...process.env, GIT_SSH: ssh },
  })
  const ended = once(child, 'exit')
  while (!existsSync(started)) await setTimeout(50)
  const pid = Number(readFileSync(started, 'utf8'))

  child.kill('SIGTERM')

  expect(await ended).toEqual([null, 'SIGTERM'])
  // As ssh, it ends when git is gone. Somebody may still have to ask how it ended.
  const isOver = (): boolean => !existsSync(`/proc/${pid}/stat`) || / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  if (process.platform === 'linux') for (let waited = 0; !isOver(); waited += 50) expect(await setTimeout(50, waited)).toBeLessThan(10_000)
})

describe('reading', () => {
  test('the root, from a folder inside', async () => {
    expect((await openGitRepository(join(fixture.clone, 'apps'))).root).toBe(fixture.clone)
  })

  test('variables of a hook do not lead to another repository', async () => {
    process.env['GIT_DIR'] = fixture.remote
    try {
      expect((await openGitRepository(fixture.clone)).root).toBe(fixture.clone)
    } finally {
      delete process.env['GIT_DIR']
    }
  })

  test('a fetched branch moves its remote-tracking ref, and nothing of the user', async () => {
    put(fixture.clone, 'dirty.txt', 'mine')
    put(fixture.clone, 'README.md', 'mine')
    const commit = pushElsewhere(fixture, 'main', 'new.yaml')
    pushElsewhere(fixture, 'other', 'other.yaml')
    git(fixture.clone, 'config', '--add', 'remote.origin.fetch', '+refs/heads/*:refs/heads/copy/*')
    const before = userState(fixture.clone)

    const fetched = await (await openGitRepository(fixture.clone)).fetch('origin', 'main')

    expect(fetched).toBe(commit)
    expect(userState(fixture.clone)).toEqual(before)
    expect(git(fixture.clone, 'rev-parse', 'refs/remotes/origin/main')).toBe(commit)
    expect(git(fixture.clone, 'for-each-ref', 'refs/remotes/origin/other')).toBe('')
    expect(readdirSync(join(fixture.clone, '.git'))).not.toContain('FETCH_HEAD')
  })

  test('when a commit was made, just fetched or not', async () => {
    process.env['GIT_COMMITTER_DATE'] = '2020-02-03T04:05:06Z'
    const [main, other] = [pushElsewhere(fixture, 'main', 'new.yaml'), pushElsewhere(fixture, 'other', 'other.yaml')]
    delete process.env['GIT_COMMITTER_DATE']
    git(fixture.clone, 'fetch', '-q', 'origin', 'other')
    const repository = await openGitRepository(fixture.clone)
    await repository.fetch('origin', 'main')

    for (const commit of [main, other]) expect(await repository.commitTime(commit)).toEqual(new Date('2020-02-03T04:05:06Z'))
  })

  test('a branch that the remote lacks is null, also when it was there before', async () => {
    const repository = await openGitRepository(fixture.clone)
    pushElsewhere(fixture, 'mesh-ca/g2-staged', 'a')
    expect(await repository.fetch('origin', 'mesh-ca/g2-staged')).not.toBeNull()
    git(fixture.remote, 'update-ref', '-d', 'refs/heads/mesh-ca/g2-staged')

    expect(await repository.fetch('origin', 'mesh-ca/g2-staged')).toBeNull()
  })

  test('a remote that is not there is named', async () => {
    const repository = await openGitRepository(fixture.clone)

    await expect(repository.fetch('upstream', 'main')).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: 'this clone has no remote named upstream',
    })
  })

  test('a remote that cannot be reached shows no password', async () => {
    git(fixture.clone, 'remote', 'set-url', 'origin', 'http://ada:hunter2@127.0.0.1:1/x.git')
    const repository = await openGitRepository(fixture.clone)

    const error = await repository.fetch('origin', 'main').catch((thrown: unknown) => thrown)

    expect(error).toMatchObject({ code: 'GIT_FAILED', hint: expect.stringContaining('cannot be reached') })
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('hunter2')
  })

  test('an old remote-tracking ref that stands in the way is named', async () => {
    git(fixture.clone, 'update-ref', 'refs/remotes/origin/mesh-ca', 'HEAD')
    pushElsewhere(fixture, 'mesh-ca/g2-staged', 'a')
    const repository = await openGitRepository(fixture.clone)

    await expect(repository.fetch('origin', 'mesh-ca/g2-staged')).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('a branch named mesh-ca'),
    })
  })

  test('branches by prefix, remotes, the default branch, and revisions', async () => {
    const repository = await openGitRepository(fixture.clone)
    const commit = pushElsewhere(fixture, 'mesh-ca/g2-staged', 'a')
    pushElsewhere(fixture, 'x/mesh-ca/g2-staged', 'b')

    expect(await repository.remoteBranches('origin', 'mesh-ca/')).toEqual(new Map([['mesh-ca/g2-staged', commit]]))
    expect(await repository.remotes()).toEqual(['origin'])
    expect(await repository.defaultBranch('origin')).toBe('main')
    expect(await repository.resolve('main')).toBe(git(fixture.clone, 'rev-parse', 'main'))
    expect(await repository.resolve('nothing')).toBeNull()
    expect(await repository.resolve('--all')).toBeNull()
  })

  test('commits with subject and trailers, newest first, whatever the user configured', async () => {
    git(fixture.clone, 'config', 'trailer.separators', '=')
    git(fixture.clone, 'config', 'log.showSignature', 'true')
    const base = git(fixture.clone, 'rev-parse', 'HEAD')
    git(
      fixture.clone,
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'Stage g2: ü',
      '-m',
      'Body.\nNot-A-Trailer: x',
      '-m',
      'Reroot-Id: g2-staged\nReroot-Change-Set: 1/3 secret',
    )
    git(fixture.clone, 'commit', '-q', '--allow-empty', '-m', 'by hand')
    const repository = await openGitRepository(fixture.clone)

    const commits = await repository.commitsSince(base, git(fixture.clone, 'rev-parse', 'HEAD'))

    expect(commits.map(({ subject, trailers }) => ({ subject, trailers }))).toEqual([
      { subject: 'by hand', trailers: {} },
      { subject: 'Stage g2: ü', trailers: { 'Reroot-Id': 'g2-staged', 'Reroot-Change-Set': '1/3 secret' } },
    ])
  })

  test('lines that commits have added and removed, oldest first, through merges and reverts, whatever the user configured, also in a shallow clone', async () => {
    const { clone } = fixture
    const commit = (text: string): void => {
      put(clone, 'a/record.yaml', text)
      git(clone, 'add', '-A')
      git(clone, 'commit', '-q', '-m', 'change')
    }
    git(clone, 'checkout', '-q', '-b', 'side')
    commit('- id: one\n  step: x\n')
    git(clone, 'checkout', '-q', 'main')
    git(clone, 'merge', '-q', '--no-ff', '-m', 'merge', 'side')
    commit('- id: one\n  step: x\n- id: two\n')
    git(clone, 'revert', '--no-edit', 'HEAD')
    git(clone, 'push', '-q', 'origin', 'main')
    const shallow = join(fixture.folder, 'shallow')
    git(fixture.folder, 'clone', '-q', '--depth=1', `file://${fixture.remote}`, shallow)
    for (const [name, value] of [
      ['diff.noprefix', 'true'],
      ['diff.mnemonicPrefix', 'true'],
      ['log.diffMerges', 'first-parent'],
      ['color.ui', 'always'],
      ['diff.external', 'false'],
      ['log.follow', 'true'],
    ] as const)
      git(clone, 'config', name, value)

    for (const place of [clone, shallow]) {
      const repository = await openGitRepository(place)
      const head = (await repository.fetch('origin', 'main')) ?? ''

      expect(await repository.lineChanges(head, ['a/record.yaml', 'b/record.yaml'])).toEqual([
        { at: expect.any(Date) as Date, path: 'a/record.yaml', added: ['- id: one', '  step: x'], removed: [] },
        { at: expect.any(Date) as Date, path: 'a/record.yaml', added: ['- id: two'], removed: [] },
        { at: expect.any(Date) as Date, path: 'a/record.yaml', added: [], removed: ['- id: two'] },
      ])
      expect(await repository.lineChanges(head, [])).toEqual([])
    }
  })

  test('what came and went again is seen behind a branch that was begun before, and took main in afterwards', async () => {
    const { clone } = fixture
    const start = git(clone, 'rev-parse', 'HEAD')
    put(clone, 'a/record.yaml', '- id: one\n')
    git(clone, 'add', '-A')
    git(clone, 'commit', '-q', '-m', 'stage')
    git(clone, 'revert', '--no-edit', 'HEAD')
    git(clone, 'checkout', '-q', '-b', 'feature', start)
    put(clone, 'apps/cart.yaml', 'kind: Cart\n')
    git(clone, 'commit', '-q', '-a', '-m', 'feature')
    git(clone, 'merge', '-q', '--no-ff', '-m', 'take main in', 'main')
    const repository = await openGitRepository(clone)
    const head = git(clone, 'rev-parse', 'HEAD')

    expect(await repository.pathsEver(head, 'a')).toEqual(['a/record.yaml'])
    expect(await repository.lineChanges(head, ['a/record.yaml'])).toEqual([
      { at: expect.any(Date) as Date, path: 'a/record.yaml', added: ['- id: one'], removed: [] },
      { at: expect.any(Date) as Date, path: 'a/record.yaml', added: [], removed: ['- id: one'] },
    ])
  })

  test('in a shallow clone, commits of the base are not taken for commits of the branch', async () => {
    for (const name of ['a', 'b', 'c']) pushElsewhere(fixture, 'main', name)
    git(fixture.clone, 'push', '-q', 'origin', `${git(fixture.clone, 'rev-parse', 'HEAD')}:refs/heads/mesh-ca/g2-staged`)
    pushElsewhere(fixture, 'mesh-ca/g2-staged', 'ours', 'Stage g2\n\nReroot-Id: g2-staged')
    const shallow = join(fixture.folder, 'shallow')
    git(fixture.folder, 'clone', '-q', '--depth=1', `file://${fixture.remote}`, shallow)
    const repository = await openGitRepository(shallow)
    const base = (await repository.fetch('origin', 'main')) ?? ''
    const head = (await repository.fetch('origin', 'mesh-ca/g2-staged')) ?? ''

    expect((await repository.commitsSince(base, head)).map(({ subject }) => subject)).toEqual(['Stage g2'])
  })
})

describe('whether the base has held what a branch changes', () => {
  test('merged, squashed, edited since, and not at all', async () => {
    const repository = await openGitRepository(fixture.clone)
    const first = pushElsewhere(fixture, 'mesh-ca/one', 'apps/one.yaml')
    pushElsewhere(fixture, 'mesh-ca/two', 'apps/two.yaml')
    pushElsewhere(fixture, 'main', 'apps/other.yaml')
    const held = async (branch: string): Promise<boolean> =>
      repository.hasHeld((await repository.fetch('origin', 'main')) ?? '', (await repository.fetch('origin', branch)) ?? '')

    expect([await held('mesh-ca/one'), await held('mesh-ca/two')]).toEqual([false, false])
    // A squash: the same files, in a commit of its own. Later the file goes on.
    pushElsewhere(fixture, 'main', 'apps/one.yaml', 'one, squashed')
    expect([await held('mesh-ca/one'), await held('mesh-ca/two')]).toEqual([true, false])
    git(fixture.clone, 'pull', '-q')
    git(fixture.clone, 'rm', '-q', 'apps/one.yaml')
    git(fixture.clone, 'commit', '-q', '-m', 'gone again')
    git(fixture.clone, 'push', '-q', 'origin', 'main')
    expect(await held('mesh-ca/one')).toBe(true)
    expect((await repository.commitTime(first)).getTime()).toBeGreaterThan(Date.now() - 120_000)
  })

  test.each(['off', 'combined', 'first-parent'])('merged, whatever people set log.diffMerges to: %s', async (setting) => {
    git(fixture.clone, 'config', 'log.diffMerges', setting)
    git(fixture.clone, 'config', 'log.showRoot', 'false')
    const repository = await openGitRepository(fixture.clone)
    pushElsewhere(fixture, 'mesh-ca/one', 'apps/[one].yaml')
    pushElsewhere(fixture, 'main', 'apps/other.yaml')
    git(fixture.clone, 'pull', '-q')
    git(fixture.clone, 'fetch', '-q')
    git(fixture.clone, 'merge', '-q', '--no-ff', '-m', 'merge', 'origin/mesh-ca/one')
    git(fixture.clone, 'push', '-q', 'origin', 'main')
    const [main, branch] = [await repository.fetch('origin', 'main'), await repository.fetch('origin', 'mesh-ca/one')]

    expect(await repository.hasHeld(main ?? '', branch ?? '')).toBe(true)
    // What came with the first commit of all was added, too.
    expect(await repository.pathsEver(main ?? '', 'apps')).toContain('apps/cart.yaml')
  })
})

test('whether the base has held more paths than fit into the arguments of a program', async () => {
  const path = (index: number): string => `${'a'.repeat(190)}/${index}.yaml`
  const changes = Array.from({ length: 12_000 }, (_, index) => `M 100644 inline ${path(index)}\ndata 1\na\n`).join('')
  const commit = (branch: string, from: string, content: string): string =>
    `commit refs/heads/${branch}\ncommitter a <a@example.com> 1 +0000\ndata 1\na\n${from}${content}\n`
  const start = `from ${git(fixture.clone, 'rev-parse', 'HEAD')}\n`
  const other = `M 100644 inline ${path(11_999)}\ndata 1\nb\n`
  execFileSync('git', ['fast-import', '--quiet'], {
    cwd: fixture.remote,
    input: [
      commit('mesh-ca/many', start, changes),
      commit('squashed', start, changes),
      commit('squashed', '', other),
      commit('without-one', start, changes + other),
    ].join(''),
  })
  const repository = await openGitRepository(fixture.clone)
  const fetch = async (branch: string): Promise<string> => (await repository.fetch('origin', branch)) ?? ''
  const head = await fetch('mesh-ca/many')

  expect(await repository.hasHeld(await fetch('squashed'), head)).toBe(true)
  expect(await repository.hasHeld(await fetch('without-one'), head)).toBe(false)
})

describe('what the history holds', () => {
  test('every line of a file that there ever was, also in a shallow clone, and the clone is whole then', async () => {
    for (const message of ['first', 'second']) pushElsewhere(fixture, 'main', `${message}.yaml`)
    git(fixture.clone, 'pull', '-q')
    put(fixture.clone, 'first.yaml', 'changed\n')
    git(fixture.clone, 'commit', '-q', '-a', '-m', 'changed')
    git(fixture.clone, 'push', '-q', 'origin', 'main')
    const shallow = join(fixture.folder, 'shallow')
    git(fixture.folder, 'clone', '-q', '--depth=1', `file://${fixture.remote}`, shallow)
    const repository = await openGitRepository(shallow)

    const commit = (await repository.fetch('origin', 'main')) ?? ''

    expect(await repository.lineChanges(commit, ['first.yaml', 'none.yaml'])).toEqual([
      { at: expect.any(Date) as Date, path: 'first.yaml', added: ['first.yaml'], removed: [] },
      { at: expect.any(Date) as Date, path: 'first.yaml', added: ['changed'], removed: ['first.yaml'] },
    ])
    expect(await repository.lineChanges(commit, [])).toEqual([])
    const times = (await repository.lineChanges(commit, ['first.yaml'])).map(({ at }) => at.getTime())
    expect(times.every((time) => Math.abs(time - Date.now()) < 60_000)).toBe(true)
  })
})

describe('local branches', () => {
  test("all or none; never one that is checked out, holds others' commits, or has no room", async () => {
    const repository = await openGitRepository(fixture.clone)
    const commit = git(fixture.clone, 'rev-parse', 'HEAD')
    git(fixture.clone, 'checkout', '-q', '-b', 'mine')
    git(fixture.clone, 'commit', '-q', '--allow-empty', '-m', 'mine')
    const before = userState(fixture.clone)
    const attempt = (branch: string): Promise<void> =>
      repository.setLocalBranches([
        { branch: 'mesh-ca/x', commit },
        { branch, commit },
      ])

    await expect(attempt('mine')).rejects.toMatchObject({ code: 'GIT_FAILED', message: expect.stringContaining('is checked out in') })
    await expect(attempt('main/x')).rejects.toMatchObject({ code: 'GIT_FAILED', message: expect.stringContaining('a branch named main') })
    expect(userState(fixture.clone)).toEqual(before)
    git(fixture.clone, 'checkout', '-q', '--detach')
    await expect(attempt('mine')).rejects.toMatchObject({ code: 'FOREIGN_COMMITS', hint: expect.stringMatching(/[0-9a-f]{10} mine/) })
    await attempt('mesh-ca/y')
    await attempt('mesh-ca/y')

    expect(git(fixture.clone, 'rev-parse', 'mesh-ca/x', 'mesh-ca/y')).toBe(`${commit}\n${commit}`)
  })
})

test('a hook gets no identity of the operator', async () => {
  const repository = await openGitRepository(fixture.clone)
  process.env['SOPS_AGE_KEY'] = 'AGE-SECRET-KEY-1'
  mkdirSync(join(fixture.clone, '.git/hooks'), { recursive: true })
  writeFileSync(join(fixture.clone, '.git/hooks/pre-commit'), '#!/bin/sh\nenv\nexit 1\n', { mode: 0o755 })
  const worktree = await repository.openWorktree('HEAD')
  try {
    const error = await worktree
      .commit({ write: new Map([['a', new Uint8Array([10])]]), remove: [], message: 'x' })
      .catch((thrown: unknown) => thrown)

    expect(error).toMatchObject({ hint: expect.stringContaining('GIT_INDEX_FILE') })
    expect((error as { hint: string }).hint).not.toContain('AGE-SECRET-KEY')
  } finally {
    delete process.env['SOPS_AGE_KEY']
    await worktree.dispose()
  }
})
