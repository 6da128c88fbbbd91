import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { sha256, RerootError } from '../base/index.ts'
import { endRunningGit } from './git-process.ts'
import type { Git } from './git-process.ts'

/** A temporary folder that git knows as a worktree while it is registered, and that does not outlive the process. */
export interface WorktreeFolder {
  readonly directory: string
  /** Takes the folder from the disk and from git's list. Safe to call twice. */
  remove(): Promise<void>
}

/** Makes the (empty) folder. Its name holds this process and this machine, so that a later run knows whether it is still in use. */
export async function makeWorktreeFolder(git: Git): Promise<WorktreeFolder> {
  const directory = await makeFolder()
  const lease: Lease = { directory, git }
  hold(lease)
  return {
    directory,
    async remove() {
      if (!held.has(lease)) return
      await git.run(['worktree', 'remove', '--force', '--force', directory])
      await rm(directory, { recursive: true, force: true, maxRetries: 3 })
      release(lease)
    },
  }
}

/** Removes the worktrees that crashed runs left behind on this machine. Those of living processes, and the user's own, stay. */
export async function removeLeftovers(git: Git): Promise<void> {
  const list = await git.read(['worktree', 'list', '--porcelain'])
  for (const line of list.split('\n')) {
    const directory = /^worktree (.*)$/.exec(line)?.[1]
    if (directory === undefined || !isLeftover(basename(directory))) continue
    await git.run(['worktree', 'remove', '--force', '--force', directory])
    await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  }
}

const machine = sha256(hostname()).slice(0, 8)

async function makeFolder(): Promise<string> {
  try {
    // git lists worktrees by their real path; on macOS the temporary folder is a link.
    return await realpath(await mkdtemp(join(tmpdir(), `reroot-${process.pid}-${machine}-`)))
  } catch (error) {
    throw new RerootError('ENVIRONMENT', `cannot make a temporary folder in ${tmpdir()}`, {
      hint: 'free some space there, or set TMPDIR',
      cause: error,
    })
  }
}

function isLeftover(name: string): boolean {
  const [, pid, host] = /^reroot-(\d+)-([0-9a-f]{8})-[A-Za-z0-9]{6}$/.exec(name) ?? []
  return pid !== undefined && host === machine && !isAlive(Number(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

interface Lease {
  readonly directory: string
  readonly git: Git
}

const held = new Set<Lease>()
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function hold(lease: Lease): void {
  if (held.size === 0) {
    for (const signal of signals) process.on(signal, leave)
    process.on('exit', removeAllNow)
  }
  held.add(lease)
}

function release(lease: Lease): void {
  held.delete(lease)
  if (held.size > 0) return
  for (const signal of signals) process.off(signal, leave)
  process.off('exit', removeAllNow)
}

function leave(signal: NodeJS.Signals): void {
  endRunningGit()
  removeAllNow()
  // With the handlers gone the signal means what it means for everyone else: death by that signal.
  process.kill(process.pid, signal)
}

function removeAllNow(): void {
  for (const lease of held) {
    try {
      rmSync(lease.directory, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 })
    } finally {
      lease.git.runSync(['worktree', 'remove', '--force', '--force', lease.directory])
      release(lease)
    }
  }
}
