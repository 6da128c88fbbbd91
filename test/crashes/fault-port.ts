import childProcess from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'

/**
 * Runs the built program as it is, and kills it at one of its effects. The port is Node's own: every function that makes, writes or removes a file,
 * and every one that starts a program, is counted before it acts. Nothing in the program knows of it, and no effect can pass it by.
 *
 *     node fault-port.js '{"journal": "…", "at": 12, "how": "before"}' reroot.js stage
 */

/** `before`: not begun. `middle`: half of the bytes are written, or half of the files removed. `orphan`: the program that it has started goes on
 * alone, without input. `input`: as `orphan`, with all of its input but the end. `group`: that program dies with it. `after`: done. */
export type How = 'before' | 'middle' | 'orphan' | 'input' | 'group' | 'after'

export interface Fault {
  /** Gets a line for each effect. */
  readonly journal: string
  /** Which effect, from 0 on; `null`: none, the run is only counted. */
  readonly at: number | null
  readonly how: How
  /** With `group`: how long the program that was started may run. */
  readonly afterMs?: number
}

/** A line of the journal: an effect that begins, or how long a program ran that has ended. */
export type Line = Effect | { readonly ended: number; readonly ms: number }

export interface Effect {
  readonly kind: 'make' | 'write' | 'remove' | 'git' | 'sops' | 'program'
  readonly what: string
  /** The ways in which it can be broken off, besides `before`. */
  readonly ways: readonly How[]
}

type Call = (...args: readonly unknown[]) => unknown
type Functions = Record<string, Call | undefined>

const fault = JSON.parse(process.argv[2] ?? '') as Fault
const journal = fs.openSync(fault.journal, 'a')
const { readdirSync, lstatSync, unlinkSync, writeFileSync, writeSync } = fs
let count = 0

/** Notes an effect. @returns how it is to be broken off; `null`: not at all. */
function enter(effect: Effect): How | null {
  note(effect)
  const chosen = count++ === fault.at
  if (chosen && fault.how === 'before') die()
  return chosen ? fault.how : null
}

function note(line: Line): void {
  writeSync(journal, `${JSON.stringify(line)}\n`)
}

function die(pid = process.pid): never {
  process.kill(pid, 'SIGKILL')
  // The signal may take a moment; nothing may happen in it.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

/** Also where it fails: an effect that was tried is over. */
async function thenDie(act: () => unknown): Promise<never> {
  try {
    await act()
  } finally {
    die()
  }
}

function filesBelow(folder: string): readonly string[] {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return []
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
}

function halfWritten(path: unknown, content: unknown): never {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content as Uint8Array)
  writeFileSync(path as string, bytes.subarray(0, bytes.length / 2))
  die()
}

function halfRemoved(folder: unknown): never {
  const files = filesBelow(String(folder))
  for (const file of files.slice(0, files.length / 2)) unlinkSync(file)
  die()
}

/** What only looks, or acts on a file whose opening was counted. Everything else that Node's fs has is an effect, also what it will have tomorrow. */
const passing =
  /^(access|exists|f?stat|lstat|statfs|readdir|opendir|readv?|readFile|readlink|realpath|watch|watchFile|unwatchFile|createReadStream|open|openAsBlob|close|glob|writev?|fsync|fdatasync|ftruncate|fchmod|fchown|futimes)(Sync)?$/

function kindOf(name: string): 'write' | 'remove' | 'make' {
  if (/^(appendFile|writeFile|createWriteStream|truncate)/.test(name)) return 'write'
  return /^(rm|rmdir|unlink)(Sync)?$/.test(name) ? 'remove' : 'make'
}

