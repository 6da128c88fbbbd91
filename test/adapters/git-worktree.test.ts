import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { folderFiles } from '../../src/adapters/files.ts'
import { openGitRepository } from '../../src/adapters/git.ts'
import { machine } from '../../src/adapters/temporary-folder.ts'
import { changing, git, hook, makeFixture, put, userState } from './git-fixture.ts'
import type { Fixture } from './git-fixture.ts'
import type { Change, Worktree } from '../../src/ports.ts'

let fixture: Fixture
beforeEach(() => {
  fixture = makeFixture()
})
afterEach(() => fixture.dispose())

async function inWorktree<T>(clone: string, action: (worktree: Worktree) => Promise<T>): Promise<T> {
  const worktree = await (await openGitRepository(clone)).openWorktree(git(clone, 'rev-parse', 'HEAD'))
  try {
    return await action(worktree)
  } finally {
    await worktree.dispose()
  }
}

const commitOf = (change: Change, clone = fixture.clone): Promise<string | null> => inWorktree(clone, (worktree) => worktree.commit(change))

test('paths that differ by case alone are refused on a disk that takes them for one, and read elsewhere', async () => {
  put(fixture.clone, 'apps/Cart.yaml', 'kind: Service\n')
  git(fixture.clone, 'add', '-A')
  git(fixture.clone, 'commit', '-q', '-m', 'twins')
  const twins = (): Promise<readonly string[]> =>
    inWorktree(fixture.clone, async (worktree) => {
      await worktree.folder()
      return worktree.files.list()
    })

  expect(await twins()).toEqual(expect.arrayContaining(['apps/Cart.yaml', 'apps/cart.yaml']))
  // What git notes in a clone on such a disk.
  git(fixture.clone, 'config', 'core.ignorecase', 'true')
  const before = userState(fixture.clone)

  await expect(twins()).rejects.toMatchObject({
    code: 'ENVIRONMENT',
    message: 'paths differ only by upper and lower case, and this disk holds one of them: apps/Cart.yaml and apps/cart.yaml',
    hint: expect.stringContaining('rename one') as string,
  })
  expect(userState(fixture.clone)).toEqual(before)
  expect(readdirSync(fixture.temporary)).toEqual([])
})

