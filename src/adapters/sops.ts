import { isAbsolute, delimiter, resolve } from 'node:path'
import { execa } from 'execa'
import { RerootError } from '../base/index.ts'
import type { SopsProgram } from '../ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

// Key services may ask a person, or a network far away.
const runTimeoutMs = 120_000
const versionTimeoutMs = 20_000
const largestOutputBytes = 64 * 1024 * 1024

/** The `sops` program on the PATH. Documents go in by stdin only; what it prints is returned and never logged. */
export function sopsProgram(environment: Environment = process.env): SopsProgram {
  let known: Promise<string | null> | undefined
  const start = async (args: readonly string[], options: { input: string; directory: string; withIdentities: boolean; timeoutMs: number }) => {
    const result = await execa('sops', args, {
      cwd: options.directory,
      input: options.input,
      env: childEnvironment(environment, options.withIdentities),
      extendEnv: false,
      preferLocal: false,
      reject: false,
      stripFinalNewline: false,
      timeout: options.timeoutMs,
      maxBuffer: largestOutputBytes,
    })
    // The result of a program that did not run, or not to its end, also carries what it printed: it goes no further.
    const { exitCode, stdout, stderr, timedOut, isTerminated, code } = result
    return { exitCode, stdout, stderr, timedOut, isTerminated, code }
  }
  return {
    version() {
      known ??= start(['--version', '--disable-version-check'], { input: '', directory: '/', withIdentities: false, timeoutMs: versionTimeoutMs }).then(
        ({ stdout }) => /^sops (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? null,
      )
      return known
    },
    async run(args, options) {
      const { exitCode, stdout, stderr, timedOut, code } = await start(args, { ...options, timeoutMs: runTimeoutMs })
      if (exitCode !== undefined) return { exitCode, stdout, stderr }
      const [message, hint] = whyNotEnded(code, timedOut)
      throw new RerootError('SOPS_FAILED', message, { hint })
    },
  }
}

function whyNotEnded(code: string | undefined, timedOut: boolean): readonly [message: string, hint: string] {
  if (timedOut) return [`sops did not end within ${runTimeoutMs / 1000} seconds`, 'see whether it waits for a key service or for a passphrase']
  if (code === 'ENOENT') return ['there is no sops program on the PATH', 'install sops 3.10 or later']
  return [`sops could not run (${code ?? 'it was killed'})`, 'run `sops --version` to see why']
}

const passed = new Set(['HOME', 'TMPDIR', 'LANG', 'GNUPGHOME', 'GPG_TTY', 'SSH_AUTH_SOCK', 'SOPS_GPG_EXEC', 'SSL_CERT_FILE', 'SSL_CERT_DIR'])
const passedPrefixes = ['LC_', 'AWS_', 'GOOGLE_', 'CLOUDSDK_', 'AZURE_', 'VAULT_', 'HUAWEICLOUD_']
const passedProxies = /^(https?|no)_proxy$/i
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
  const child: Record<string, string> = { SOPS_DISABLE_VERSION_CHECK: '1', PATH: searchPath(environment) }
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue
    const isPassed = passed.has(name) || passedProxies.test(name) || passedPrefixes.some((prefix) => name.startsWith(prefix))
    if (isPassed || (withIdentities && identityVariables.has(name))) child[name] = filesOfIdentities.has(name) ? resolve(value) : value
  }
  return child
}

// A relative entry would find a `sops` inside of the repository.
function searchPath(environment: Environment): string {
  return (environment['PATH'] ?? '').split(delimiter).filter(isAbsolute).join(delimiter)
}
