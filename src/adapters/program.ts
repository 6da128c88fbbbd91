import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { access, constants, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Readable } from 'node:stream'
import { beforeTheEnd } from './before-the-end.ts'

/** How a program is started. No shell, and no variable but those that are given. */
export interface ProgramOptions {
  readonly directory?: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Without it, stdin is empty. */
  readonly input?: string | Uint8Array
  /** How long it may take; `null`: as long as it takes, for what runs hooks or asks a person. */
  readonly timeoutMs: number | null
  /** How long it may go on once it is asked to end. */
  readonly graceMs?: number
  /** Of stdout, and of stderr; the program is ended if it prints more. */
  readonly largestOutputBytes?: number
}

/** What a program printed, and how it ended. */
export interface Ended {
  /** `null` if it did not end by itself. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdoutBytes: Buffer
  /** As UTF-8. */
  readonly stdout: string
  readonly stderr: string
  /** Why it was ended. */
  readonly brokenOff: 'late' | 'too much' | null
  /** The system's code if it could not be started (`ENOENT`: no such program, or no such folder). */
  readonly startError: string | null
}

const running = new Set<ChildProcess>()

/** Asks every program that still runs to end: nobody waits for it any more. */
function endRunningPrograms(): void {
  for (const child of running) child.kill('SIGTERM')
}

function hold(child: ChildProcess): void {
  if (running.size === 0) beforeTheEnd('programs', endRunningPrograms)
  running.add(child)
}

function release(child: ChildProcess): void {
  running.delete(child)
  if (running.size === 0) beforeTheEnd('programs', null)
}

/** Runs a program to its end. However it ends is a value: who calls knows what it means. */
export async function runProgram(file: string, args: readonly string[], options: ProgramOptions): Promise<Ended> {
  const { directory, environment, input, timeoutMs, graceMs = 5000, largestOutputBytes = Number.POSITIVE_INFINITY } = options
  let child: ChildProcess
  try {
    const stdin = input === undefined ? 'ignore' : 'pipe'
    child = spawn(file, args, { cwd: directory, env: { ...environment }, stdio: [stdin, 'pipe', 'pipe'] })
  } catch (error) {
    return { ...notStarted(error), stdoutBytes: Buffer.alloc(0), stdout: '', stderr: '', brokenOff: null }
  }
  hold(child)
  const state: { brokenOff: Ended['brokenOff'] } = { brokenOff: null }
  const breakOff = (why: 'late' | 'too much'): void => {
    const isOver = child.exitCode !== null || child.signalCode !== null
    if (isOver) letGo(child)
    if (state.brokenOff !== null || (isOver && why === 'late')) return
    state.brokenOff = why
    if (!isOver) endOrKill(child, graceMs)
  }
  const timer = timeoutMs === null ? undefined : setTimeout(() => breakOff('late'), timeoutMs)
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => collect(stream, largestOutputBytes, () => breakOff('too much')))
  if (input !== undefined) feed(child, input)
  const how = await ended(child)
  clearTimeout(timer)
  release(child)
  const stdoutBytes = Buffer.concat(stdout ?? [])
  return {
    ...how,
    // What it says after that, or would have said, is not an answer.
    exitCode: state.brokenOff === null ? how.exitCode : null,
    stdoutBytes,
    // Of many megabytes only who asks for text makes one.
    get stdout() {
      return stdoutBytes.toString('utf8')
    },
    stderr: Buffer.concat(stderr ?? []).toString('utf8'),
    brokenOff: state.brokenOff,
  }
}

type How = Pick<Ended, 'exitCode' | 'signal' | 'startError'>

// What a program has started itself (an agent, a prompt, a hook's helper) may outlive it and hold its output open.
const patienceMs = 2000

function ended(child: ChildProcess): Promise<How> {
  return new Promise((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, startError: null }))
    child.once('exit', () => {
      const timer = setTimeout(() => letGo(child), patienceMs)
      child.once('close', () => clearTimeout(timer))
    })
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(notStarted(error))
    })
  })
}

function letGo({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy()
  stderr?.destroy()
}

/** @throws what is not the system's answer. */
function notStarted(error: unknown): How {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (syscall === undefined) throw error
  return { exitCode: null, signal: null, startError: code ?? 'unknown' }
}

function endOrKill(child: ChildProcess, graceMs: number): void {
  child.kill('SIGTERM')
  // One that waits for a terminal may pass over a request to end.
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  child.once('exit', () => {
    clearTimeout(timer)
    letGo(child)
  })
}

function feed({ stdin }: ChildProcess, input: string | Uint8Array): void {
  // A program may end without having read all of it.
  stdin?.on('error', () => {})
  stdin?.write(input)
  stdin?.end()
}

/** @returns what is read, as far as it is not too much. */
function collect(stream: Readable | null, largestBytes: number, tooMuch: () => void): readonly Buffer[] {
  const chunks: Buffer[] = []
  let bytes = 0
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= largestBytes) chunks.push(chunk)
    else tooMuch()
  })
  return chunks
}

/**
 * The file of a program. Only absolute entries of the PATH count: a relative one, or an empty one, would find a program inside of the repository.
 * @returns `null` if there is none.
 */
export async function findProgram(name: string, path: string | undefined): Promise<string | null> {
  for (const folder of searchPath(path)) {
    const file = join(folder, name)
    try {
      await access(file, constants.X_OK)
      if ((await stat(file)).isFile()) return file
    } catch {
      continue
    }
  }
  return null
}

/** The absolute entries of a PATH. */
export function searchPath(path: string | undefined): readonly string[] {
  return (path ?? '').split(delimiter).filter(isAbsolute)
}
