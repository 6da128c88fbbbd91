import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { execa } from 'execa'
import { expect } from 'vitest'
import { built } from './built.ts'
import { clusterCa, firstRoot, layOut } from './first-ca.ts'
import type { CaTexts, FirstRoot, RootWishes } from './first-ca.ts'
import { exampleTree, makeReader } from './example.ts'
import type { Reader } from './example.ts'
import { filesBelow, Forge, readRefs, textOf } from './forge.ts'
import type { Edits } from './forge.ts'
import { keyNeedles, keysIn } from './key-needles.ts'
import { runAlone, runWarm } from './warm-program.ts'
import type { Run } from './warm-program.ts'

export interface RunOptions {
  /** Whose identity is at hand; nobody's unless said. */
  readonly as?: Reader | null
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
  /** A process that runs nothing else, as users start it. */
  readonly ownProcess?: boolean
  /** A script by which a shell runs it, as `"$@"`, in a process of its own: to limit or redirect it. */
  readonly shell?: string
}

export interface SandboxWishes {
  /** Whose repository it is; Flux's unless said. */
  readonly example?: 'flux' | 'argocd'
  /** Edits of the example's tree. */
  readonly tree?: Edits
  readonly clusters?: readonly string[]
  readonly root?: RootWishes
  /** What the laid out CA is changed to. */
  readonly ca?: (
    texts: CaTexts,
    root: FirstRoot,
    cluster: string,
  ) => Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>
}

const open: Sandbox[] = []

/**
 * A platform team's world in a temporary folder: a clone with a bare remote, a CA in the layout of Istio's tools/certs, age identities, a HOME and
 * a TMPDIR of its own. The program runs in it as a user would run it. After each test every sandbox is searched for key bytes, and removed.
 */
export class Sandbox {
  readonly folder: string
  readonly clone: string
  readonly forge: Forge
  readonly certs: string
  readonly temporary: string
  readonly operator: Reader
  readonly cluster: Reader
  readonly custodian: Reader
  readonly #said: string[] = []

  /** @param folder as `make` laid it out, or a copy of such a folder. */
  constructor(folder: string) {
    this.folder = folder
    this.clone = join(folder, 'platform')
    this.certs = join(folder, 'certs')
    this.temporary = join(folder, 'tmp')
    this.operator = this.reader('operator')
    this.cluster = this.reader('cluster')
    this.custodian = this.reader('custodian')
    this.forge = new Forge(join(folder, 'remote.git'), environmentOf(folder))
    open.push(this)
  }

