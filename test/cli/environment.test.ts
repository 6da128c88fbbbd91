import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { built } from '../support/built.ts'
import { filesBelow } from '../support/forge.ts'
import { environmentOf } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

test('a disk without room, as a limit on files shows it: in what reroot writes, and in what git writes', async () => {
  const staging = await sandboxIn('initialised')
  // The only file of its repository that is larger than what reroot writes.
  staging.forge.push({ 'mesh-ca/reroot.schema.json': null })
  await staging.refuses(['stage'], {
    as: staging.operator,
    shell: 'ulimit -f 16; exec "$@"',
    exitCode: 4,
    code: 'ENVIRONMENT',
    says: [/cannot write \S+\.sops\.yaml \(EFBIG\)/, 'hint: a file must not grow that large here'],
  })

  const retiring = await sandboxIn('promoted')
  await retiring.refuses(['retire'], {
    shell: 'ulimit -f 40; exec "$@"',
    exitCode: 4,
    code: 'GIT_FAILED',
    says: ['cannot check the commit out into a temporary folder', 'hint: a file must not grow that large here', 'git was ended by SIGXFSZ'],
  })
})

const mounting = (mount: string): string => `exec unshare --user --map-root-user --mount sh -ec '${mount}; exec "$@"' sh "$@"`
const mayMount = spawnSync('sh', ['-c', mounting('mount -t tmpfs none /mnt'), 'sh', 'true']).status === 0
if (!mayMount) console.warn('skipped: full and read-only disks: this user may not mount anything in a namespace of its own (unshare)')

test.skipIf(!mayMount).each([
  [
    'no room for the temporary checkout',
    'mount -t tmpfs -o size=64k none "$TMPDIR"',
    'GIT_FAILED',
    /cannot check the commit out into a temporary folder/,
    /hint: git could not write: see that there is room, .* in the temporary folder \(TMPDIR\)/,
  ],
  [
    'a read-only folder for temporary files',
    'mount -t tmpfs -o ro none "$TMPDIR"',
    'ENVIRONMENT',
    /cannot make a temporary folder in \S+ \(EROFS\)/,
    /hint: /,
  ],
  [
    'a clone that is read-only',
    'mount --bind .git .git; mount -o remount,bind,ro .git',
    'GIT_FAILED',
    /Read-only file system/,
    /hint: git could not write: see that there is room, and that you may write, in the \.git folder/,
  ],
])('%s: refused, and nothing is left', async (_, mount, code, said, hint) => {
  const sandbox = await sandboxIn('staged')

  await sandbox.refuses(['promote'], { shell: mounting(mount), exitCode: 4, code, says: [said, hint] })
})

test.skipIf(!mayMount)('no room for the temporary checkout is told before keys are made, and stops nobody who only reads', async () => {
  const sandbox = await sandboxIn('initialised')
  const shell = mounting('mount -t tmpfs -o size=64k none "$TMPDIR"')

  const { stderr } = await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    shell,
    exitCode: 4,
    code: 'GIT_FAILED',
    says: ['cannot check the commit out into a temporary folder'],
  })
  expect(stderr).not.toMatch(/making the keys|made the root/)
  await sandbox.does(['status'], { shell })
  await sandbox.does(['stage', '--dry-run', '--out', join(sandbox.folder, 'plan')], { as: sandbox.operator, shell })
})

test('who only looks, and who gives a flag that cannot be, checks nothing out', async () => {
  const sandbox = await sandboxIn('initialised')
  const log = join(sandbox.folder, 'git.log')
  const bin = join(sandbox.folder, 'bin')
  const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
  mkdirSync(bin)
  writeFileSync(join(bin, 'git'), `#!/bin/sh\necho "$@" >> ${log}\nexec ${git} "$@"\n`, { mode: 0o755 })
  const environment = { PATH: `${bin}:${process.env['PATH'] ?? ''}` }
  const asked = (): string => readFileSync(log, 'utf8')

  await sandbox.does(['status'], { environment })
  await sandbox.does(['stage', '--dry-run', '--out', join(sandbox.folder, 'plan')], { as: sandbox.operator, environment })
  await sandbox.refuses(['stage', '--gate-passed', 'nowhere=2026-11-23T09:00:00Z'], { environment, exitCode: 2, code: 'USAGE', says: [] })
  expect(asked()).toContain('cat-file --batch')
  expect(asked()).not.toMatch(/worktree add|read-tree/)

  const { stderr } = await sandbox.does(['replace', '--confirmed', 'seen', '--no-push'], { as: sandbox.operator, environment })
  expect(asked()).toMatch(/worktree add/)
  expect(stderr).toContain('note: --confirmed is not recorded: nothing of this replace waits for a word')
})

