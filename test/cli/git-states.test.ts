import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Forge, readRefs } from '../support/forge.ts'
import { environmentOf } from '../support/sandbox.ts'
import type { Sandbox } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

const failed = { exitCode: 4, code: 'GIT_FAILED' } as const
const branch = 'mesh-ca/g2-staged'

/** Another clone than the user's first. */
function cloned(sandbox: Sandbox, name: string, ...args: readonly string[]): Forge {
  const folder = join(sandbox.folder, name)
  sandbox.git('clone', '--quiet', '--template=', ...args, `file://${sandbox.forge.directory}`, folder)
  return new Forge(folder, environmentOf(sandbox.folder))
}

test('no clone, a bare one, and one without a remote', async () => {
  const sandbox = await sandboxIn('staged')

  for (const args of [['promote'], ['status']]) {
    await sandbox.refuses(args, {
      ...failed,
      cwd: sandbox.certs,
      says: [`${sandbox.certs} is not in a git repository`, 'hint: run reroot in a clone'],
    })
    await sandbox.refuses(args, {
      ...failed,
      cwd: sandbox.forge.directory,
      says: ['has no working tree (a bare repository', 'an ordinary clone'],
    })
  }
  sandbox.git('remote', 'remove', 'origin')
  await sandbox.refuses(['promote'], { exitCode: 3, code: 'REFUSED', says: ['this clone has no remote origin', '--no-push'] })
})

test('status in a clone whose remote has another name says that it reads a branch which may be old', async () => {
  const sandbox = await sandboxIn('staged')
  const clone = cloned(sandbox, 'named', '--origin=upstream')
  const cwd = clone.directory
  const warning = /^warning: this clone has no remote origin,.* but upstream: .*its own branch main is read, which may be old/m

  for (const args of [['status'], ['status', '--output', 'json'], ['promote', '--no-push', '--dry-run']])
    expect((await sandbox.does(args, { cwd })).stderr).toMatch(warning)
  await sandbox.refuses(['promote'], { cwd, exitCode: 3, code: 'REFUSED', says: ['this clone has no remote origin'] })

  // The clone is all that there is.
  clone.text('remote', 'remove', 'upstream')
  expect((await sandbox.does(['status'], { cwd })).stderr).toBe('')
})

const places: readonly (readonly [string, (sandbox: Sandbox) => Forge])[] = [
  [
    'a linked worktree on another branch, dirty',
    (sandbox) => {
      const folder = join(sandbox.folder, 'side')
      sandbox.git('worktree', 'add', '--quiet', '-b', 'side', folder)
      writeFileSync(join(folder, 'README.md'), 'half a thought\n')
      return new Forge(folder, environmentOf(sandbox.folder))
    },
  ],
  [
    'a shallow and sparse clone',
    (sandbox) => {
      const clone = cloned(sandbox, 'shallow', '--depth=1')
      clone.text('sparse-checkout', 'set', 'apps')
      return clone
    },
  ],
  [
    'a submodule',
    (sandbox) => {
      const above = cloned(sandbox, 'above')
      above.text('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', sandbox.forge.directory, 'platform')
      return new Forge(join(above.directory, 'platform'), environmentOf(sandbox.folder))
    },
  ],
]

test.each(places)('%s serves as well as any other, and stays as it is', async (_, prepare) => {
  const sandbox = await sandboxIn('staged')
  const place = prepare(sandbox)
  const state = (): readonly string[] =>
    [
      ['status', '--porcelain'],
      ['rev-parse', 'HEAD'],
      ['for-each-ref', 'refs/heads'],
      ['worktree', 'list'],
      ['ls-files', '-t'],
    ].map((args) => place.text(...args))
  const before = state()

  await sandbox.does(['promote'], { cwd: place.directory })

  expect(state()).toEqual(before)
  expect(sandbox.forge.branches()).toContain('mesh-ca/g2-promoted')
})

test('what a remote says no to, and what to do about it: a protected branch, a rule against force pushes, a full disk', async () => {
  const sandbox = await sandboxIn('staged')

  sandbox.hook('pre-receive', 'echo "error: GH006: Protected branch update failed" >&2; exit 1', 'remote')
  await sandbox.refuses(['promote'], {
    ...failed,
    says: ['origin refused mesh-ca/g2-promoted: pre-receive hook declined; nothing was pushed', 'choose another git.branchPrefix', 'GH006'],
  })
  sandbox.hook('pre-receive', 'exit 0', 'remote')
  await sandbox.does(['promote'])
  sandbox.forge.push({ 'README.md': 'moved on\n' })
  sandbox.forge.text('config', 'receive.denyNonFastForwards', 'true')
  await sandbox.refuses(['promote'], {
    ...failed,
    says: ['origin refused mesh-ca/g2-promoted: non-fast-forward', 'delete it there and run the same'],
  })
})

