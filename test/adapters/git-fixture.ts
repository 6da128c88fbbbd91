import { chmodSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execFileSync } from 'node:child_process'

/** A remote and a clone of it, in a folder of their own, with a home and a temporary folder of their own. */
export interface Fixture {
  readonly folder: string
  readonly remote: string
  readonly clone: string
  /** Where the worktrees of this test land. */
  readonly temporary: string
  dispose(): void
}

const files = { 'apps/cart.yaml': 'kind: Deployment\n', 'README.md': 'a mesh\n', '.gitignore': 'ignored/\n' }

/** Sets HOME, TMPDIR and git's configuration of this process to the fixture's, so that nothing of the machine's plays a part. */
export function makeFixture(tree: Readonly<Record<string, string | Uint8Array>> = files): Fixture {
  const folder = realpathSync(mkdtempSync(join(originalTemporary, 'git-test-')))
  const [remote, clone, temporary] = [join(folder, 'remote.git'), join(folder, 'clone'), join(folder, 'tmp')]
  mkdirSync(temporary)
  const config = join(folder, 'gitconfig')
  writeFileSync(
    config,
    '[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n',
  )
  const before = { ...process.env }
  Object.assign(process.env, { HOME: folder, TMPDIR: temporary, GIT_CONFIG_GLOBAL: config, GIT_CONFIG_NOSYSTEM: '1' })
  const dispose = (): void => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    git(folder, 'init', '-q', '--bare', remote)
    git(folder, 'init', '-q', clone)
    git(clone, 'remote', 'add', 'origin', remote)
    for (const [path, content] of Object.entries(tree)) put(clone, path, content)
    git(clone, 'add', '-A', '-f')
    git(clone, 'commit', '-q', '-m', 'first')
    git(clone, 'push', '-q', '-u', 'origin', 'main')
  } catch (error) {
    // Other test files share this process.
    dispose()
    throw error
  }
  return { folder, remote, clone, temporary, dispose }
}

const originalTemporary = tmpdir()

export function git(directory: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).replace(/\n+$/, '')
}

export function put(directory: string, path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), content)
}

export function hook(repository: string, name: string, script: string): void {
  const path = repository.endsWith('.git') ? join('hooks', name) : join('.git/hooks', name)
  put(repository, path, `#!/bin/sh\n${script}\n`)
  chmodSync(join(repository, path), 0o755)
}

/** All that the user would see: refs, HEAD, the index, the changes and the stash. */
export function userState(clone: string): readonly string[] {
  return [
    git(clone, 'for-each-ref', 'refs/heads', 'refs/tags', 'refs/stash'),
    git(clone, 'rev-parse', 'HEAD'),
    git(clone, 'ls-files', '--stage'),
    git(clone, 'status', '--porcelain', '--ignored'),
    git(clone, 'worktree', 'list', '--porcelain'),
  ]
}

/** A commit on the remote's branch, made by someone else. */
export function pushElsewhere(fixture: Fixture, branch: string, path: string, message = 'by someone else'): string {
  const other = join(fixture.folder, `other-${readdirSync(fixture.folder).length}`)
  git(fixture.folder, 'clone', '-q', fixture.remote, other)
  const exists = git(other, 'branch', '-r', '--list', `origin/${branch}`) !== ''
  git(other, 'checkout', '-q', ...(exists ? [branch] : ['-b', branch]))
  put(other, path, `${path}\n`)
  git(other, 'add', '-A')
  git(other, 'commit', '-q', '-m', message)
  git(other, 'push', '-q', 'origin', branch)
  return git(other, 'rev-parse', 'HEAD')
}

export function changing(
  path: string,
  content: string,
  message = `Stage g2\n\nReroot-Id: g2-staged\n`,
): { write: Map<string, Uint8Array>; remove: string[]; message: string } {
  return { write: new Map([[path, new TextEncoder().encode(content)]]), remove: [], message }
}
