import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'

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

/** What a program printed (as UTF-8), and how it ended. */
export interface Ended {
  /** `null` if it did not end by itself. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  /** The system's code if it could not be started (`ENOENT`: no such program, or no such folder). */
  readonly startError: string | null
}

const running = new Set<ChildProcess>()

/** Asks every program that still runs to end, so that it does not write into a folder that is about to go. */
export function endRunningPrograms(): void {
  for (const child of running) child.kill('SIGTERM')
}

function hold(child: ChildProcess): void {
  if (running.size === 0) process.on('exit', endRunningPrograms)
  running.add(child)
}

function release(child: ChildProcess): void {
  running.delete(child)
  if (running.size === 0) process.off('exit', endRunningPrograms)
}

/** Runs a program to its end. However it ends is a value: who calls knows what it means. */
export async function runProgram(file: string, args: readonly string[], options: ProgramOptions): Promise<Ended> {
  const { directory, environment, input, timeoutMs, graceMs = 5000, largestOutputBytes = Number.POSITIVE_INFINITY } = options
  let child: ChildProcess
  try {
    const stdin = input === undefined ? 'ignore' : 'pipe'
    child = spawn(file, args, { cwd: directory, env: { ...environment }, stdio: [stdin, 'pipe', 'pipe'] })
  } catch (error) {
    return { ...notStarted(error), stdout: '', stderr: '', timedOut: false }
  }
  hold(child)
  let broken: 'late' | 'too much' | null = null
  const breakOff = (why: 'late' | 'too much'): void => {
    broken ??= why
    endOrKill(child, graceMs)
  }
  const timer = timeoutMs === null ? undefined : setTimeout(() => breakOff('late'), timeoutMs)
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => collect(stream, largestOutputBytes, () => breakOff('too much')))
  if (input !== undefined) feed(child, input)
  const how = await end(child)
  clearTimeout(timer)
  release(child)
  return {
    ...how,
    // What it says after that, or would have said, is not an answer.
    exitCode: broken === null ? how.exitCode : null,
    stdout: textOf(stdout),
    stderr: textOf(stderr),
    timedOut: broken === 'late',
  }
}

type How = Pick<Ended, 'exitCode' | 'signal' | 'startError'>

function end(child: ChildProcess): Promise<How> {
  return new Promise((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, startError: null }))
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(notStarted(error))
    })
  })
}

/** @throws what is not the system's answer. */
function notStarted(error: unknown): How {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (syscall === undefined) throw error
  return { exitCode: null, signal: null, startError: code ?? 'unknown' }
}

function endOrKill(child: ChildProcess, graceMs: number): void {
  // What it has started itself (an agent, a prompt) may outlive it and hold its output open: nobody waits for that.
  const letGo = (): void => {
    child.stdout?.destroy()
    child.stderr?.destroy()
  }
  if (child.exitCode !== null || child.signalCode !== null) return letGo()
  child.kill('SIGTERM')
  // One that waits for a terminal may pass over a request to end.
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  child.once('exit', () => {
    clearTimeout(timer)
    letGo()
  })
}

function feed({ stdin }: ChildProcess, input: string | Uint8Array): void {
  // A program may end without having read all of it.
  stdin?.on('error', () => {})
  stdin?.write(input)
  stdin?.end()
}

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

function textOf(chunks: readonly Buffer[] = []): string {
  return Buffer.concat(chunks).toString('utf8')
}
