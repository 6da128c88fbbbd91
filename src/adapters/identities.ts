import { readFile } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { Confidential } from '../base/index.ts'
import { recipientOf } from '../seal/index.ts'
import { runProgram } from './program.ts'
import { shellWords } from './shell-words.ts'
import type { Identities } from '../ports.ts'

type Environment = Readonly<Record<string, string | undefined>>
type Found = Awaited<ReturnType<Identities['load']>>[number]

// A password manager may ask the person.
const commandTimeoutMs = 120_000

/**
 * The age identities, from the places where sops 3.13 looks (`loadIdentities` of age/keysource.go): all of them count. SSH keys, plugin
 * identities and key files with a passphrase are left to the `sops` program.
 * Read once: who asks again gets the same.
 * @param onProblem told, without any secret, about a place that is named but cannot be read.
 */
export function ageIdentities(
  options: { readonly environment?: Environment; readonly platform?: NodeJS.Platform; readonly onProblem?: (problem: string) => void } = {},
): Identities {
  const { environment = process.env, platform = process.platform, onProblem = () => {} } = options
  // Each cluster asks for them, at once: a password manager would ask the person as often.
  let loaded: Promise<readonly Found[]> | null = null
  return {
    load() {
      loaded ??= loadFrom(places(environment, platform), onProblem)
      return loaded
    },
    places() {
      const named = places(environment, platform).map(({ from }) => from)
      const unset = variables.filter((name) => environment[name] === undefined).map((name) => `${name} (not set)`)
      return [...named.slice(0, -1), ...unset, ...named.slice(-1)]
    },
  }
}

async function loadFrom(sources: readonly Source[], onProblem: (problem: string) => void): Promise<readonly Found[]> {
  const found = new Map<string, Found>()
  for (const { from, read } of sources) {
    try {
      const text = await read()
      if (text === null) continue
      for (const line of await wholeIdentities(text)) if (!found.has(line)) found.set(line, { identity: new Confidential(line), from })
    } catch (error) {
      onProblem(`${from}: ${error instanceof Problem ? error.message : 'it cannot be read'}`)
    }
  }
  return [...found.values()]
}

const variables = ['SOPS_AGE_KEY', 'SOPS_AGE_KEY_FILE', 'SOPS_AGE_KEY_CMD'] as const

/** Why a place gives no identity; never holds what was read. */
class Problem extends Error {}

interface Source {
  readonly from: string
  /** @returns `null` if there is nothing, which is no problem. */
  read(): Promise<string | null>
}

function places(environment: Environment, platform: NodeJS.Platform): readonly Source[] {
  const sources: Source[] = []
  const { SOPS_AGE_KEY: key, SOPS_AGE_KEY_FILE: file, SOPS_AGE_KEY_CMD: command } = environment
  if (key !== undefined) sources.push({ from: 'SOPS_AGE_KEY', read: () => Promise.resolve(key) })
  if (file !== undefined) sources.push({ from: `SOPS_AGE_KEY_FILE (${file})`, read: () => readKeyFile(file, true) })
  if (command !== undefined) sources.push({ from: 'SOPS_AGE_KEY_CMD', read: () => runCommand(command, environment) })
  const standard = join(configFolder(environment, platform), 'sops', 'age', 'keys.txt')
  sources.push({ from: standard, read: () => readKeyFile(standard, false) })
  return sources
}

/** Go's `os.UserConfigDir`, and XDG_CONFIG_HOME on macOS, where Go does not look at it. */
function configFolder(environment: Environment, platform: NodeJS.Platform): string {
  // An empty HOME would make a path of the folder that reroot runs in, which is other people's.
  const home = [environment['HOME'], homedir()].find((folder) => folder !== undefined && folder !== '') ?? userInfo().homedir
  const configured = environment['XDG_CONFIG_HOME'] ?? ''
  if (configured !== '') return configured
  return platform === 'darwin' ? join(home, 'Library', 'Application Support') : join(home, '.config')
}

async function readKeyFile(file: string, isNamed: boolean): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'ENOENT' && !isNamed) return null
    throw new Problem(`the file cannot be read (${code})`)
  }
}

async function runCommand(command: string, environment: Environment): Promise<string> {
  const [program, ...args] = wordsOf(command)
  if (program === undefined) throw new Problem('the command is empty')
  // The command is the person's own, and gets the person's environment, as sops gives it.
  const { exitCode, stdout, brokenOff, signal, startError } = await runProgram(program, args, { environment, timeoutMs: commandTimeoutMs })
  if (exitCode === 0) return stdout
  // The words of the command are not repeated: people put passwords there.
  if (startError !== null)
    throw new Problem(`its program cannot be started (${startError}): see that the first word of the command names one`)
  if (brokenOff !== null) throw new Problem(`the command did not end within ${commandTimeoutMs / 1000} seconds`)
  throw new Problem(`the command failed (${signal ?? `exit code ${exitCode ?? 'unknown'}`})`)
}

function wordsOf(command: string): readonly string[] {
  try {
    return shellWords(command)
  } catch (error) {
    throw new Problem(error instanceof SyntaxError ? error.message : 'the command cannot be read')
  }
}

/** @throws Problem if one has a wrong checksum: as sops, which then uses nothing of the place. */
async function wholeIdentities(text: string): Promise<readonly string[]> {
  const lines = identityLines(text)
  try {
    await Promise.all(lines.map((line) => recipientOf(new Confidential(line))))
  } catch {
    throw new Problem('it holds an age identity that is damaged; "age-keygen -y" reads a good one')
  }
  return lines
}

function identityLines(text: string): readonly string[] {
  if (/^(age-encryption|-----BEGIN AGE)/.test(text)) throw new Problem('the key file has a passphrase; only the sops program can open it')
  const words = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => line.split(/\s+/))
    .filter((word) => word !== '')
  const native = words.filter((word) => /^AGE-SECRET-KEY-(PQ-)?1[02-9AC-HJ-NP-Z]+$/.test(word))
  // As sops: one line that is none makes the whole place unusable, so that a damaged file does not pass for a short one.
  if (words.some((word) => !native.includes(word) && !word.startsWith('AGE-PLUGIN-')))
    throw new Problem('it holds something that is no age identity')
  return native
}
