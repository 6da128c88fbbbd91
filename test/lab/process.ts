import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A program that runs for as long as the lab does, or until it is stopped. */
export interface Running {
  readonly name: string
  readonly pid: number
  readonly log: string
  /** When it has ended, by itself or not: its exit code, or the signal. */
  readonly ended: Promise<string>
  /** SIGTERM, and SIGKILL after a while. Resolves when it is gone. */
  stop(graceMilliseconds?: number): Promise<void>
  /** SIGKILL at once, as a crash would. */
  kill(): Promise<void>
}

/** Starts programs in one folder, and stops all of them. */
export class ProcessGroup {
  readonly #running = new Set<Running>()
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Starts a program; stdout and stderr go to a log in the folder. If the lab's process dies, even by SIGKILL, the kernel ends the program with it
   * (prctl PR_SET_PDEATHSIG, by util-linux's setpriv).
   */
  start(
    name: string,
    program: string,
    args: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
  ): Running {
    const log = join(this.#folder, `${name}.log`)
    const output = openSync(log, 'a')
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], {
      cwd: options.cwd ?? this.#folder,
      env: { ...base(), ...options.env },
      stdio: ['ignore', output, output],
    })
    closeSync(output)
    const running = describe(name, log, child)
    this.#running.add(running)
    void running.ended.then(() => this.#running.delete(running))
    return running
  }

  /** All at once: none of them needs another one to end. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map(async (running) => running.stop()))
  }
}

/** The lab's programs are Go's: their garbage collector may take memory for time. */
export const goSettings = { GOGC: '400', GOMEMLIMIT: '1200MiB' } as const

/** No variable of the caller's but those: a KUBECONFIG or a SOPS identity of the person who runs the lab must not reach it. */
function base(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LANG: 'C.UTF-8', ...goSettings }
}

function describe(name: string, log: string, child: ChildProcess): Running {
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? String(code)))
  })
  const alive = (): boolean => child.exitCode === null && child.signalCode === null
  return {
    name,
    log,
    pid: child.pid ?? -1,
    ended,
    async stop(graceMilliseconds = 3000) {
      if (!alive()) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMilliseconds)
      await ended
      clearTimeout(timer)
    },
    async kill() {
      if (!alive()) return
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** The end of a program's log, for messages. */
export async function tail(running: Running, lines = 20): Promise<string> {
  const text = await readFile(running.log, 'utf8').catch(() => '')
  return text.split('\n').slice(-lines).join('\n')
}

/**
 * Asks until the answer is yes.
 * @throws Error if it is not within the time, or if the program ends first; with the end of its log.
 */
export async function until(
  what: string,
  ask: () => Promise<boolean>,
  options: { readonly seconds: number; readonly everyMilliseconds?: number; readonly of?: Running },
): Promise<void> {
  const end = Date.now() + options.seconds * 1000
  const { of } = options
  const over: string[] = []
  void of?.ended.then((how) => over.push(how))
  for (;;) {
    if (await ask().catch(() => false)) return
    const log = of === undefined ? '' : `\n${await tail(of)}`
    if (over.length > 0) throw new Error(`${what}: ${of?.name} has ended (${over.join()})${log}`)
    if (Date.now() > end) throw new Error(`${what}: not within ${options.seconds} s${log}`)
    await new Promise((resolve) => setTimeout(resolve, options.everyMilliseconds ?? 100))
  }
}