describe('a commit that is refused', () => {
  test('by the pre-commit hook: its output is shown, and nothing remains', async () => {
    hook(fixture.clone, 'pre-commit', 'printf "\\033[31mno secrets on fridays\\033[0m\\n"; exit 1')
    const before = userState(fixture.clone)

    await expect(commitOf(changing('a.yaml', 'a: 1\n'))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('hook of yours refused'),
      hint: expect.stringContaining('  no secrets on fridays'),
    })

    expect(userState(fixture.clone)).toEqual(before)
    expect(readdirSync(fixture.temporary)).toEqual([])
  })

  test('by the commit-msg hook', async () => {
    hook(fixture.clone, 'commit-msg', 'echo "error: no ticket" >&2; exit 1')

    await expect(commitOf(changing('a.yaml', 'a: 1\n'))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      hint: 'the hook said:\n  error: no ticket',
    })
  })

  test('because a hook formats a file', async () => {
    hook(fixture.clone, 'pre-commit', 'echo "# formatted" >> a.yaml; git add a.yaml')

    await expect(commitOf(changing('a.yaml', 'a: 1\n'))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: 'a git hook of yours changed what was to be committed: a.yaml',
    })
  })

  test('because a hook adds a file', async () => {
    hook(fixture.clone, 'pre-commit', 'echo x > extra.txt; git add extra.txt')

    await expect(commitOf(changing('a.yaml', 'a: 1\n'))).rejects.toMatchObject({ message: expect.stringContaining('extra.txt') })
  })

  test('because a hook takes a trailer away', async () => {
    hook(fixture.clone, 'commit-msg', 'echo "rewritten" > "$1"')

    await expect(commitOf(changing('a.yaml', 'a: 1\n'))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('Reroot-Id: g2-staged'),
    })
  })

  test('because git does not know who commits', async () => {
    git(fixture.clone, 'config', '--global', '--unset', 'user.email')
    git(fixture.clone, 'config', '--global', 'user.useConfigOnly', 'true')

    await expect(commitOf(changing('a.yaml', 'a: 1\n'))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      hint: expect.stringContaining('git config user.email'),
    })
  })

  test('because it cannot be signed', async () => {
    git(fixture.clone, 'config', 'commit.gpgSign', 'true')
    git(fixture.clone, 'config', 'gpg.program', 'false')

    await expect(commitOf(changing('a.yaml', 'a: 1\n'))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: 'git cannot commit',
      hint: expect.stringContaining('commit.gpgSign'),
    })
  })

  test('because an attribute would change the bytes', async () => {
    put(fixture.clone, '.gitattributes', '*.yaml text\n')
    git(fixture.clone, 'add', '-A')
    git(fixture.clone, 'commit', '-q', '-m', 'attributes')

    await expect(commitOf(changing('sealed.yaml', 'a: 1\r\n'))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: 'git would store other bytes than those that were written: sealed.yaml',
      hint: expect.stringContaining('sealed.yaml -text'),
    })
  })

  test('because a filter would encrypt it', async () => {
    put(fixture.clone, '.gitattributes', '*.yaml filter=rot\n')
    git(fixture.clone, 'config', 'filter.rot.clean', 'tr a-z b-za')
    git(fixture.clone, 'add', '.gitattributes')
    git(fixture.clone, 'commit', '-q', '-m', 'attributes')

    await expect(commitOf(changing('sealed.yaml', 'a: 1\n'))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('other bytes'),
    })
  })

  test.each(['link.yaml', 'linked/cart.yaml'])('because %s leads through a symbolic link', async (path) => {
    symlinkSync('apps/cart.yaml', join(fixture.clone, 'link.yaml'))
    symlinkSync('apps', join(fixture.clone, 'linked'))
    git(fixture.clone, 'add', '-A')
    git(fixture.clone, 'commit', '-q', '-m', 'links')

    await expect(commitOf(changing(path, 'x'))).rejects.toMatchObject({
      code: 'FILE_INVALID',
      message: expect.stringContaining('is a symbolic link'),
    })
  })

  test.each(['../x', '/x', 'a//b', '.git/config', 'a/.GIT/x', 'a\nb', ''])(
    'because %j is no path of the repository: a bug',
    async (path) => {
      await expect(commitOf(changing(path, 'x'))).rejects.toBeInstanceOf(TypeError)
    },
  )
})

