import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { exampleTree, house, makeReader } from '../support/example.ts'
import type { Reader } from '../support/example.ts'
import { clusterCa, firstRoot, layOut } from '../support/first-ca.ts'
import type { KeyAlgorithm } from '../../src/pki/index.ts'
import type { Gitea } from './gitea.ts'

/** The person who rotates: a clone, age identities, the CA that was made by hand, and the built program. */
export interface Operator {
  readonly clone: string
  readonly certs: string
  readonly cluster: Reader
  /** Runs reroot. @returns stdout. @throws with stderr. */
  reroot(args: readonly string[]): Promise<string>
  /** Opens and merges the pull request of a branch that reroot pushed. @returns the commit on main. */
  merge(branch: string): Promise<string>
  /** A commit of other people on main; `null` removes a file. @returns the commit. */
  push(edits: Readonly<Record<string, string | Uint8Array | null>>, message?: string): Promise<string>
  /** The commit that is main. */
  head(): Promise<string>
  /** A file of main as it is now. */
  read(path: string): Promise<string>
}

const repository = 'platform'

/** Makes the repository with an example's tree, and lays out the first CA. */
export async function startOperator(
  gitea: Gitea,
  parent: string,
  wishes: {
    readonly example: 'flux' | 'argocd'
    readonly clusters: readonly string[]
    readonly algorithm?: KeyAlgorithm
    /** Changes of the example. */
    readonly tree: (example: Readonly<Record<string, string>>, cloneUrl: string) => Readonly<Record<string, string | null>>
  },
): Promise<Operator> {
  const folder = join(parent, 'operator')
  for (const name of ['home', 'tmp', 'keys']) await mkdir(join(folder, name), { recursive: true })
  await writeFile(join(folder, 'home/.gitconfig'), '[user]\n\tname = Ada Platform\n\temail = ada@shop.example\n[gc]\n\tauto = 0\n')
  const certs = join(folder, 'certs')
  const root = await firstRoot({ algorithm: wishes.algorithm ?? 'ecdsa-p256' })
  const cas = await Promise.all(wishes.clusters.map(async (name) => [name, await clusterCa(root, name, wishes.algorithm)] as const))
  layOut(certs, root, Object.fromEntries(cas))
  const [operator, cluster, custodian] = (await Promise.all(
    ['operator', 'cluster', 'custodian'].map(async (name) => makeReader(join(folder, 'keys', `${name}.txt`))),
  )) as [Reader, Reader, Reader]

  const cloneUrl = await gitea.createRepository(repository)
  const clone = join(folder, repository)
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: join(folder, 'home'),
    TMPDIR: join(folder, 'tmp'),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
  }
  const git = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await execa('git', args, { cwd: clone, env, extendEnv: false })
    return stdout
  }
  await execa('git', ['init', '--quiet', '--initial-branch=main', clone], { env, extendEnv: false })
  await git('remote', 'add', 'origin', gitea.pushUrl(repository))
  const example = Object.fromEntries(
    Object.entries(exampleTree(wishes.example)).map(([path, bytes]) => [path, Buffer.from(bytes).toString('utf8')]),
  )
  const write = async (edits: Readonly<Record<string, string | Uint8Array | null>>, message: string): Promise<string> => {
    for (const [path, content] of Object.entries(edits)) {
      if (content === null) await git('rm', '--quiet', '--force', '--', path)
      else {
        await mkdir(join(clone, path, '..'), { recursive: true })
        await writeFile(join(clone, path), content)
      }
    }
    await git('add', '--all')
    await git('commit', '--quiet', '--message', message)
    await git('push', '--quiet', '--set-upstream', 'origin', 'main')
    return git('rev-parse', 'HEAD')
  }
  await write({ ...example, ...withoutNull(wishes.tree(example, cloneUrl)) }, 'The platform as it is')
  const recipients = [
    ...wishes.clusters.flatMap((name) => ['--cluster-recipient', `${name}=${cluster.recipient}`]),
    ...['--operator', operator.recipient, '--custodian', custodian.recipient],
  ]
  return {
    clone,
    certs,
    cluster,
    async reroot(args) {
      const { stdout } = await execa(
        process.execPath,
        [join(house, 'build/reroot.js'), ...args, ...(args[0] === 'init' ? ['--from', '../certs', ...recipients] : [])],
        { cwd: clone, env: { ...env, SOPS_AGE_KEY_FILE: operator.file }, extendEnv: false },
      )
      return stdout
    },
    async merge(branch) {
      const commit = await gitea.merge(repository, branch, branch)
      await git('pull', '--quiet', '--ff-only', 'origin', 'main')
      return commit
    },
    async push(edits, message = 'Work of other people') {
      await git('pull', '--quiet', '--ff-only', 'origin', 'main')
      return write(edits, message)
    },
    head: async () => git('rev-parse', 'main'),
    read: async (path) => readFile(join(clone, path), 'utf8'),
  }
}

function withoutNull(edits: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(edits).flatMap(([path, text]) => (text === null ? [] : [[path, text]])))
}
