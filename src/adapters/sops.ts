import { delimiter, resolve } from 'node:path'
import { RerootError } from '../base/index.ts'
import { isPassedOn } from './passed-variables.ts'
import { findProgram, runProgram, searchPath } from './program.ts'
import type { Ended } from './program.ts'
import type { SopsProgram } from '../ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

// Key services may ask a person, or a network far away.
const usualTimeouts = { runMs: 120_000, versionMs: 20_000 }
const largestOutputBytes = 64 * 1024 * 1024

/** The `sops` program on the PATH. Documents go in by stdin only; what it prints is returned and never logged. */
export function sopsProgram(environment: Environment = process.env, timeouts = usualTimeouts): SopsProgram {
  let known: Promise<string | null> | undefined
  let found: Promise<string | null> | undefined
  const start = async (
    args: readonly string[],
    options: { input: string; directory: string; withIdentities: boolean; timeoutMs: number },
  ): Promise<Ended | null> => {
    found ??= findProgram('sops', environment['PATH'])
    const file = await found
    if (file === null) return null
    return runProgram(file, args, {
      directory: options.directory,
      input: options.input,
      environment: childEnvironment(environment, options.withIdentities),
      timeoutMs: options.timeoutMs,
      graceMs: 1000,
      largestOutputBytes,
    })
  }
  const askVersion = async (): Promise<string | null> => {
    const result = await start(['--version', '--disable-version-check'], {
      input: '',
      directory: '/',
      withIdentities: false,
      timeoutMs: timeouts.versionMs,
    })
    return result === null ? null : versionIn(result, timeouts.versionMs)
  }
  return {
    version() {
      known ??= askVersion()
      return known
    },
    async run(args, options) {
      const result = await start(args, { ...options, timeoutMs: timeouts.runMs })
      if (result === null)
        throw new RerootError('SOPS_FAILED', 'there is no sops program on the PATH', { hint: 'install sops 3.10 or later' })
      // What a program that did not run to its end has printed goes no further.
      const { exitCode, stdout, stderr, brokenOff } = result
      if (exitCode !== null) return { exitCode, stdout, stderr }
      if (brokenOff === 'too much')
        throw new RerootError('SOPS_FAILED', `sops printed more than ${largestOutputBytes / 1024 / 1024} MiB`, {
          hint: 'see what `sops decrypt` of the file prints: a Secret of Kubernetes holds 1 MiB at most',
        })
      if (brokenOff === null)
        throw new RerootError('SOPS_FAILED', 'sops could not run, or was killed', { hint: 'run `sops --version` to see why' })
      throw new RerootError('SOPS_FAILED', `sops did not end within ${timeouts.runMs / 1000} seconds`, {
        hint: 'see whether it waits for a key service or for a passphrase',
      })
    },
  }
}

/** @throws RerootError SOPS_FAILED for a program that does not tell: it is not the same as none. */
function versionIn({ stdout, brokenOff }: Pick<Ended, 'stdout' | 'brokenOff'>, timeoutMs: number): string {
  const version = /^sops (\d+\.\d+\.\d+)/.exec(stdout)?.[1]
  if (version !== undefined) return version
  const why = brokenOff === 'late' ? `did not answer within ${timeoutMs / 1000} seconds` : 'does not say its version'
  throw new RerootError('SOPS_FAILED', `the sops program on the PATH ${why}`, {
    hint: 'run `sops --version` to see why; `command -v sops` says which program it is',
  })
}

const passed = new Set(['LANG', 'SSH_AUTH_SOCK', 'SOPS_GPG_EXEC'])
const passedPrefixes = ['LC_', 'AWS_', 'GOOGLE_', 'CLOUDSDK_', 'AZURE_', 'VAULT_', 'HUAWEICLOUD_']
const identityVariables = new Set([
  'SOPS_AGE_KEY',
  'SOPS_AGE_KEY_FILE',
  'SOPS_AGE_KEY_CMD',
  'SOPS_AGE_SSH_PRIVATE_KEY_FILE',
  'SOPS_AGE_SSH_PRIVATE_KEY_CMD',
  'XDG_CONFIG_HOME',
])
const filesOfIdentities = new Set(['SOPS_AGE_KEY_FILE', 'SOPS_AGE_SSH_PRIVATE_KEY_FILE'])

/**
 * A clean environment: no variable of the caller's may replace the recipients of `.sops.yaml` (SOPS_AGE_RECIPIENTS, SOPS_KMS_ARN…),
 * and no identity is handed to an encryption, which needs none.
 */
function childEnvironment(environment: Environment, withIdentities: boolean): Record<string, string> {
  const child: Record<string, string> = { SOPS_DISABLE_VERSION_CHECK: '1', PATH: searchPath(environment['PATH']).join(delimiter) }
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue
    const isPassed = isPassedOn(name) || passed.has(name) || passedPrefixes.some((prefix) => name.startsWith(prefix))
    if (isPassed || (withIdentities && identityVariables.has(name))) child[name] = filesOfIdentities.has(name) ? resolve(value) : value
  }
  return child
}
