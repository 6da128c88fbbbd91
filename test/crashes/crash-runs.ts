import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual as isEqual } from 'node:util'
import { execa } from 'execa'
import { expect } from 'vitest'
import { built } from '../support/built.ts'
import { environmentOf, keep, Sandbox } from '../support/sandbox.ts'
import { runWarm } from '../support/warm-program.ts'
import type { Run } from '../support/warm-program.ts'
import type { Effect, Fault, How, Line } from './fault-port.ts'
import { commitsOf, leftBehind, outcomeOf, untouched } from './outcome.ts'
import type { Outcome } from './outcome.ts'
import { prepared } from './scenes.ts'
import type { Prepared, Scene } from './scenes.ts'

/** Where a run is killed. */
export interface Point {
  readonly at: number
  readonly how: How
  readonly effect: Effect
  readonly afterMs: number
}

/** A command that has run to its end, and everywhere it can be killed on the way. */
export interface Undisturbed extends Prepared {
  readonly points: readonly Point[]
  readonly outcome: Outcome
  readonly stdout: string
}

/** What became of a killed run. */
export interface Recovery {
  /** Every branch that it makes was there when it was killed; else none was. */
  readonly delivered: boolean
  /** A lock file of git's in the user's clone, which the next run names: a git that was killed has left it. */
  readonly lock: string | null
}

/** Runs a scene to its end, and counts its effects. Its folder is there for copies until `use` has ended. */
export async function withUndisturbed(scene: Scene, use: (whole: Undisturbed) => Promise<void>): Promise<void> {
  const base = await prepared(scene)
  try {
    await use(await undisturbed(base))
  } finally {
    rmSync(base.folder, { recursive: true, force: true })
  }
}

async function undisturbed(base: Prepared): Promise<Undisturbed> {
  const sandbox = Sandbox.copyOf(base.folder)
  try {
    const before = untouched(sandbox)
    const { result, lines } = await runWith(base, sandbox, { at: null, how: 'before' })
    expect(result, result.stderr).toMatchObject({ exitCode: 0 })
    expect(untouched(sandbox)).toEqual(before)
    expect(leftBehind(sandbox)).toEqual(base.living)
    return { ...base, points: pointsOf(lines), outcome: await outcomeOf(sandbox, base.scene), stdout: result.stdout }
  } finally {
    discard(sandbox)
  }
}

/** Kills a run at a point, and runs the same command again: it must end as if nothing had happened. */
export async function crash(whole: Undisturbed, point: Point): Promise<Recovery> {
  const sandbox = Sandbox.copyOf(whole.folder)
  try {
    const before = untouched(sandbox)
    const { result, pid } = await runWith(whole, sandbox, point)
    expect(result.signal, `it was not killed: ${result.stderr}`).toBe('SIGKILL')
    await orphansOf(pid)
    expect(untouched(sandbox), 'the user’s clone after the kill').toEqual(before)
    const after = await outcomeOf(sandbox, whole.scene)
    const commits = commitsOf(sandbox)
    const delivered = isEqual(branchesOf(after), branchesOf(whole.outcome))
    if (!delivered) expect(branchesOf(after), 'after the kill').toEqual(branchesOf(whole.before))

    const { again, lock } = await runAgain(whole, sandbox, point.how)
    expect(again, again.stderr).toMatchObject({ exitCode: 0 })
    if (whole.scene.reads === true) expect(again.stdout).toBe(whole.stdout)
    expect(await outcomeOf(sandbox, whole.scene), 'the outcome').toEqual(whole.outcome)
    if (delivered) expect(commitsOf(sandbox), 'a branch that was there is kept').toEqual(commits)
    expect(untouched(sandbox), 'the user’s clone in the end').toEqual(before)
    expect(leftBehind(sandbox), 'left behind').toEqual(whole.living)
    expect(sandbox.keysThatCameOut()).toEqual([])
    return { delivered: delivered && !isEqual(branchesOf(whole.before), branchesOf(whole.outcome)), lock }
  } finally {
    discard(sandbox)
  }
}

const branchesOf = ({ remote, local }: Outcome): Pick<Outcome, 'remote' | 'local'> => ({ remote, local })