describe('a commit', () => {
  test('holds exactly the given files, ignored ones too, and touches nothing of the user', async () => {
    put(fixture.clone, 'README.md', 'mine')
    put(fixture.clone, 'staged.txt', 'mine')
    git(fixture.clone, 'add', 'staged.txt')
    git(fixture.clone, 'checkout', '-q', '--detach')
    const before = userState(fixture.clone)
    const change = {
      write: new Map([['ignored/a.yaml', new TextEncoder().encode('a: 1\r\n')]]),
      remove: ['apps/cart.yaml', 'not/there'],
      message: 'Stage g2\n\n# not a comment\n\nReroot-Id: g2-staged\n',
    }

    const commit = await inWorktree(fixture.clone, async (worktree) => {
      expect(await worktree.ignored(['ignored/a.yaml', 'b.yaml'])).toEqual(['ignored/a.yaml'])
      return worktree.commit(change)
    })

    expect(git(fixture.clone, 'diff-tree', '-r', '--name-status', '--no-commit-id', commit ?? '')).toBe(
      'D\tapps/cart.yaml\nA\tignored/a.yaml',
    )
    expect(git(fixture.clone, 'cat-file', 'blob', `${commit}:ignored/a.yaml`)).toBe('a: 1\r')
    expect(git(fixture.clone, 'show', '--no-patch', '--format=%an <%ae>%n%B', commit ?? '')).toBe(
      'Ada <ada@example.com>\nStage g2\n\n# not a comment\n\nReroot-Id: g2-staged',
    )
    expect(userState(fixture.clone)).toEqual(before)
    expect(readdirSync(fixture.temporary)).toEqual([])
  })

  test('can put a file where a folder was, and the other way round', async () => {
    const bytes = new TextEncoder().encode('x\n')

    const commit = await commitOf({
      ...changing('apps', 'x\n'),
      write: new Map([
        ['apps', bytes],
        ['README.md/x', bytes],
      ]),
      remove: ['apps/cart.yaml', 'README.md'],
    })

    expect(git(fixture.clone, 'diff-tree', '-r', '--no-renames', '--name-status', '--no-commit-id', commit ?? '')).toBe(
      'D\tREADME.md\nA\tREADME.md/x\nA\tapps\nD\tapps/cart.yaml',
    )
  })

  test('is made in a clone that has fetched no file contents', async () => {
    git(fixture.remote, 'config', 'uploadpack.allowFilter', 'true')
    const partial = join(fixture.folder, 'partial')
    git(fixture.folder, 'clone', '-q', '--no-checkout', '--filter=blob:none', `file://${fixture.remote}`, partial)

    const commit = await commitOf(changing('a.yaml', 'a: 1\n'), partial)

    expect(git(partial, 'diff-tree', '-r', '--name-status', '--no-commit-id', commit ?? '')).toBe('A\ta.yaml')
  })

  test('of no change is null, and runs no hook', async () => {
    hook(fixture.clone, 'pre-commit', 'exit 1')

    expect(await commitOf(changing('apps/cart.yaml', 'kind: Deployment\n'))).toBeNull()
  })

  test('knows what the one before it in the same checkout has added', async () => {
    const change = { ...changing('a.yaml', 'a: 1\n'), remove: ['apps/cart.yaml'] }
    const back = { ...changing('apps/cart.yaml', 'kind: Deployment\n'), remove: ['a.yaml'] }

    const [first, again, second] = await inWorktree(fixture.clone, async (worktree) => [
      await worktree.commit(change),
      await worktree.commit(change),
      await worktree.commit(back),
    ])

    expect(git(fixture.clone, 'diff-tree', '-r', '--name-status', '--no-commit-id', first ?? '')).toBe('A\ta.yaml\nD\tapps/cart.yaml')
    expect(again).toBeNull()
    expect(git(fixture.clone, 'rev-parse', `${second}^{tree}`)).toBe(git(fixture.clone, 'rev-parse', 'HEAD^{tree}'))
  })

  test('is made where objects are named by SHA-256', async () => {
    const other = join(fixture.folder, 'sha256')
    git(fixture.folder, 'init', '-q', '--object-format=sha256', other)
    put(other, 'README.md', 'a mesh\n')
    git(other, 'add', '-A')
    git(other, 'commit', '-q', '-m', 'first')

    const commit = await commitOf(changing('a.yaml', 'a: 1\n'), other)

    expect(commit).toMatch(/^[0-9a-f]{64}$/)
    expect(git(other, 'show', `${commit}:a.yaml`)).toBe('a: 1')
  })

  test('is not made again when there is one with the same parent and files', async () => {
    const first = await commitOf(changing('a.yaml', 'a: 1\n'))
    hook(fixture.clone, 'pre-commit', 'exit 1')

    expect(await commitOf({ ...changing('a.yaml', 'a: 1\n'), reuse: first })).toBe(first)
    await expect(commitOf({ ...changing('a.yaml', 'a: 2\n'), reuse: first })).rejects.toMatchObject({ code: 'GIT_FAILED' })
  })

  test('keeps an executable file executable', async () => {
    writeFileSync(join(fixture.clone, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 })
    git(fixture.clone, 'add', '-A')
    git(fixture.clone, 'commit', '-q', '-m', 'run')

    const commit = await commitOf(changing('run.sh', '#!/bin/sh\ntrue\n'))

    expect(git(fixture.clone, 'ls-tree', commit ?? '', 'run.sh')).toMatch(/^100755 /)
  })

  test('runs hooks of a folder that only the checkout of the user has (husky)', async () => {
    put(fixture.clone, '.husky/_/.gitignore', '*')
    writeFileSync(join(fixture.clone, '.husky/_/pre-commit'), '#!/bin/sh\necho husky; exit 1\n', { mode: 0o755 })
    git(fixture.clone, 'config', 'core.hooksPath', '.husky/_')

    await expect(commitOf(changing('a.yaml', 'a: 1\n'))).rejects.toMatchObject({ hint: expect.stringContaining('husky') })
  })

  test('is signed when the user signs', async () => {
    const key = join(fixture.folder, 'key')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    for (const [name, value] of [
      ['gpg.format', 'ssh'],
      ['user.signingkey', `${key}.pub`],
      ['commit.gpgsign', 'true'],
    ] as const)
      git(fixture.clone, 'config', name, value)

    const commit = await commitOf(changing('a.yaml', 'a: 1\n'))

    expect(git(fixture.clone, 'cat-file', 'commit', commit ?? '')).toContain('BEGIN SSH SIGNATURE')
  })
})

