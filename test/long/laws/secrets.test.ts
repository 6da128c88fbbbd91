import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ageIdentities } from '../../../src/adapters/identities.ts'
import { sopsProgram } from '../../../src/adapters/sops.ts'
import { unseal } from '../../../src/seal/index.ts'
import { built } from '../../support/built.ts'
import type { Reader } from '../../support/example.ts'
import { filesBelow, Forge } from '../../support/forge.ts'
import { keysIn, secretNeedles } from '../../support/key-needles.ts'
import type { Needles } from '../../support/key-needles.ts'
import { environmentOf } from '../../support/sandbox.ts'
import type { Sandbox } from '../../support/sandbox.ts'
import { deliverInPlace, laidOutCa, secretOf } from '../../support/sealed-secret.ts'
import { sandboxIn } from '../../support/states.ts'
import { onPath, pathOf } from '../../support/tools.ts'
import { runTraced } from '../../support/traced-run.ts'
import type { Traced } from '../../support/traced-run.ts'

// The law: no byte of a private key leaves the memory of the program, but sealed, or through the pipes of `sops`.

const skip = !onPath('strace')

interface Run {
  readonly command: string
  readonly traced: Traced
}

/** The program without sops on its PATH: then nothing at all is exempt. */
function withoutSops(sandbox: Sandbox): string {
  const folder = join(sandbox.folder, 'bin')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'git'), `#!/bin/sh\nexec ${pathOf('git')} "$@"\n`, { mode: 0o755 })
  return `${folder}:/usr/bin:/bin`
}

class Watched {
  readonly sandbox: Sandbox
  readonly runs: Run[] = []
  readonly #path: string
  readonly #exempt: string | null
  /** By file and bytes: the keys that are sealed in it. A later run may replace the file, or drop the branch. */
  readonly #sealed = new Map<string, readonly string[]>()

  constructor(sandbox: Sandbox, sops: string | null) {
    this.sandbox = sandbox
    this.#path = sops === null ? withoutSops(sandbox) : (process.env['PATH'] ?? '')
    this.#exempt = sops
  }