function watchFiles(functions: Functions): void {
  for (const [name, original] of Object.entries(functions)) {
    if (typeof original !== 'function' || !/^[a-z]/.test(name) || passing.test(name)) continue
    const kind = kindOf(name)
    functions[name] = (...args) => {
      const divisible = kind === 'write' || (kind === 'remove' && filesBelow(String(args[0])).length > 1)
      const how = enter({ kind, what: `${name} ${String(args[0])}`, ways: divisible ? ['middle'] : [] })
      if (how === 'middle' && kind === 'write') halfWritten(args[0], args[1])
      if (how === 'middle') halfRemoved(args[0])
      return how === 'after' ? thenDie(() => original(...args)) : original(...args)
    }
  }
}

function watchOpen(functions: Functions, name: string): void {
  const original = functions[name]
  if (original === undefined) return
  functions[name] = (...args) => {
    const flags = args[1] ?? 'r'
    const writes = typeof flags === 'string' ? flags !== 'r' : typeof flags === 'number' && (flags & 3) !== 0
    if (writes) enter({ kind: 'write', what: `${name} ${String(args[0])}`, ways: [] })
    return original(...args)
  }
}

function watchPrograms(functions: Functions): void {
  for (const name of ['spawn', 'spawnSync', 'execFile', 'execFileSync', 'exec', 'execSync', 'fork']) {
    const original = functions[name]
    functions[name] = (...args) => {
      const file = String(args[0]).split('/').at(-1) ?? ''
      const words = (Array.isArray(args[1]) ? (args[1] as string[]) : []).filter(
        (word, index, all) => word !== '-c' && all[index - 1] !== '-c',
      )
      const { stdio } = (args[2] ?? {}) as { readonly stdio?: readonly unknown[] }
      const takesInput = stdio?.[0] === 'pipe'
      const ways: readonly How[] = name === 'spawn' ? ['orphan', ...(takesInput ? (['input'] as const) : []), 'group'] : []
      const kind = file === 'git' || file === 'sops' ? file : 'program'
      const number = count
      const how = enter({ kind, what: [file, ...words].join(' ').slice(0, 200), ways })
      const began = performance.now()
      const result = original?.(...args)
      if (name === 'spawn') (result as ChildProcess).once('exit', () => note({ ended: number, ms: performance.now() - began }))
      if (how !== null) breakOff(result as ChildProcess, how)
      return result
    }
  }
}

function breakOff(child: ChildProcess, how: How): void {
  if (how === 'orphan') die()
  if (how === 'after') child.prependListener('exit', () => die())
  if (how === 'group') {
    // It leads a process group: its children, and theirs, are in it.
    const end = (): never => die(-process.pid)
    child.prependListener('exit', end)
    setTimeout(end, fault.afterMs ?? 0)
  }
  if (how === 'input' && child.stdin !== null) {
    const { stdin } = child
    const { fd } = Reflect.get(stdin, '_handle') as { readonly fd: number }
    stdin.write = (chunk: string | Uint8Array): never => {
      const bytes = Buffer.from(chunk as string)
      writeSync(fd, bytes.subarray(0, beforeLastRecord(bytes)))
      die()
    }
  }
}

/** Where the last line or record begins; with a single one, its middle. */
function beforeLastRecord(bytes: Buffer): number {
  const command =
    bytes.lastIndexOf('\0update ') + 1 || bytes.subarray(0, -1).lastIndexOf('\n') + 1 || bytes.subarray(0, -1).lastIndexOf('\0') + 1
  return command === 0 ? Math.floor(bytes.length / 2) : command
}

// What Node loads at the first removal must hold the true functions.
await fs.promises.rm(join(fault.journal, 'nothing'), { recursive: true, force: true }).catch(() => {})
try {
  fs.rmSync(`${fault.journal}.nothing`, { recursive: true, force: true })
} catch {}
watchFiles(fs as unknown as Functions)
watchFiles(fs.promises as unknown as Functions)
watchOpen(fs as unknown as Functions, 'openSync')
watchOpen(fs as unknown as Functions, 'open')
watchOpen(fs.promises as unknown as Functions, 'open')
watchPrograms(childProcess as unknown as Functions)
syncBuiltinESMExports()

const [, , , program = ''] = process.argv
process.argv.splice(1, 2)
await import(program)
