import { execa } from 'execa'
import type { ResultPromise } from 'execa'
import { RerootError } from '../base/index.ts'
import { gitEnvironment } from './git-environment.ts'
import { gitFailure } from './git-failure.ts'

/** What git printed and how it ended. */
export interface GitOutput {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface GitOptions {
  readonly input?: string | Uint8Array
  /** The command talks to a remote. */
  readonly network?: boolean
  /** `null`: as long as it takes, for what runs hooks or asks for passphrases. */
  readonly timeoutSeconds?: number | null
}

/** The git program, in one folder. */
export interface Git {
  readonly directory: string
  /** Runs git; every exit code is a value. @throws RerootError GIT_FAILED if git is missing or takes too long. */
  run(args: readonly string[], options?: GitOptions): Promise<GitOutput>
  /** Runs git. @returns what it printed. @throws RerootError GIT_FAILED if it fails. */
  read(args: readonly string[], options?: GitOptions): Promise<string>
  /** The same program in another folder, with settings (`core.autocrlf=false`) on top. */
  at(directory: string, settings: readonly string[]): Git
}

const defaultTimeoutSeconds = 300

/** Neither git's housekeeping nor its file watcher is started on behalf of the user. */
const quietSettings = ['gc.auto=0', 'maintenance.auto=false', 'core.fsmonitor=false', 'core.quotePath=false', 'log.showSignature=false']

export function gitIn(directory: string, settings: readonly string[] = []): Git {
  const flags = [...quietSettings, ...settings].flatMap((setting) => ['-c', setting])
  const git: Git = {
    directory,
    async run(args, options = {}) {
      return runGit(directory, [...flags, ...args], args, options)
    },
    async read(args, options) {
      const output = await git.run(args, options)
      if (output.exitCode !== 0) throw gitFailure(args, output)
      return output.stdout
    },
    at: (other, more) => gitIn(other, [...settings, ...more]),
  }
  return git
}

const running = new Set<ResultPromise>()

/** Ends every git that still runs, so that it does not write into a folder that is about to go. */
export function endRunningGit(): void {
  for (const subprocess of running) subprocess.kill('SIGTERM')
}

async function runGit(directory: string, vector: readonly string[], args: readonly string[], options: GitOptions): Promise<GitOutput> {
  const timeoutSeconds = options.timeoutSeconds === undefined ? defaultTimeoutSeconds : options.timeoutSeconds
  const subprocess = execa('git', vector, {
    cwd: directory,
    env: gitEnvironment(process.env, options.network ?? false),
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(timeoutSeconds === null ? {} : { timeout: timeoutSeconds * 1000 }),
  })
  running.add(subprocess as ResultPromise)
  try {
    const result = await subprocess
    if (result.timedOut) {
      throw new RerootError('GIT_FAILED', `git ${args[0]} did not end within ${timeoutSeconds} seconds`, {
        hint: 'check that the remote can be reached, and that git does not wait for a password (`git fetch` by hand shows it)',
      })
    }
    if (result.exitCode === undefined && result.signal === undefined) throw cannotStart(result.code, directory)
    const ended = result.signal === undefined ? '' : `git was ended by ${result.signal}\n`
    return { exitCode: result.exitCode ?? 128, stdout: result.stdout, stderr: result.stderr + ended }
  } finally {
    running.delete(subprocess as ResultPromise)
  }
}

function cannotStart(code: string | undefined, directory: string): RerootError {
  if (code === 'ENOENT') {
    return new RerootError('GIT_FAILED', `cannot start git in ${directory}`, {
      hint: 'install git (2.30 or newer), see that it is in PATH, and that the folder exists',
    })
  }
  return new RerootError('GIT_FAILED', `cannot start git in ${directory} (${code ?? 'unknown'})`, {
    hint: 'run `git --version` in that folder',
  })
}