test('a TMPDIR that is not there, or is a file', async () => {
  const sandbox = await sandboxIn('staged')
  const environment = (name: string) => ({ TMPDIR: join(sandbox.folder, name) })
  writeFileSync(join(sandbox.folder, 'file'), '')
  const failed = { exitCode: 4, code: 'ENVIRONMENT' } as const

  await sandbox.refuses(['promote'], {
    ...failed,
    environment: environment('nowhere'),
    says: [/cannot make a temporary folder in \S+nowhere \(ENOENT\)/, 'hint: make that folder, or let TMPDIR name one that is there'],
  })
  await sandbox.refuses(['promote'], {
    ...failed,
    environment: environment('file'),
    says: [/cannot make a temporary folder in \S+file \(ENOTDIR\)/],
  })
})

test('the language, the character set and the home of the user change nothing of what is made', async () => {
  const sandbox = await sandboxIn('staged')
  sandbox.git('config', 'user.name', 'Ada Platform')
  sandbox.git('config', 'user.email', 'ada@shop.example')
  const made = async (place: string, shell: string): Promise<Readonly<Record<string, string>>> => {
    const out = join(sandbox.folder, place)
    await sandbox.does(['promote', '--dry-run', '--out', out], { shell, environment: { LANG: 'de_DE.UTF-8', LANGUAGE: 'de' } })
    return Object.fromEntries(filesBelow(out).map((path) => [path.slice(out.length), readFileSync(path, 'utf8')]))
  }

  const plain = await made('plain', 'exec "$@"')
  const other = await made('other', 'unset HOME; LC_ALL=tr_TR.UTF-8; export LC_ALL; exec "$@"')

  expect(Object.keys(plain).length).toBeGreaterThan(10)
  expect(other).toEqual(plain)
})

test('what init would ask is refused where there is no terminal, with the flag that answers', async () => {
  const sandbox = await sandboxIn('fresh')

  await sandbox.refuses(['init', '--mesh', 'shop', '--from', '../certs'], {
    exitCode: 2,
    code: 'USAGE',
    says: ['init must know the age recipient', 'hint: give it with --'],
  })
})

test('a reader that has seen enough stops nothing', async () => {
  const sandbox = await sandboxIn('staged')

  const { exitCode, stdout, stderr } = await sandbox.run(['promote'], { shell: '"$@" | head -n 1' })

  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^# [^\n]*\n$/)])
  expect(stderr).toContain('pushed mesh-ca/g2-promoted to origin')
  expect(stderr).not.toContain('error')
})

test.skipIf(!existsSync('/dev/full'))('output that is lost is an error, and the same command prints it anew', async () => {
  const sandbox = await sandboxIn('staged')

  const lost = await sandbox.run(['promote'], { shell: '"$@" >/dev/full' })
  const again = await sandbox.does(['promote'])

  expect([lost.exitCode, lost.stderr]).toEqual([
    4,
    expect.stringContaining('error: the output could not be written (ENOSPC) [ENVIRONMENT]\nhint: '),
  ])
  expect(again.stdout).toContain('Reroot-Id: g2-promoted')
  expect(again.stderr).toContain('nothing was pushed')
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s while it pushes: nothing is pushed, nothing is left', async (signal) => {
  const sandbox = await sandboxIn('staged')
  const started = join(sandbox.folder, 'started')
  sandbox.hook('pre-push', `touch ${started}; sleep 2`)
  const before = sandbox.everything()
  const running = execa(process.execPath, ['--no-opt', built().file, 'promote'], {
    cwd: sandbox.clone,
    env: environmentOf(sandbox.folder),
    extendEnv: false,
    reject: false,
  })
  while (!existsSync(started)) await setTimeout(20)

  running.kill(signal)
  const ended = await running

  expect(ended.signal).toBe(signal)
  expect(filesBelow(sandbox.temporary)).toEqual([])
  expect({ ...sandbox.everything(), files: null }).toEqual({ ...before, files: null })
})