test('a branch that is made at the remote while it is being pushed is left alone', async () => {
  const sandbox = await sandboxIn('staged')
  const remote = sandbox.forge.directory
  sandbox.hook('pre-push', `git -C ${remote} update-ref refs/heads/mesh-ca/g2-promoted refs/heads/main`)

  const { exitCode, stderr } = await sandbox.run(['promote'])

  expect([exitCode, stderr]).toEqual([
    4,
    expect.stringContaining('mesh-ca/g2-promoted on origin was changed by someone else in the meantime'),
  ])
  expect(stderr).toContain('hint: run the same command again')
  expect(readRefs(remote).get('refs/heads/mesh-ca/g2-promoted')).toBe(readRefs(remote).get('refs/heads/main'))
  expect(readdirSync(sandbox.temporary)).toEqual([])
})

test('of two operators who stage at once the second keeps the certificates of the first', async () => {
  const sandbox = await sandboxIn('initialised')
  const remote = sandbox.forge.directory
  const other = cloned(sandbox, 'other')
  await sandbox.does(['stage'], { as: sandbox.operator, cwd: other.directory })
  const theirs = readRefs(remote).get(`refs/heads/${branch}`)
  // It reaches the remote while the other operator's certificates are made: before their commit.
  sandbox.forge.text('update-ref', '-d', `refs/heads/${branch}`)
  sandbox.hook('pre-commit', `unset $(git rev-parse --local-env-vars); git -C ${remote} update-ref refs/heads/${branch} ${theirs ?? ''}`)
  const before = sandbox.everything()

  const { exitCode, stderr } = await sandbox.run(['stage'], { as: sandbox.operator })
  const again = await sandbox.does(['stage'])

  expect([exitCode, stderr]).toEqual([
    4,
    expect.stringContaining(`${branch} on origin was changed by someone else in the meantime; nothing was pushed`),
  ])
  expect(again.stderr).toContain(`taking up ${branch} again`)
  expect({ ...sandbox.everything(), remote: null }).toEqual({ ...before, remote: null })
  expect(readRefs(remote).get(`refs/heads/${branch}`)).toBe(theirs)
})

/** The last merge into main is reverted, as a forge does it. */
function takeBack({ forge }: Sandbox): void {
  const [main, before] = forge.text('rev-parse', 'main', 'main^1').split('\n')
  forge.text('update-ref', 'refs/heads/main', forge.text('commit-tree', `${before}^{tree}`, '-p', main ?? '', '-m', 'Revert'))
}

test('a merge that was reverted: no number and no id is used again, since pods may still carry them', async () => {
  const promoted = await sandboxIn('promoted')
  const staged = await sandboxIn('staged')
  takeBack(promoted)
  takeBack(staged)

  const again = await promoted.takes(['promote', '--confirmed', 'looked'], 'mesh-ca/g2-promoted.2')
  const next = await staged.does(['stage'], { as: staged.operator })

  expect(again.stdout).toContain('Reroot-Id: g2-promoted.2')
  expect(promoted.forge.file('mesh-ca/clusters/prod/record.yaml')).toContain('id: g2-promoted.2')
  expect(next.stdout).toContain('Reroot-Id: g3-staged')
})

test('a file in the way of reroot’s directory: a submodule of its name', async () => {
  const sandbox = await sandboxIn('fresh')
  const commit = sandbox.forge.text('rev-parse', 'main')
  sandbox.forge.git(
    ['fast-import', '--quiet', '--force'],
    `commit refs/heads/main\ncommitter B <b@shop.example> 1 +0000\ndata 1\nx\nfrom ${commit}\nM 160000 ${commit} mesh-ca\n`,
  )

  const { exitCode, stderr } = await sandbox.run(sandbox.initArguments(), { as: sandbox.operator })

  expect([exitCode, stderr]).toEqual([4, expect.stringContaining('choose a --directory outside of it')])
  expect(sandbox.forge.branches()).toEqual(['main'])
})
