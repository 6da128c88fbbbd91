import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What a run has cost. CPU time counts a process with all that it has started: a busy machine changes it less than the clock. */
export interface Cost {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly stdout: string
}

const run = promisify(execFile)

/**
 * Runs a program and takes its time.
 * @throws Error with what it said, if it fails.
 */
export async function timed(
  command: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Cost> {
  // bash waits for what the program starts, and so knows its CPU time; its own is far below a millisecond.
  const script = 'TIMEFORMAT="%3R %3U %3S"; exec 3>&2; time "$@" 2>&3 3>&-'
  const { stdout, stderr } = await run('bash', ['-c', script, 'bash', ...command], { ...options, maxBuffer: 1 << 28 })
  const [real = Number.NaN, user = Number.NaN, system = Number.NaN] = (stderr.trimEnd().split('\n').at(-1) ?? '').split(' ').map(Number)
  return { seconds: real, cpuSeconds: user + system, stdout }
}

/** The middle one of an odd number of values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new TypeError('nothing was measured')
  return middle
}

/** Runs the sides one after the other, again and again: what else the machine does meets all of them. */
export async function alternate<Side extends string>(
  rounds: number,
  sides: Readonly<Record<Side, () => Promise<Cost>>>,
): Promise<Readonly<Record<Side, { readonly seconds: number; readonly cpuSeconds: number }>>> {
  const costs = new Map<Side, Cost[]>()
  const named = Object.entries(sides) as [Side, () => Promise<Cost>][]
  for (let round = 0; round < rounds; round++) {
    for (const [side, measure] of named) costs.set(side, [...(costs.get(side) ?? []), await measure()])
  }
  const medians = named.map(([side]) => {
    const of = costs.get(side) ?? []
    return [side, { seconds: median(of.map((one) => one.seconds)), cpuSeconds: median(of.map((one) => one.cpuSeconds)) }]
  })
  return Object.fromEntries(medians) as Awaited<ReturnType<typeof alternate<Side>>>
}
