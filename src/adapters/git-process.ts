import { RerootError } from '../base/index.ts'
import { gitEnvironment } from './git-environment.ts'
import { gitFailure } from './git-failure.ts'
import { findProgram, runProgram } from './program.ts'
import type { Ended } from './program.ts'

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
  /**
   * Runs git for bytes that are no text.
   * @returns `null` if it fails.
   * @throws RerootError as `run`.
   */
  readBytes(args: readonly string[], options: GitOptions): Promise<Buffer | null>
  /** The same program in another folder, with settings (`core.autocrlf=false`) on top. */
  at(directory: string, settings: readonly string[]): Git
}

const defaultTimeoutSeconds = 300

/** Neither git's housekeeping nor its file watcher is started on behalf of the user, and no setting of the user's changes what git prints. */
const quietSettings = [
  'gc.auto=0',
  'maintenance.auto=false',
  'core.fsmonitor=false',
  'core.quotePath=false',
  'log.showSignature=false',
  'log.showRoot=true',
]

export function gitIn(directory: string, settings: readonly string[] = []): Git {
  const flags = [...quietSettings, ...settings].flatMap((setting) => ['-c', setting])
  const git: Git = {
    directory,
    async run(args, options = {}) {
      const { exitCode, signal, stdout, stderr } = await runGit(directory, flags, args, options)
      const ended = signal === null ? '' : `git was ended by ${signal}\n`
      return { exitCode: exitCode ?? 128, stdout, stderr: stderr + ended }
    },
    async read(args, options) {
      const output = await git.run(args, options)
      if (output.exitCode !== 0) throw gitFailure(args, output)
      return output.stdout
    },
    async readBytes(args, options) {
      const { exitCode, stdoutBytes } = await runGit(directory, flags, args, options)
      return exitCode === 0 ? stdoutBytes : null
    },
    at: (other, more) => gitIn(other, [...settings, ...more]),
  }
  return git
}

const known = new Map<string, Promise<string | null>>()

/** Looked for once: every git of a run is the same. */
function gitFile(): Promise<string | null> {
  const path = process.env['PATH'] ?? ''
  const found = known.get(path) ?? findProgram('git', path)
  known.set(path, found)
  return found
}

/** @throws RerootError, as `Git.run`. */
async function runGit(directory: string, flags: readonly string[], args: readonly string[], options: GitOptions): Promise<Ended> {
  const timeoutSeconds = options.timeoutSeconds === undefined ? defaultTimeoutSeconds : options.timeoutSeconds
  const { input } = options
  const file = await gitFile()
  if (file === null) throw cannotStart('ENOENT', directory)
  const ended = await runProgram(file, [...flags, ...args], {
    directory,
    environment: gitEnvironment(process.env, options.network ?? false),
    timeoutMs: timeoutSeconds === null ? null : timeoutSeconds * 1000,
    ...(input === undefined ? {} : { input }),
  })
  if (ended.brokenOff !== null) {
    throw new RerootError('GIT_FAILED', `git ${args[0]} did not end within ${timeoutSeconds} seconds`, {
      hint: 'check that the remote can be reached, and that git does not wait for a password (`git fetch` by hand shows it)',
    })
  }
  if (ended.startError !== null) throw cannotStart(ended.startError, directory)
  return ended
}

function cannotStart(code: string, directory: string): RerootError {
  if (code === 'ENOENT') {
    return new RerootError('GIT_FAILED', `cannot start git in ${directory}`, {
      hint: 'install git (2.30 or newer), see that it is in PATH, and that the folder exists',
    })
  }
  return new RerootError('GIT_FAILED', `cannot start git in ${directory} (${code})`, {
    hint: 'run `git --version` in that folder',
  })
}
