import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { house, makeReader } from '../support/example.ts'
import type { Reader } from '../support/example.ts'
import { clusterCa, firstRoot, layOut } from '../support/first-ca.ts'
import { Forge } from '../support/forge.ts'
import { platformTree } from './repository.ts'
import type { Size } from './repository.ts'

export const program = join(house, 'build/reroot.js')

/** A platform that `init` has taken over, its remote, and a clone for each side of a comparison. */
export interface Platform {
  readonly folder: string
  readonly forge: Forge
  readonly environment: Readonly<Record<string, string>>
  /** Makes a fresh clone. */
  clone(name: string): Promise<string>
  dispose(): void
}

/** @param algorithm of the keys that `stage` will make; those that are there are P-256. */
export async function makePlatform(size: Size, algorithm = 'ecdsa-p256'): Promise<Platform> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reroot-bench-')))
  for (const name of ['home', 'tmp', 'keys']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'home/.gitconfig'), '[user]\n\tname = Ada Platform\n\temail = ada@shop.example\n[gc]\n\tauto = 0\n')
  const [operator, cluster, custodian] = await Promise.all(
    ['operator', 'cluster', 'custodian'].map((name) => makeReader(join(folder, `keys/${name}.txt`))),
  )
  if (operator === undefined || cluster === undefined || custodian === undefined) throw new TypeError('three readers were asked for')
  const environment = environmentOf(folder, operator)
  const root = await firstRoot()
  const cas = await Promise.all(size.clusters.map(async (name) => [name, await clusterCa(root, name)] as const))
  layOut(join(folder, 'certs'), root, Object.fromEntries(cas))

  await execa('git', ['init', '--quiet', '--bare', '--initial-branch=main', 'remote.git'], { cwd: folder, env: environment })
  const forge = new Forge(join(folder, 'remote.git'), environment)
  forge.push(platformTree(size), 'The platform as it is')
  const clone = async (name: string): Promise<string> => {
    const place = join(folder, name)
    await execa('git', ['clone', '--quiet', '--no-local', forge.directory, place], { cwd: folder, env: environment })
    return place
  }
  await takeOver(await clone('init'), { environment, clusters: size.clusters, cluster, operator, custodian })
  forge.merge('mesh-ca/init')
  forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', `algorithm: ${algorithm}`]])
  // As a forge keeps them: otherwise each run would pay for thousands of loose files.
  forge.text('repack', '-adq')
  return { folder, forge, environment, clone, dispose: () => rmSync(folder, { recursive: true, force: true }) }
}

interface TakeOver {
  readonly environment: Readonly<Record<string, string>>
  readonly clusters: readonly string[]
  readonly cluster: Reader
  readonly operator: Reader
  readonly custodian: Reader
}

async function takeOver(clone: string, { environment, clusters, cluster, operator, custodian }: TakeOver): Promise<void> {
  const recipients = clusters.flatMap((name) => ['--cluster-recipient', `${name}=${cluster.recipient}`])
  const people = ['--operator', operator.recipient, '--custodian', custodian.recipient]
  await execa(process.execPath, [program, 'init', '--mesh', 'shop', '--from', '../certs', ...recipients, ...people], {
    cwd: clone,
    env: environment,
    extendEnv: false,
  })
}

/** What both sides see: the same PATH, a HOME and a TMPDIR of their own, and an identity that unseals. */
function environmentOf(folder: string, operator: Reader): Readonly<Record<string, string>> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: join(folder, 'home'),
    TMPDIR: join(folder, 'tmp'),
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    SOPS_AGE_KEY_FILE: operator.file,
  }
}
