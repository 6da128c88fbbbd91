import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { execa } from 'execa'
import { built } from './built.ts'

export interface Run {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs the program in a process of its own.
 * @param shell a script by which a shell runs it, as `"$@"`.
 */
export async function runAlone(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  shell: string | null = null,
): Promise<Run> {
  // A run ends before it has earned what V8's optimising compiler costs.
  const words = [process.execPath, '--no-opt', file, ...args]
  const [program = '', ...rest] = shell === null ? words : ['sh', '-c', shell, 'sh', ...words]
  const { exitCode, stdout, stderr } = await execa(program, rest, {
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

export interface Answer extends Run {
  /** Of the process's heap, once it has run. */
  readonly megabytes: number
}

let child: ChildProcess | null = null
let last: Promise<unknown> = Promise.resolve()

/**
 * Runs the built program in a process that has run it before, one run after the other. Most of what a short run takes is loading and first
 * execution of code: this way it is paid once. It does not show what keeps a process from ending, or comes out behind its end: every step is also
 * taken by `runAlone` (states.ts).
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
  const give = (why: string) => (): void => end.abort(new Error(`${why} while it ran: reroot ${request.args.join(' ')}`))
  const answered = once(asked, 'message', { signal: end.signal })
  const ended = give('the process of the program ended')
  asked.once('exit', ended)
  let blocked: NodeJS.Timeout | undefined
  const timer = setTimeout(() => {
    if (child === asked) child = null
    asked.send('what do you wait for?')
    blocked = setTimeout(() => {
      give('the program did not end within 100 s, and its thread is blocked')()
      asked.kill('SIGKILL')
    }, 5000)
  }, 100_000)
  asked.send(request)
  try {
    const [answer] = (await answered) as [Answer | readonly string[]]
    if ('length' in answer) {
      asked.kill('SIGKILL')
      throw new Error(
        `the program did not end within 100 s while it ran: reroot ${request.args.join(' ')}; it waits for: ${answer.join(', ')}`,
      )
    }
    const { megabytes, ...run } = answer
    if (megabytes > mostMegabytes) letGo(asked)
    return run
  } finally {
    clearTimeout(timer)
    clearTimeout(blocked)
    asked.off('exit', ended)
  }
}

// What a process that starts git pays for it grows with its memory. Nor do short runs earn what compiling for speed costs.
const small = ['--max-semi-space-size=1', '--single-threaded-gc', '--no-opt']
const mostMegabytes = 100

function letGo(process: ChildProcess): void {
  if (child === process) child = null
  process.disconnect()
}

function start(): ChildProcess {
  const made = fork(built().warm, {
    execArgv: small,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  made.once('exit', () => {
    if (child === made) child = null
  })
  // It ends with the tests: a channel that nobody holds open does not keep them waiting.
  made.unref()
  made.channel?.unref()
  return made
}