  /** The example's repository, and a CA that was made by hand. */
  static async make(wishes: SandboxWishes = {}): Promise<Sandbox> {
    const folder = newFolder()
    for (const name of ['home', 'tmp', 'keys']) mkdirSync(join(folder, name))
    writeFileSync(
      join(folder, 'home/.gitconfig'),
      '[user]\n\tname = Ada Platform\n\temail = ada@shop.example\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n',
    )
    const root = await firstRoot(wishes.root)
    const cas: Record<string, CaTexts> = {}
    for (const cluster of wishes.clusters ?? ['prod']) {
      const texts = await clusterCa(root, cluster, wishes.root?.algorithm)
      cas[cluster] = wishes.ca === undefined ? texts : { ...texts, ...(await wishes.ca(texts, root, cluster)) }
    }
    layOut(join(folder, 'certs'), root, cas)
    await Promise.all(['operator', 'cluster', 'custodian'].map((name) => makeReader(join(folder, `keys/${name}.txt`))))

    const env = environmentOf(folder)
    await execa('git', ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', 'remote.git'], {
      cwd: folder,
      env,
      extendEnv: false,
    })
    const sandbox = new Sandbox(folder)
    sandbox.forge.push({ ...exampleTree(wishes.example), ...wishes.tree }, 'The platform as it is')
    await execa('git', ['clone', '--quiet', '--no-hardlinks', '--template=', join(folder, 'remote.git'), 'platform'], {
      cwd: folder,
      env,
      extendEnv: false,
    })
    return sandbox
  }

  /** A copy of another sandbox's folder. */
  static copyOf(source: string): Sandbox {
    const folder = newFolder()
    cpSync(source, folder, { recursive: true })
    const config = join(folder, 'platform/.git/config')
    writeFileSync(config, readFileSync(config, 'utf8').replace(/^\turl = .*$/m, `\turl = ${join(folder, 'remote.git')}`))
    return new Sandbox(folder)
  }

  /** Runs the built program in the clone, as a user would. */
  async run(
    args: readonly string[],
    { as = null, cwd = this.clone, environment = {}, ownProcess = false, shell }: RunOptions = {},
  ): Promise<Run> {
    const env = { ...environmentOf(this.folder), ...(as === null ? {} : { SOPS_AGE_KEY_FILE: as.file }), ...environment }
    const result =
      ownProcess || shell !== undefined ? await runAlone(built().file, args, cwd, env, shell) : await runWarm(built().file, args, cwd, env)
    this.#said.push(result.stdout, result.stderr)
    expect(
      filesBelow(this.temporary).filter((path) => !path.includes('/reroot-plan-')),
      `left in TMPDIR by ${args[0] ?? ''}`,
    ).toEqual([])
    return result
  }

  /** A run that must succeed. */
  async does(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    const result = await this.run(args, options)
    expect(result, result.stderr).toMatchObject({ exitCode: 0 })
    return result
  }

  /** A run that must be refused, and must leave everything as it was. */
  async refuses(
    args: readonly string[],
    refusal: { readonly exitCode: number; readonly code: string; readonly says: readonly (string | RegExp)[] } & RunOptions,
  ): Promise<Run> {
    const before = this.everything()
    const result = await this.run(args, refusal)
    expect(result.stderr, `${args.join(' ')} exited ${result.exitCode}\n${result.stdout}`).toContain(`[${refusal.code}]`)
    expect(result.exitCode).toBe(refusal.exitCode)
    for (const text of refusal.says) expect(result.stderr).toMatch(text)
    expect(this.everything()).toEqual(before)
    return result
  }

  /** The step's run, and its pull request merged. */
  async takes(args: readonly string[], branch: string, options: RunOptions & { readonly squash?: boolean } = {}): Promise<Run> {
    const result = await this.does(args, options)
    this.forge.merge(branch, options.squash === true ? 'squash' : 'merge')
    return result
  }

  /** The files of a branch, in a folder of their own. */
  checkedOut(branch: string): { readonly root: string; readonly files: ReadonlyMap<string, Buffer> } {
    const root = mkdtempSync(join(this.folder, 'tree-'))
    const files = this.forge.files(branch)
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), bytes)
    }
    return { root, files }
  }

  /** Somebody whose identity lies in the sandbox. */
  reader(name: string): Reader {
    const file = join(this.folder, 'keys', `${name}.txt`)
    return { file, recipient: /age1[a-z0-9]+/.exec(readFileSync(file, 'utf8'))?.[0] ?? '' }
  }

  /** `init` with all that it asks for; in the example of Argo CD one repo-server unseals for both clusters. */
  initArguments(...more: readonly string[]): string[] {
    const clusters = existsSync(join(this.certs, 'prod-eu')) ? ['prod-eu', 'prod-us'] : ['prod']
    return [
      'init',
      '--mesh',
      'shop',
      '--from',
      '../certs',
      ...clusters.flatMap((name) => ['--cluster-recipient', `${name}=${this.cluster.recipient}`]),
      '--operator',
      this.operator.recipient,
      '--custodian',
      this.custodian.recipient,
      ...more,
    ]
  }

  /** A hook of the user in the clone, or of the remote. */
  hook(name: string, script: string, where: 'clone' | 'remote' = 'clone'): void {
    const folder = join(where === 'clone' ? join(this.clone, '.git') : this.forge.directory, 'hooks')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }

  /** git in the user's clone. */
  git(...args: readonly string[]): string {
    return new Forge(this.clone, environmentOf(this.folder)).text(...args)
  }

  /** What no refusal may change: the remote's refs; the clone's refs, HEAD, index, files and worktrees. */
  everything(): Readonly<Record<string, unknown>> {
    const git = join(this.clone, '.git')
    const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
    return {
      remote: Object.fromEntries(readRefs(this.forge.directory)),
      refs: existsSync(git) ? Object.fromEntries(readRefs(git)) : null,
      head: textOf(join(git, 'HEAD')),
      index: existsSync(join(git, 'index')) ? hash(join(git, 'index')) : null,
      worktrees: filesBelow(join(git, 'worktrees')),
      files: Object.fromEntries(filesBelow(this.clone).map((path) => [relative(this.clone, path), hash(path)])),
    }
  }

  /** Places where a private key or an age identity came out. @param more keys that are known by now, as PEM. */
  keysThatCameOut(more: readonly string[] = []): readonly string[] {
    const secrets = filesBelow(this.certs)
      .filter((path) => path.endsWith('-key.pem'))
      .map((path) => readFileSync(path, 'utf8'))
    const needles = keyNeedles([...secrets, ...more])
    const found = this.#said.flatMap((text, index) => keysIn(Buffer.from(text), needles).map((what) => `output ${index}: ${what}`))
    for (const repository of [this.forge.directory, this.clone].filter(
      (path) => existsSync(join(path, '.git')) || existsSync(join(path, 'objects')),
    )) {
      const objects = new Forge(repository, environmentOf(this.folder)).git([
        'cat-file',
        '--batch-all-objects',
        '--batch',
        '--buffer',
        '--unordered',
      ])
      found.push(...keysIn(objects, needles).map((what) => `${repository}: ${what}`))
    }
    return found
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Ends what a test has opened, by `each-file.ts`. @throws if a private key came out of a sandbox. */
export function closeSandboxes(): void {
  const sandboxes = open.splice(0)
  const found = sandboxes.flatMap((sandbox) => sandbox.keysThatCameOut())
  for (const sandbox of sandboxes) sandbox.dispose()
  expect(found).toEqual([])
}

/** Takes a sandbox out of the search and the removal: its folder is kept for copies. */
export function keep(sandbox: Sandbox): string {
  open.splice(open.indexOf(sandbox), 1)
  return sandbox.folder
}

function newFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'reroot-sandbox-')))
}

/** For a run of some hours ago, as its commits tell. */
export function hoursAgo(hours: number): Readonly<Record<string, string>> {
  return { GIT_COMMITTER_DATE: `@${Math.floor(Date.now() / 1000) - hours * 3600} +0000` }
}

/** What programs of a sandbox see: a HOME and a TMPDIR of its own, and nothing of the machine’s git. */
export function environmentOf(folder: string): Readonly<Record<string, string>> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: join(folder, 'home'),
    TMPDIR: join(folder, 'tmp'),
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  }
}