  async run(args: readonly string[], as: Reader | null, exitCode = 0): Promise<Traced> {
    const traced = await runTraced([process.execPath, built().file, ...args], {
      cwd: this.sandbox.clone,
      env: { ...environmentOf(this.sandbox.folder), PATH: this.#path, ...(as === null ? {} : { SOPS_AGE_KEY_FILE: as.file }) },
      folder: this.sandbox.folder,
      ...(this.#exempt === null ? {} : { exempt: this.#exempt }),
    })
    if (traced.exitCode !== exitCode) throw new Error(`${args.join(' ')} ended with ${traced.exitCode}\n${traced.stderr}`)
    this.runs.push({ command: args.join(' '), traced })
    for (const [path, bytes] of this.#sealedFiles()) {
      const id = `${path} ${createHash('sha256').update(bytes).digest('hex')}`
      if (!this.#sealed.has(id)) this.#sealed.set(id, await keysSealedIn(bytes, path, this.sandbox))
    }
    return traced
  }

  /** Of the remote, of the clone with what it has not pushed, and of the folder that a dry run writes. */
  *#sealedFiles(): Generator<readonly [path: string, bytes: Buffer]> {
    const { forge, clone, folder } = this.sandbox
    const isSealed = (path: string): boolean => path.endsWith('.sops.yaml') && basename(path) !== '.sops.yaml'
    for (const repository of [forge, new Forge(join(clone, '.git'), environmentOf(folder))])
      for (const branch of repository.branches())
        for (const [path, bytes] of repository.files(branch)) if (isSealed(path)) yield [path, bytes]
    const plan = join(folder, 'plan')
    for (const path of filesBelow(plan)) if (isSealed(path)) yield [relative(plan, path), readFileSync(path)]
  }

  /** A run that makes keys, which the search must know from then on, wherever they are sealed. */
  async bringsKeys(args: readonly string[], as: Reader): Promise<void> {
    const before = this.needles().size
    await this.run(args, as)
    if (this.needles().size === before) throw new Error(`${args.join(' ')} made no key that the search knows`)
  }

  async takes(args: readonly string[], branch: string, as: Reader | null = null): Promise<void> {
    await this.run(args, as)
    this.sandbox.forge.merge(branch)
  }

  /** Every private key that there ever was: those that were laid out, those that were sealed, and the identities. */
  needles(): Needles {
    const { sandbox } = this
    const pems = filesBelow(sandbox.certs)
      .filter((path) => path.endsWith('-key.pem'))
      .map((path) => readFileSync(path, 'utf8'))
    const needles = new Map(secretNeedles([...new Set([...pems, ...[...this.#sealed.values()].flat()])]))
    for (const path of filesBelow(join(sandbox.folder, 'keys'))) {
      const identity = /AGE-SECRET-KEY-1(\w+)/.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
      for (const [form, text] of [
        ['', identity],
        [', lower case', identity.toLowerCase()],
      ] as const)
        needles.set(`${path}${form}`, Buffer.from(text))
      for (const shift of [0, 1, 2])
        needles.set(
          `${path} in base64 (${shift})`,
          Buffer.from(
            Buffer.from(' '.repeat(shift) + identity)
              .toString('base64')
              .slice(4, -4),
          ),
        )
    }
    return needles
  }

  leaks(): readonly string[] {
    const needles = this.needles()
    return this.runs.flatMap(({ command, traced }) => leaksOf(traced, needles).map((leak) => `${command}: ${leak}`))
  }
}

function leaksOf(traced: Traced, needles: Needles): readonly string[] {
  return [...traced.outlets].flatMap(([where, bytes]) => keysIn(bytes, needles).map((what) => `${what} in ${where}`))
}

async function keysSealedIn(bytes: Buffer, path: string, sandbox: Sandbox): Promise<readonly string[]> {
  for (const { file } of [sandbox.operator, sandbox.custodian]) {
    const environment = { PATH: process.env['PATH'], SOPS_AGE_KEY_FILE: file, HOME: '/nonexistent' }
    try {
      const document = await unseal(bytes, path, await ageIdentities({ environment }).load(), sopsProgram(environment))
      const texts = textsOf(document.reveal()).flatMap((text) => [text, Buffer.from(text, 'base64').toString('latin1')])
      return texts.filter((text) => /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    } catch {
      continue
    }
  }
  throw new Error(`nobody opens ${path}`)
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

describe.skipIf(skip)('no byte of a private key leaves memory', () => {
  test('in any command, sealed by the program itself', async () => {
    const watched = new Watched(await sandboxIn('fresh'), null)
    const { sandbox } = watched
    const { operator } = sandbox

    await watched.run([...sandbox.initArguments(), '--dry-run'], operator)
    await watched.takes(sandbox.initArguments(), 'mesh-ca/init', operator)
    sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: rsa-2048']])
    await watched.run(['stage'], null, 3)
    await watched.run(['stage'], sandbox.custodian, 3)
    await watched.bringsKeys(['stage', '--dry-run', '--out', '../plan'], operator)
    await watched.bringsKeys(['stage', '--output', 'json'], operator)
    await watched.run(['stage'], operator)
    await watched.bringsKeys(['stage', '--reissue'], operator)
    sandbox.forge.merge('mesh-ca/g2-staged')
    await watched.run(['status', '--output', 'json'], operator)
    await watched.takes(['promote'], 'mesh-ca/g2-promoted', operator)
    await watched.takes(['rollback'], 'mesh-ca/g2-demoted', operator)
    await watched.takes(['promote', '--confirmed', 'seen'], 'mesh-ca/g2-promoted.2')
    await watched.takes(['retire'], 'mesh-ca/g2-steady')
    await watched.takes(['rollback'], 'mesh-ca/g2-restored')
    sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-2048', 'algorithm: ecdsa-p384']])
    await watched.takes(['replace'], 'mesh-ca/g3-replaced')
    await watched.bringsKeys(['stage', '--no-push'], operator)
    sandbox.git('pull', '--quiet')
    await watched.run(['render', '--out', '../dist'], null)

    expect(watched.needles().size).toBeGreaterThan(300)
    expect(watched.leaks()).toEqual([])
    expect(new Set(watched.runs.flatMap(({ traced }) => traced.programs)).size).toBeGreaterThan(1)
  })

  test('in commands that take over, and change, a sealed Secret of another owner', async () => {
    const watched = new Watched(await sandboxIn('fresh'), null)
    const { sandbox } = watched
    await deliverInPlace(sandbox, secretOf(laidOutCa(sandbox)))

    await watched.takes(['init', '--mesh', 'shop', '--custodian', sandbox.custodian.recipient], 'mesh-ca/init', sandbox.operator)
    sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])
    await watched.run(['stage', '--stack'], sandbox.operator)
    sandbox.forge.merge('mesh-ca/g2-staged-2-restarts')
    await watched.takes(['promote', '--confirmed', 'seen', '--stack'], 'mesh-ca/g2-promoted', sandbox.operator)

    expect(watched.leaks()).toEqual([])
  })

  test.skipIf(!onPath('sops'))('in commands that seal and open through sops, but for its pipes', async () => {
    const watched = new Watched(await sandboxIn('initialised'), pathOf('sops'))
    const { sandbox } = watched
    const rules = sandbox.forge.file('.sops.yaml')
    const people = [sandbox.operator, sandbox.cluster].map(({ recipient }) => recipient).join(', ')
    const grouped = rules.replace(
      /( +)(- path_regex: \S*clusters\S*\n)[^]*?(?=\n +- |\n*$)/,
      `$1$2$1  encrypted_regex: ^(data|stringData)$\n$1  shamir_threshold: 2\n$1  key_groups: [{ age: [${people}] }, { age: [${people}] }]`,
    )
    expect(grouped, rules).not.toBe(rules)
    sandbox.forge.push({ '.sops.yaml': grouped })

    await watched.takes(['stage'], 'mesh-ca/g2-staged', sandbox.operator)
    await watched.takes(['promote'], 'mesh-ca/g2-promoted', sandbox.operator)
    await watched.takes(['retire'], 'mesh-ca/g2-steady')
    await watched.takes(['stage'], 'mesh-ca/g3-staged', sandbox.operator)

    expect(sandbox.forge.file('mesh-ca/clusters/prod/prepared/g3-steady.sops.yaml')).toContain('shamir_threshold: 2')
    // The first run seals through sops; the last one also opens.
    const calls = watched.runs.map(({ traced }) => traced.programs.filter((name) => name === pathOf('sops')).length)
    expect(calls[0]).toBeGreaterThan(2)
    expect(calls.at(-1)).toBeGreaterThan(calls[0] ?? 0)
    expect(watched.leaks()).toEqual([])
  })
})

describe.skipIf(skip)('the search', () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const pem = key.export({ format: 'pem', type: 'pkcs8' }).toString()
  const planted = `
    import { spawnSync } from 'node:child_process'
    import { createPrivateKey } from 'node:crypto'
    import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
    const key = createPrivateKey(process.env.PLANTED ? Buffer.from(process.env.PLANTED, 'base64url').map((byte) => byte ^ 0x5a) : '')
    const der = key.export({ format: 'der', type: 'sec1' })
    const pem = key.export({ format: 'pem', type: 'sec1' })
    const out = { stdout: (it) => process.stdout.write(it), stderr: (it) => process.stderr.write(it), file: (it) => writeFileSync('planted', it),
      pieces: (it) => { const file = openSync('pieces', 'w'); for (const byte of Buffer.from(it)) writeSync(file, Buffer.from([byte])); closeSync(file) },
      argument: (it) => spawnSync('true', [it]), environment: (it) => spawnSync('true', [], { env: { PATH: process.env.PATH, IT: it } }),
      name: (it) => mkdirSync('planted-' + it.slice(0, 180)), pipe: (it) => spawnSync('cat', [], { input: it }) }
    const forms = { pem, base64: der.toString('base64'), hex: der.toString('hex'), der, json: JSON.stringify({ pem }), buffer: JSON.stringify(der), twice: Buffer.from(pem).toString('base64') }
    out[process.argv[2]](forms[process.argv[3]])
  `
  const masked = Buffer.from(Buffer.from(pem).map((byte) => byte ^ 0x5a)).toString('base64url')

  test.each([
    ...['stdout', 'stderr', 'file', 'pieces', 'pipe'].flatMap((where) =>
      ['pem', 'base64', 'hex', 'der', 'json', 'buffer', 'twice'].map((form) => [where, form] as const),
    ),
    ...['argument', 'environment'].flatMap((where) =>
      ['pem', 'base64', 'hex', 'json', 'buffer', 'twice'].map((form) => [where, form] as const),
    ),
    ['name', 'hex'] as const,
  ])('finds a key that is planted in %s, as %s', async (where, form) => {
    const sandbox = await sandboxIn('fresh')
    const script = join(sandbox.folder, 'planted.mjs')
    writeFileSync(script, planted)

    const traced = await runTraced([process.execPath, script, where, form], {
      cwd: sandbox.temporary,
      env: { ...environmentOf(sandbox.folder), PLANTED: masked },
      folder: sandbox.folder,
    })

    expect(traced.exitCode, traced.stderr).toBe(0)
    expect(leaksOf(traced, secretNeedles([pem])), where).not.toEqual([])
  })

  test('finds nothing where nothing is planted', async () => {
    const sandbox = await sandboxIn('fresh')
    const traced = await runTraced([process.execPath, '-e', 'console.log(process.env.PLANTED)'], {
      cwd: sandbox.temporary,
      env: { ...environmentOf(sandbox.folder), PLANTED: masked },
      folder: sandbox.folder,
    })

    expect(leaksOf(traced, secretNeedles([pem]))).toEqual([])
  })
})