describe('the checkout', () => {
  const contents = {
    '.gitattributes': '*.yaml text eol=crlf\n*.id ident\n',
    'lf.yaml': 'a: 1\nb: 2\n',
    'x.id': '$Id$\n',
    'sub/.gitattributes': '*.md eol=crlf\n',
    'sub/a.md': 'x\n',
  }

  test('holds the bytes of the commit, whatever attributes and core.autocrlf say', async () => {
    fixture.dispose()
    fixture = makeFixture(contents)
    git(fixture.clone, 'config', 'core.autocrlf', 'true')

    await inWorktree(fixture.clone, async (worktree) => {
      const folder = await worktree.folder()
      for (const files of [worktree.files, folderFiles(folder)])
        expect(Object.fromEntries(files.list().map((path) => [path, new TextDecoder().decode(files.read(path) ?? undefined)]))).toEqual(
          contents,
        )
      expect(git(folder, 'status', '--porcelain')).toBe('')
    })
  })

  test('a splice in a file with CRLF keeps it so, with core.autocrlf', async () => {
    fixture.dispose()
    fixture = makeFixture({ 'crlf.yaml': 'a: 1\r\n' })
    git(fixture.clone, 'config', 'core.autocrlf', 'true')

    const commit = await commitOf(changing('crlf.yaml', 'a: 1\r\nb: 2\r\n'))

    expect(git(fixture.clone, 'cat-file', 'blob', `${commit}:crlf.yaml`)).toBe('a: 1\r\nb: 2\r')
  })

  test('is full where the user has a sparse one, which stays sparse', async () => {
    git(fixture.clone, 'sparse-checkout', 'set', 'nothing')
    expect(existsSync(join(fixture.clone, 'apps/cart.yaml'))).toBe(false)

    const commit = await inWorktree(fixture.clone, async (worktree) => {
      expect(folderFiles(await worktree.folder()).list()).toEqual(worktree.files.list())
      expect(worktree.files.list()).toContain('apps/cart.yaml')
      return worktree.commit(changing('apps/new.yaml', 'a: 1\n'))
    })

    expect(git(fixture.clone, 'diff-tree', '-r', '--name-status', '--no-commit-id', commit ?? '')).toBe('A\tapps/new.yaml')
    expect(existsSync(join(fixture.clone, 'apps/cart.yaml'))).toBe(false)
  })

  test('leaves submodules and Git LFS pointers alone', async () => {
    git(fixture.clone, 'submodule', '--quiet', 'add', fixture.remote, 'module')
    put(fixture.clone, '.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n')
    put(fixture.clone, 'big.bin', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')
    git(fixture.clone, 'add', '-A')
    git(fixture.clone, 'commit', '-q', '-m', 'module and large file')
    git(fixture.clone, 'config', 'filter.lfs.clean', 'cat')
    git(fixture.clone, 'config', 'filter.lfs.smudge', 'false')
    git(fixture.clone, 'config', 'filter.lfs.required', 'true')

    const commit = await commitOf(changing('a.yaml', 'a: 1\n'))

    expect(git(fixture.clone, 'diff-tree', '-r', '--name-status', '--no-commit-id', commit ?? '')).toBe('A\ta.yaml')
  })

  test.each(['worktree', 'shallow', 'submodule'])('works from a %s', async (kind) => {
    const place = join(fixture.folder, kind)
    if (kind === 'worktree') git(fixture.clone, 'worktree', 'add', '-q', '--detach', place)
    if (kind === 'shallow') git(fixture.folder, 'clone', '-q', '--depth=1', `file://${fixture.remote}`, place)
    if (kind === 'submodule') {
      git(fixture.folder, 'init', '-q', 'super')
      git(join(fixture.folder, 'super'), 'submodule', '--quiet', 'add', fixture.remote, 'module')
    }
    const clone = kind === 'submodule' ? join(fixture.folder, 'super/module') : place
    const before = userState(clone)

    const commit = await commitOf(changing('a.yaml', 'a: 1\n'), clone)

    expect(git(clone, 'cat-file', 'blob', `${commit}:a.yaml`)).toBe('a: 1')
    expect(userState(clone)).toEqual(before)
  })

  test('runs no post-checkout hook', async () => {
    hook(fixture.clone, 'post-checkout', `touch ${join(fixture.folder, 'ran')}`)

    await inWorktree(fixture.clone, (worktree) => worktree.folder())

    expect(existsSync(join(fixture.folder, 'ran'))).toBe(false)
  })

  test('can be disposed of twice', async () => {
    await inWorktree(fixture.clone, async (worktree) => {
      await worktree.folder()
      await worktree.dispose()
      await expect(worktree.folder()).rejects.toBeInstanceOf(TypeError)
    })
  })

  test('of a revision that does not exist leaves nothing', async () => {
    const repository = await openGitRepository(fixture.clone)

    await expect(repository.openWorktree('0'.repeat(40))).rejects.toMatchObject({ code: 'GIT_FAILED' })

    expect(readdirSync(fixture.temporary)).toEqual([])
  })
})

test('a commit whose hook leaves something behind that holds the output open does not wait for it', async () => {
  hook(fixture.clone, 'post-commit', 'sleep 60 & exit 0')
  const start = performance.now()

  expect(await commitOf(changing('a.yaml', 'a: 1\n'))).toMatch(/^[0-9a-f]{40}$/)

  expect(performance.now() - start).toBeLessThan(20_000)
})

describe('leftovers', () => {
  test('of a dead process are removed; those of a living one, and other worktrees, stay', async () => {
    const [dead, living, elsewhere, others] = [
      `reroot-999999999-${machine}-aaaaaa`,
      `reroot-${process.ppid}-${machine}-bbbbbb`,
      'reroot-999999999-00000000-cccccc',
      'mine',
    ].map((name) => join(fixture.temporary, name)) as [string, string, string, string]
    for (const place of [dead, living, elsewhere, others]) git(fixture.clone, 'worktree', 'add', '-q', '--detach', place)
    // A worktree on a disk that is not mounted now must not be pruned.
    const unmounted = join(fixture.folder, 'unmounted')
    git(fixture.clone, 'worktree', 'add', '-q', '--detach', unmounted)
    renameSync(unmounted, `${unmounted}-away`)

    await inWorktree(fixture.clone, async () => {})

    expect([dead, living, elsewhere, others].map((place) => existsSync(place))).toEqual([false, true, true, true])
    expect(git(fixture.clone, 'worktree', 'list')).toContain(unmounted)
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'there are none after %s, even in the middle of a hook',
    async (signal) => {
      hook(fixture.clone, 'pre-commit', `touch ${join(fixture.folder, 'started')}; sleep 30`)
      const script = join(fixture.folder, 'run.mts')
      writeFileSync(script, program(fixture.clone))
      const before = userState(fixture.clone)
      const child = spawn(process.execPath, ['--import', new URL('../../scripts/typescript.js', import.meta.url).href, script], {
        stdio: 'inherit',
      })
      const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_, by) => resolve(by)))
      while (!existsSync(join(fixture.folder, 'started'))) await new Promise((resolve) => setTimeout(resolve, 50))

      child.kill(signal)

      expect(await ended).toBe(signal)
      expect(readdirSync(fixture.temporary).filter((name) => name.startsWith('reroot-'))).toEqual([])
      expect(userState(fixture.clone)).toEqual(before)
    },
    30_000,
  )
})

function program(clone: string): string {
  const adapter = new URL('../../src/adapters/git.ts', import.meta.url).href
  return `import { openGitRepository } from ${JSON.stringify(adapter)}
const worktree = await (await openGitRepository(${JSON.stringify(clone)})).openWorktree('HEAD')
await worktree.commit({ write: new Map([['a', new Uint8Array([10])]]), remove: [], message: 'x' })
`
}
