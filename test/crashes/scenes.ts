import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machine } from '../../src/adapters/temporary-folder.ts'
import { keep } from '../support/sandbox.ts'
import type { Sandbox } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'
import type { State } from '../support/states.ts'
import { leftBehind, outcomeOf } from './outcome.ts'
import type { Outcome } from './outcome.ts'

/** A command in a repository. */
export interface Scene {
  readonly name: string
  readonly state: State
  readonly args: (sandbox: Sandbox) => readonly string[]
  readonly asOperator?: boolean
  /** It writes nothing but what it prints. */
  readonly reads?: boolean
  /** The folder that it writes into, relative to the clone. */
  readonly out?: string
  readonly prepare?: (sandbox: Sandbox) => unknown
}

const step =
  (...args: readonly string[]) =>
  (): readonly string[] =>
    args

/** Several pull requests at once: the Secret belongs to another owner, so it is a change set of its own. */
const stacked: Pick<Scene, 'state' | 'asOperator'> = { state: 'inPlace', asOperator: true }

/** Every command that has an effect, and every way in which it delivers. */
export const scenes: readonly Scene[] = [
  { name: 'init', state: 'fresh', args: (sandbox) => sandbox.initArguments(), asOperator: true },
  { name: 'init --dry-run', state: 'fresh', args: (sandbox) => sandbox.initArguments('--dry-run'), asOperator: true },
  { name: 'stage', state: 'initialised', args: step('stage'), asOperator: true },
  { name: 'stage --stack', ...stacked, args: step('stage', '--stack') },
  { name: 'stage --stack --no-push', ...stacked, args: step('stage', '--stack', '--no-push') },
  {
    name: 'stage, which replaces its branch',
    state: 'initialised',
    args: step('stage'),
    asOperator: true,
    async prepare(sandbox) {
      await sandbox.does(['stage'], { as: sandbox.operator })
      sandbox.forge.edit('mesh-ca/reroot.yaml', [['maxWorkloadsPerWave: 50', 'maxWorkloadsPerWave: 1']])
    },
  },
  { name: 'promote', state: 'staged', args: step('promote') },
  { name: 'promote --dry-run --out', state: 'staged', args: step('promote', '--dry-run', '--out', '../out'), out: '../out' },
  { name: 'retire', state: 'promoted', args: step('retire') },
  { name: 'rollback', state: 'staged', args: step('rollback') },
  { name: 'replace', state: 'staged', args: step('replace') },
  {
    name: 'render',
    state: 'staged',
    args: step('render', '--repository', '../merged', '--out', '../out'),
    out: '../out',
    prepare: (sandbox) => sandbox.git('worktree', 'add', '-q', '--detach', '../merged', fetched(sandbox)),
  },
  { name: 'status', state: 'staged', args: step('status'), reads: true },
]

/** `stage` where a rule needs the `sops` program: two key groups, of which both are needed. */
export const withSops: Scene = {
  name: 'stage with sops',
  state: 'initialised',
  args: step('stage'),
  asOperator: true,
  prepare(sandbox) {
    const both = [sandbox.cluster.recipient, sandbox.operator.recipient]
    const group = `      - age: [${both.join(', ')}]\n`
    sandbox.forge.edit('.sops.yaml', [
      [/(cacerts\|prepared.*\n.*\n) +age: "[^"]*"\n/, `$1    shamir_threshold: 2\n    key_groups:\n${group}${group}`],
    ])
  },
}

/** A scene's world before the command, with a user at work in the clone and another run of reroot that lives. */
export interface Prepared {
  readonly scene: Scene
  readonly folder: string
  /** What is there before. */
  readonly before: Outcome
  /** What `leftBehind` shows of the run that lives. */
  readonly living: readonly string[]
}

export async function prepared(scene: Scene): Promise<Prepared> {
  const sandbox = await sandboxIn(scene.state)
  for (const branch of sandbox.forge.branches().filter((name) => name !== 'main')) sandbox.forge.text('branch', '-q', '-D', branch)
  await scene.prepare?.(sandbox)
  beAtWork(sandbox)
  leaveLiving(sandbox)
  const before = await outcomeOf(sandbox, scene)
  return { scene, folder: keep(sandbox), before, living: leftBehind(sandbox) }
}

function fetched(sandbox: Sandbox): string {
  sandbox.git('fetch', '-q', 'origin')
  return 'origin/main'
}

/** Changes that are stashed, staged, not staged, and not tracked. */
function beAtWork(sandbox: Sandbox): void {
  const readme = join(sandbox.clone, 'README.md')
  appendFileSync(readme, 'stashed\n')
  sandbox.git('stash')
  appendFileSync(readme, 'staged\n')
  sandbox.git('add', 'README.md')
  appendFileSync(readme, 'not staged\n')
  writeFileSync(join(sandbox.clone, 'notes.txt'), 'not tracked\n')
}

/** What another run has at hand, whose process lives: a worktree, and a folder that git was not told of yet. */
function leaveLiving(sandbox: Sandbox): void {
  const name = `reroot-${process.pid}-${machine}`
  sandbox.git('worktree', 'add', '-q', '--detach', join(sandbox.folder, 'elsewhere', `${name}-living`))
  mkdirSync(join(sandbox.temporary, `${name}-begun1`))
}
