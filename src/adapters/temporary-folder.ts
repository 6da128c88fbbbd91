import { mkdtempSync, readFileSync, readlinkSync, realpathSync, rmdirSync } from 'node:fs'
import { readdir, readFile, rename } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { sha256, RerootError } from '../base/index.ts'
import { beforeTheEnd } from './before-the-end.ts'
import { removeFolder, removeFolderNow } from './remove-folder.ts'
import { writingHint } from './writing-hint.ts'

/** A temporary folder that does not outlive the process. */
export interface TemporaryFolder {
  readonly directory: string
  /** Takes the folder from the disk, and from git's registry. Safe to call twice. */
  remove(): Promise<void>
  /** Lets it outlive the process, under another name. @returns its new path. */
  keepAs(prefix: string): Promise<string>
}

/**
 * Makes the (empty) folder. Its name holds this process and this machine, so that a later run knows whether it is still in use.
 * @param registry the folder in which git will keep an entry of the same name for it (`.git/worktrees`), if it is to be a worktree.
 */
export function makeTemporaryFolder(registry: string | null): TemporaryFolder {
  const directory = makeFolder()
  const lease: Lease = { directory, registry }
  hold(lease)
  return {
    directory,
    async remove() {
      if (!held.has(lease)) return
      // In this order: what is left half-way is still found by its name in the registry.
      await removeFolder(directory)
      if (registry !== null) await removeFolder(join(registry, basename(directory)))
      if (registry !== null) removeIfEmpty(registry)
      release(lease)
    },
    async keepAs(prefix) {
      const kept = join(dirname(directory), prefix + directory.slice(-6))
      await rename(directory, kept)
      release(lease)
      return kept
    },
  }
}

/**
 * Removes what crashed runs left behind on this machine: their temporary folders, also those that git was not told of yet, and their entries in git's
 * registry, also those that git had not finished or not quite removed. What belongs to living processes, and the user's own worktrees, stay;
 * so does what cannot be removed, such as another user's.
 * @param registry `.git/worktrees`
 */
export async function removeLeftovers(registry: string): Promise<void> {
  const entries = await leftoversIn(registry)
  for (const name of entries) {
    const folder = await registeredFolder(join(registry, name))
    if (folder !== null && basename(folder) === name) await removeQuietly(folder)
    await removeQuietly(join(registry, name))
  }
  if (entries.length > 0) removeIfEmpty(registry)
  for (const name of await leftoversIn(tmpdir())) await removeQuietly(join(tmpdir(), name))
}

/** Where process numbers mean the same: containers of one host's name each count their own (pid_namespaces(7)). */
export const machine = sha256(`${hostname()} ${processNamespace()}`).slice(0, 8)

function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

function makeFolder(): string {
  try {
    // git lists worktrees by their real path; on macOS the temporary folder is a link.
    return mkdtempSync(join(realpathSync(tmpdir()), `reroot-${process.pid}-${machine}-`))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    throw new RerootError('ENVIRONMENT', `cannot make a temporary folder in ${tmpdir()} (${code})`, {
      hint: writingHint(code),
      cause: error,
    })
  }
}

async function leftoversIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter(isLeftover)
  } catch {
    return []
  }
}

/** The folder that an entry of `.git/worktrees` is for; `null` if git had not written it yet. */
async function registeredFolder(entry: string): Promise<string | null> {
  try {
    return dirname(resolve(entry, (await readFile(join(entry, 'gitdir'), 'utf8')).trimEnd()))
  } catch {
    return null
  }
}

async function removeQuietly(place: string): Promise<void> {
  try {
    await removeFolder(place)
  } catch {
    // It stays for the next run, or for whoever may remove it.
  }
}

/** As git does: without worktrees there is no such folder. */
function removeIfEmpty(registry: string): void {
  try {
    rmdirSync(registry)
  } catch {
    // Others are in it, or it is gone.
  }
}

function isLeftover(name: string): boolean {
  const [, pid, host] = /^reroot-(\d+)-([0-9a-f]{8})-[A-Za-z0-9]{6}$/.exec(name) ?? []
  if (pid === undefined || host !== machine) return false
  // In a container that is kept, every run may have the same number.
  if (Number(pid) === process.pid) return ![...held].some(({ directory }) => basename(directory) === name)
  return !isAlive(Number(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Dead, and nobody has asked how it ended: in many containers nobody ever does (proc(5), /proc/PID/stat). */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

interface Lease {
  readonly directory: string
  readonly registry: string | null
}

const held = new Set<Lease>()

// Past `ulimit -f` a write is to fail like one on a full disk (EFBIG): without a handler the process is killed, and leaves everything behind.
const failTheWrite = (): void => {}

function hold(lease: Lease): void {
  if (held.size === 0) {
    beforeTheEnd('folders', removeAllNow)
    process.on('SIGXFSZ', failTheWrite)
  }
  held.add(lease)
}

function release(lease: Lease): void {
  held.delete(lease)
  if (held.size > 0) return
  beforeTheEnd('folders', null)
  process.off('SIGXFSZ', failTheWrite)
}

function removeAllNow(): void {
  for (const lease of held) {
    const { directory, registry } = lease
    try {
      removeFolderNow(directory)
      if (registry !== null) removeFolderNow(join(registry, basename(directory)))
      if (registry !== null) removeIfEmpty(registry)
    } catch {
      // The next run finds it.
    }
    release(lease)
  }
}
