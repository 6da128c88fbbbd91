import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openGitRepository } from '../../src/adapters/git.ts'
import { deliver, inspectBranch } from '../../src/run/deliver.ts'
import type { Branch, Delivered } from '../../src/run/deliver.ts'
import type { GitRepository } from '../../src/ports.ts'
import { git, hook, makeFixture, pushElsewhere, userState } from '../adapters/git-fixture.ts'
import type { Fixture } from '../adapters/git-fixture.ts'

let fixture: Fixture
let repository: GitRepository
beforeEach(async () => {
  fixture = makeFixture()
  repository = await openGitRepository(fixture.clone)
})
afterEach(() => fixture.dispose())

function branch(name: string, path: string, content = `${name}\n`): Branch {
  return {
    name: `mesh-ca/${name}`,
    write: new Map([[path, new TextEncoder().encode(content)]]),
    remove: [],
    message: `Stage g2 (${name})\n\nReroot-Step: stage\nReroot-Id: ${name}\n`,
    id: name,
  }
}

const one = [branch('g2-staged', 'a.yaml')]
const two = [branch('g2-staged', 'a.yaml'), branch('g2-staged-2-waves', 'b.yaml')]

interface Options {
  readonly push?: boolean
  readonly remote?: string | null
  readonly existing?: ReadonlyMap<string, string | null>
}

/** What a command does: fetch, inspect, deliver. */
async function run(branches: readonly Branch[], options: Options = {}): Promise<readonly Delivered[]> {
  const base = (await repository.fetch('origin', 'main')) ?? ''
  const existing = new Map<string, string | null>()
  for (const { name } of branches) existing.set(name, (await inspectBranch(repository, 'origin', name, base, 'mesh-ca'))?.commit ?? null)
  const worktree = await repository.openWorktree(base)
  return deliver({ git: repository, worktree, remote: 'origin', base, branches, push: true, existing, ...options })
}

const remoteBranches = (): string => git(fixture.remote, 'for-each-ref', '--format=%(refname:short) %(objectname)')

/** Runs what must fail, and asserts that nothing of it remains. */
async function failing(action: () => Promise<unknown>): Promise<unknown> {
  const before = [userState(fixture.clone), remoteBranches()]
  const error: unknown = await action().then(
    () => 'no error',
    (thrown: unknown) => thrown,
  )
  expect([userState(fixture.clone), remoteBranches()]).toEqual(before)
  expect(readdirSync(fixture.temporary)).toEqual([])
  return error
}

describe('nothing remains', () => {
  test('when there is nowhere to push to', async () => {
    expect(await failing(() => run(one, { remote: null }))).toMatchObject({ code: 'REFUSED', hint: expect.stringContaining('--no-push') })
  })

  test('when a hook refuses the second commit', async () => {
    hook(fixture.clone, 'pre-commit', 'test ! -e b.yaml')

    expect(await failing(() => run(two))).toMatchObject({ code: 'GIT_FAILED', message: expect.stringContaining('hook of yours') })
    expect(await failing(() => run(two, { push: false }))).toMatchObject({ code: 'GIT_FAILED' })
  })

  test('when the pre-push hook refuses', async () => {
    hook(fixture.clone, 'pre-push', 'echo "not today"; exit 1')

    expect(await failing(() => run(one))).toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('pre-push hook'),
      hint: expect.stringContaining('not today'),
    })
  })

  test('when the remote protects one of two branches', async () => {
    hook(fixture.remote, 'update', 'case "$1" in *waves) echo "protected branch"; exit 1;; esac')

    expect(await failing(() => run(two))).toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringMatching(/origin refused mesh-ca\/g2-staged-2-waves: .*hook declined/),
      hint: expect.stringContaining('protected branch'),
    })
  })

  test('when the remote refuses everything', async () => {
    hook(fixture.remote, 'pre-receive', 'echo "GitLab: you are not allowed to push"; exit 1')

    expect(await failing(() => run(one))).toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('pre-receive hook declined'),
      hint: expect.stringContaining('not allowed to push'),
    })
  })

  test.each([
    ['appeared', null],
    ['was moved', 'moved'],
  ])('when the branch %s in the meantime', async (_, kind) => {
    if (kind !== null) await run(one)
    const expected = kind === null ? null : git(fixture.remote, 'rev-parse', 'mesh-ca/g2-staged')
    pushElsewhere(fixture, 'mesh-ca/g2-staged', 'theirs')

    const error = await failing(() => runAgainst(expected, [branch('g2-staged', 'a.yaml', 'other\n')]))

    expect(error).toMatchObject({
      code: 'GIT_FAILED',
      message: 'mesh-ca/g2-staged on origin was changed by someone else in the meantime; nothing was pushed',
    })
  })

  test.each(['mesh-ca', 'mesh-ca/g2-staged/theirs'])('when the remote has a branch %s', async (name) => {
    pushElsewhere(fixture, name, 'theirs')

    expect(await failing(() => run(one))).toMatchObject({
      code: 'GIT_FAILED',
      exitCode: 4,
      message: expect.stringContaining(`a branch named ${name}`),
      hint: expect.stringContaining('branchPrefix'),
    })
  })

  test('when the clone has a branch mesh-ca, and the branch stays here', async () => {
    git(fixture.clone, 'branch', 'mesh-ca')

    expect(await failing(() => run(one, { push: false }))).toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('this clone has a branch named mesh-ca'),
    })
  })

  test('when others have committed to the branch', async () => {
    await run(one)
    pushElsewhere(fixture, 'mesh-ca/g2-staged', 'theirs', 'a fix by hand')

    expect(await failing(() => run(one))).toMatchObject({
      code: 'FOREIGN_COMMITS',
      exitCode: 3,
      hint: expect.stringMatching(/[0-9a-f]{10} a fix by hand/),
    })
  })

  test('when the branch is of another mesh: reroot made it for another directory', async () => {
    const message = 'Stage g2\n\nReroot-Step: stage\nReroot-Id: g2-staged\nReroot-Directory: mesh-ca-us\n'
    await run([{ ...branch('g2-staged', 'a.yaml'), message }])

    expect(await failing(() => run(one))).toMatchObject({
      code: 'FOREIGN_COMMITS',
      exitCode: 3,
      message: expect.stringContaining('reroot made it for mesh-ca-us'),
      hint: expect.stringContaining('branchPrefix'),
    })
  })

  test('when the message lacks its trailer: a bug', async () => {
    expect(await failing(() => run([{ ...branch('g2-staged', 'a'), message: 'Stage' }]))).toBeInstanceOf(TypeError)
  })
})

