import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { execa } from 'execa'
import { house } from './example.ts'

export interface Run {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program as its users do. */
export async function runAlone(file: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Run> {
  // A run ends before it has earned what V8's optimising compiler costs.
  const { exitCode, stdout, stderr } = await execa(process.execPath, ['--no-opt', file, ...args], {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    stripFinalNewline: false,
  })
  return { exitCode: exitCode ?? -1, stdout, stderr }
}

export interface Request {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

let child: ChildProcess | null = null
let last: Promise<unknown> = Promise.resolve()

/**
 * Runs the built program in a process that has run it before, one run after the other. Most of what a short run takes is loading and first
 * execution of code: this way it is paid once. What only a process of its own shows (exit, signals, streams) is tested in one.
 * @param file the program's path.
 */
export function runWarm(file: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Run> {
  const run = askAfter(last, { file, args, cwd, env })
  last = run
  return run
}

async function askAfter(before: Promise<unknown>, request: Request): Promise<Run> {
  await Promise.allSettled([before])
  const asked = (child ??= start())
  const end = new AbortController()
  const answered = once(asked, 'message', { signal: end.signal })
  const leave = (): void => {
    child = null
    end.abort(new Error(`the process of the program ended while it ran ${request.args.join(' ')}`))
  }
  asked.once('exit', leave)
  asked.send(request)
  try {
    return ((await answered) as [Run])[0]
  } finally {
    asked.off('exit', leave)
  }
}

function start(): ChildProcess {
  const made = fork(join(import.meta.dirname, 'warm-process.ts'), {
    execArgv: ['--import', join(house, 'scripts/typescript.js')],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // It ends with the tests: a channel that nobody holds open does not keep them waiting.
  made.unref()
  made.channel?.unref()
  return made
}
