import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { execa } from 'execa'
import { filesBelow, Forge, readRefs } from '../support/forge.ts'
import { readTree, scrubbed, withoutPayloads } from '../support/golden.ts'
import { insideOf } from '../support/live-secret.ts'
import { environmentOf } from '../support/sandbox.ts'
import type { Sandbox } from '../support/sandbox.ts'
import type { Scene } from './scenes.ts'

type Branches = Readonly<Record<string, unknown>>

/** What a command has brought about, without what is random by nature. */
export interface Outcome {
  /** Branch → message and changed files. */
  readonly remote: Branches
  readonly local: Branches
  /** What is in the folder that it writes into. */
  readonly out: unknown
  readonly plans: readonly unknown[]
}

export async function outcomeOf(sandbox: Sandbox, scene: Scene): Promise<Outcome> {
  const clone = new Forge(join(sandbox.clone, '.git'), environmentOf(sandbox.folder))
  const plans = readdirSync(sandbox.temporary).filter((name) => name.startsWith('reroot-plan-'))
  return {
    remote: await branchesOf(sandbox.forge, sandbox),
    local: await branchesOf(clone, sandbox),
    out: scene.out === undefined ? null : withoutChance(new Map(readTree(join(sandbox.clone, scene.out)))),
    plans: plans.map((name) => withoutChance(new Map(readTree(join(sandbox.temporary, name))))).slice(0, 1),
  }
}

/** The commits of reroot's branches: a run that finds one takes it up. */
export function commitsOf(sandbox: Sandbox): readonly (readonly [string, string])[] {
  return [sandbox.forge.directory, join(sandbox.clone, '.git')].flatMap((git) => [...readRefs(git)].filter(([ref]) => isOurs(ref)))
}

/** What no run may touch, in whatever moment it dies: the checkout, and all of `.git` but objects, remote-tracking refs and reroot's own branches. */
export function untouched(sandbox: Sandbox): Readonly<Record<string, string>> {
  const git = join(sandbox.clone, '.git')
  const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)
  const inGit = filesBelow(git).filter((path) => {
    const name = relative(git, path)
    return !/^(objects\/|(logs\/)?refs\/remotes\/|(logs\/)?refs\/heads\/mesh-ca\/)/.test(name) && !isOwnWorktree(name)
  })
  const others = [...readRefs(sandbox.forge.directory)].filter(([ref]) => !isOurs(ref))
  return Object.fromEntries([
    ...others.map(([ref, commit]) => [`remote ${ref}`, commit] as const),
    ...[...filesBelow(sandbox.clone), ...inGit].map((path) => [relative(sandbox.clone, path), hash(path)] as const),
  ])
}

/** Temporary folders and worktrees that reroot has not removed, and git's lock and temporary files. Plans are the user's. */
export function leftBehind(sandbox: Sandbox): readonly string[] {
  const git = join(sandbox.clone, '.git')
  const registry = join(git, 'worktrees')
  return [
    ...readdirSync(sandbox.temporary).filter((name) => !name.startsWith('reroot-plan-')),
    ...(existsSync(registry) ? readdirSync(registry).map((name) => `worktrees/${name}`) : []),
    ...filesBelow(git).flatMap((path) => (path.endsWith('.lock') ? [relative(git, path)] : [])),
  ]
}

const isOurs = (ref: string): boolean => ref.startsWith('refs/heads/mesh-ca/')

/** An entry of a run, whose process may be dead: `leftBehind` judges it. */
const isOwnWorktree = (name: string): boolean => name.startsWith('worktrees/reroot-')

async function branchesOf(repository: Forge, sandbox: Sandbox): Promise<Branches> {
  const refs = [...readRefs(repository.directory)].filter(([ref]) => isOurs(ref))
  const found: Record<string, unknown> = {}
  for (const [ref, commit] of refs) {
    const base = readRefs(sandbox.forge.directory).get('refs/heads/main') ?? ''
    const message = repository.text('log', '--format=%P%n%an%n%B', `${base}..${commit}`)
    const changed = repository.text('diff-tree', '-r', '--name-status', '--no-renames', base, commit).split('\n')
    const files = repository.files(commit)
    const written = changed.flatMap((line) => (line.startsWith('D') ? [] : [line.slice(2)]))
    const sealed = written.filter((path) => path.startsWith('mesh-ca/clusters/') && path.endsWith('.sops.yaml'))
    found[ref] = {
      commits: message.replaceAll(/^[0-9a-f]{40}$/gm, (parent) => (parent === base ? '<main>' : '<branch>')),
      changed,
      files: withoutChance(new Map(written.map((path) => [path, String(files.get(path))]))),
      secrets: await Promise.all(sealed.map((path) => secretIn(files.get(path) ?? new Uint8Array(), path, sandbox))),
    }
  }
  return found
}

/** What the cluster finds in a sealed file; what two key groups hold, the `sops` program alone can open. */
async function secretIn(bytes: Uint8Array, path: string, sandbox: Sandbox): Promise<unknown> {
  if (/^ +key_groups:/m.test(String(bytes))) {
    const environment = { ...environmentOf(sandbox.folder), SOPS_AGE_KEY_FILE: sandbox.cluster.file }
    const { stdout } = await execa('sops', ['decrypt', '--filename-override', path, '--input-type', 'yaml', '--output-type', 'json'], {
      input: bytes,
      env: environment,
      extendEnv: false,
    })
    return Object.keys((JSON.parse(stdout) as { readonly data: object }).data)
  }
  const { rootCert: _, ...inside } = await insideOf(bytes, path, sandbox.cluster)
  return inside
}

function withoutChance(tree: ReadonlyMap<string, string>): unknown {
  return scrubbed({ tree: new Map([...tree].map(([path, text]) => [path, withoutPayloads(text)])) })
}
