import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { execa } from 'execa'

const house = fileURLToPath(new URL('../..', import.meta.url))

/** A person or a controller that can unseal. */
export interface Reader {
  /** File with the age identity, as `age-keygen` writes it. */
  readonly file: string
  readonly recipient: string
}

/** Everything that the demo plays with, in one temporary folder. */
export interface DemoWorld {
  readonly folder: string
  /** The platform team's clone. */
  readonly clone: string
  readonly certs: string
  readonly operator: Reader
  readonly cluster: Reader
  readonly custodian: Reader
  git(...args: readonly string[]): Promise<string>
  /** Runs the built program in the clone, as a user would. */
  reroot(
    args: readonly string[],
    identity: Reader | null,
  ): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>
}

/** Copies an example into a temporary folder, with a bare remote beside it, and age identities for everybody. */
export async function makeWorld(example: 'flux' | 'argocd'): Promise<DemoWorld> {
  const folder = await mkdtemp(join(tmpdir(), `reroot-demo-${example}-`))
  const [clone, remote, certs, keys, home] = ['platform', 'remote.git', 'certs', 'keys', 'home'].map((name) => join(folder, name))
  if (clone === undefined || remote === undefined || certs === undefined || keys === undefined || home === undefined)
    throw new TypeError('unreachable')
  await Promise.all([certs, keys, home].map((path) => mkdir(path, { recursive: true })))
  await cp(join(house, 'examples', example), clone, { recursive: true })

  const environment = { PATH: process.env['PATH'] ?? '', HOME: home, LC_ALL: 'C', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' }
  const git = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await execa('git', args, { cwd: clone, env: environment, extendEnv: false })
    return stdout
  }
  await execa('git', ['init', '--quiet', '--bare', '--initial-branch=main', remote], { env: environment, extendEnv: false })
  await git('init', '--quiet', '--initial-branch=main')
  await git('config', 'user.name', 'Ada Platform')
  await git('config', 'user.email', 'ada@shop.example')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'The platform as it is')
  await git('remote', 'add', 'origin', remote)
  await git('push', '--quiet', '--set-upstream', 'origin', 'main')

  const [operator, cluster, custodian] = await Promise.all(
    ['operator', 'cluster', 'custodian'].map((name) => reader(join(keys, `${name}.txt`))),
  )
  if (operator === undefined || cluster === undefined || custodian === undefined) throw new TypeError('unreachable')
  const reroot: DemoWorld['reroot'] = async (args, identity) => {
    const env = { ...environment, ...(identity === null ? {} : { SOPS_AGE_KEY_FILE: identity.file }) }
    const { exitCode, stdout, stderr } = await execa(process.execPath, [join(house, 'build/reroot.js'), ...args], {
      cwd: clone,
      env,
      extendEnv: false,
      reject: false,
    })
    return { exitCode: exitCode ?? -1, stdout, stderr }
  }
  return { folder, clone, certs, operator, cluster, custodian, git, reroot }
}

async function reader(file: string): Promise<Reader> {
  const identity = await generateIdentity()
  await writeFile(file, `${identity}\n`, { mode: 0o600, flag: 'wx' })
  return { file, recipient: await identityToRecipient(identity) }
}