/** One in the middle of each kind of effect, broken off in one of its ways. */
export function sampleOf(points: readonly Point[]): readonly Point[] {
  const kindOf = ({ effect: { kind } }: Point): string => (kind === 'make' ? 'write' : kind)
  return [...new Set(points.map(kindOf))].flatMap((kind, index) => {
    const numbers = [...new Set(points.filter((point) => kindOf(point) === kind).map(({ at }) => at))]
    const at = numbers[Math.floor(numbers.length / 2)]
    const ways = points.filter((point) => point.at === at && point.how !== 'before')
    return ways[index % Math.max(ways.length, 1)] ?? points.find((point) => point.at === at) ?? []
  })
}

export const titleOf = ({ at, how, effect, afterMs }: Point): string =>
  `${how}${how === 'group' ? ` after ${afterMs.toFixed(0)} ms` : ''}: effect ${at}, ${effect.what}`

function pointsOf(lines: readonly Line[]): readonly Point[] {
  const effects = lines.filter((line): line is Effect => 'kind' in line)
  const durations = new Map(lines.flatMap((line) => ('ended' in line ? [[line.ended, line.ms] as const] : [])))
  return effects.flatMap((effect, at) => {
    const ways: readonly How[] = ['before', ...effect.ways, ...(at === effects.length - 1 ? (['after'] as const) : [])]
    return ways.map((how): Point => ({ at, how, effect, afterMs: (durations.get(at) ?? 0) / 2 }))
  })
}

/** Runs a scene's command through the fault port. */
export async function runWith(base: Prepared, sandbox: Sandbox, { at, how, afterMs = 0 }: Omit<Fault, 'journal'>) {
  const journal = join(sandbox.folder, 'journal')
  const order: Fault = { journal, at, how, afterMs }
  const subprocess = execa(
    process.execPath,
    ['--no-opt', built().faultPort, JSON.stringify(order), built().file, ...base.scene.args(sandbox)],
    // A process group of its own, so that all of it can be killed.
    {
      cwd: sandbox.clone,
      env: environment(base.scene, sandbox),
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      detached: true,
      stripFinalNewline: false,
    },
  )
  const result = await subprocess
  const lines = readFileSync(journal, 'utf8').trim().split('\n')
  return { result, pid: subprocess.pid ?? 0, lines: lines.map((line) => JSON.parse(line) as Line) }
}

/** Waits until the programs of a process group that go on alone have ended. */
export async function orphansOf(group: number): Promise<void> {
  for (let waited = 0; isAtWork(group); waited += 10) {
    if (waited > 60_000) throw new Error('what the killed run has started does not end')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function isAtWork(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch {
    return false
  }
  if (process.platform !== 'linux') return true
  // The first process of a container may take seconds to ask how an orphan ended.
  return readdirSync('/proc').some((name) => /^\d/.test(name) && isIn(group, `/proc/${name}/stat`))
}

/** Whether a process that is no zombie is in the group: `PID (NAME) STATE PARENT GROUP …` (proc(5)). */
function isIn(group: number, file: string): boolean {
  try {
    const stat = readFileSync(file, 'utf8')
    const [state, , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return of === String(group) && state !== 'Z' && state !== 'X'
  } catch {
    return false
  }
}

async function runAgain(whole: Undisturbed, sandbox: Sandbox, how: How): Promise<{ readonly again: Run; readonly lock: string | null }> {
  const again = await runCommand(whole.scene, sandbox)
  const [, lock] = /Unable to create '([^']*\.lock)': File exists/.exec(again.stderr) ?? []
  if (lock === undefined || how !== 'group') return { again, lock: null }
  expect(again.stderr).toContain('remove the lock file that git names')
  if (existsSync(lock)) await execa('rm', [lock])
  return { again: await runCommand(whole.scene, sandbox), lock }
}

/** Runs a scene's command, and nothing kills it. */
export function runCommand(scene: Scene, sandbox: Sandbox): Promise<Run> {
  return runWarm(built().file, scene.args(sandbox), sandbox.clone, environment(scene, sandbox))
}

function environment(scene: Scene, sandbox: Sandbox): Readonly<Record<string, string>> {
  return { ...environmentOf(sandbox.folder), ...(scene.asOperator === true ? { SOPS_AGE_KEY_FILE: sandbox.operator.file } : {}) }
}

function discard(sandbox: Sandbox): void {
  keep(sandbox)
  sandbox.dispose()
}