async function runAgainst(expected: string | null, branches: readonly Branch[]): Promise<unknown> {
  const base = (await repository.fetch('origin', 'main')) ?? ''
  const existing = new Map(branches.map(({ name }) => [name, expected]))
  return deliver({ git: repository, worktree: await repository.openWorktree(base), remote: 'origin', base, branches, push: true, existing })
}

describe('branches', () => {
  test('are stacked, pushed whole, and leave no trace in the clone', async () => {
    const before = userState(fixture.clone)

    const [first, second] = await run(two)

    expect([first, second].map((made) => made?.pushed)).toEqual([true, true])
    expect(git(fixture.remote, 'rev-parse', 'mesh-ca/g2-staged', 'mesh-ca/g2-staged-2-waves')).toBe(`${first?.commit}\n${second?.commit}`)
    expect(git(fixture.remote, 'rev-parse', 'mesh-ca/g2-staged-2-waves^', 'mesh-ca/g2-staged^')).toBe(
      `${first?.commit}\n${git(fixture.remote, 'rev-parse', 'main')}`,
    )
    expect(userState(fixture.clone)).toEqual(before)
    expect(readdirSync(fixture.temporary)).toEqual([])
  })

  test('are pushed though an old remote-tracking ref stands in the way', async () => {
    git(fixture.clone, 'update-ref', 'refs/remotes/origin/mesh-ca', 'HEAD')

    await runAgainst(null, one)

    expect(remoteBranches()).toContain('mesh-ca/g2-staged')
  })

  test('that are the same are not pushed again', async () => {
    const made = await run(two)
    hook(fixture.remote, 'pre-receive', 'exit 1')
    hook(fixture.clone, 'pre-commit', 'exit 1')

    expect(await run(two)).toEqual(made.map((each) => ({ ...each, pushed: false, unchanged: true })))
  })

  test('are replaced when the base or a file has changed; a first one that is the same stays', async () => {
    const [first, second] = await run(two)

    const third = await run([two[0] as Branch, branch('g2-staged-2-waves', 'b.yaml', 'new\n')])
    pushElsewhere(fixture, 'main', 'theirs')
    const fourth = await run(two)

    expect(third[0]).toMatchObject({ commit: first?.commit, pushed: false, unchanged: true })
    expect(third[1]?.commit).not.toBe(second?.commit)
    expect(fourth.map(({ pushed }) => pushed)).toEqual([true, true])
    expect(git(fixture.remote, 'rev-parse', 'mesh-ca/g2-staged^')).toBe(git(fixture.remote, 'rev-parse', 'main'))
  })

  test('stay here with --no-push, and move when they are made anew', async () => {
    await run(one, { push: false })
    const [again] = await run([branch('g2-staged', 'a.yaml', 'new\n')], { push: false, remote: null })

    expect(again).toMatchObject({ pushed: false, unchanged: false })
    expect(git(fixture.clone, 'rev-parse', 'mesh-ca/g2-staged')).toBe(again?.commit)
    expect(remoteBranches()).not.toContain('mesh-ca')
  })

  test('whose files are all in the base are not made', async () => {
    const [made] = await run([branch('g2-staged', 'README.md', 'a mesh\n')])

    expect(made).toMatchObject({ pushed: false, unchanged: true, commit: git(fixture.remote, 'rev-parse', 'main') })
    expect(remoteBranches()).not.toContain('mesh-ca')
  })
})

test("a branch of reroot's on an old base is its own", async () => {
  await run(two)
  pushElsewhere(fixture, 'main', 'theirs')
  const base = (await repository.fetch('origin', 'main')) ?? ''

  expect(await inspectBranch(repository, 'origin', 'mesh-ca/g2-staged-2-waves', base, 'mesh-ca')).toEqual({
    commit: git(fixture.remote, 'rev-parse', 'mesh-ca/g2-staged-2-waves'),
  })
  expect(await inspectBranch(repository, 'origin', 'mesh-ca/nothing', base, 'mesh-ca')).toBeNull()
})
