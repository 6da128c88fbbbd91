import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { house } from '../support/example.ts'
import type { Figure } from './figure.ts'
import { median, timed } from './measure.ts'
import { platformTree } from './repository.ts'

interface Found {
  readonly workloads: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly megabytes: number
}

/** How long it takes to find the workloads of one cluster, and whether a file costs the same in a large repository as in a small one. */
export async function discoveryFigures(
  { few, many }: { readonly few: number; readonly many: number },
  rounds: number,
): Promise<readonly Figure[]> {
  const folders = [few, many].map((workloads) => writeTree(workloads))
  try {
    const runs: Found[][] = [[], []]
    for (let round = 0; round < rounds; round++)
      for (const [index, { folder, workloads }] of folders.entries()) runs[index]?.push(await discovered(folder, workloads))
    const [small = [], large = []] = runs
    const seconds = median(large.map((run) => run.seconds))
    const megabytes = Math.max(...large.map((run) => run.megabytes))
    const perFile = {
      small: (median(small.map((run) => run.cpuSeconds)) / few) * 1e6,
      large: (median(large.map((run) => run.cpuSeconds)) / many) * 1e6,
    }
    const what = `discovery, ${many} workload files`
    return [
      { what, value: seconds, limit: 5, unit: 's', from: `${median(large.map((run) => run.cpuSeconds)).toFixed(2)} s CPU` },
      { what: `${what}: memory`, value: megabytes, limit: 600, unit: 'MB', from: 'the most that the process held' },
      {
        what: `${what}: CPU time a file, of that with ${few}`,
        value: perFile.large / perFile.small,
        limit: 1.2,
        unit: '×',
        from: `${perFile.large.toFixed(0)} µs against ${perFile.small.toFixed(0)} µs`,
      },
    ]
  } finally {
    for (const { folder } of folders) rmSync(folder, { recursive: true })
  }
}

function writeTree(workloads: number): { readonly folder: string; readonly workloads: number } {
  const folder = mkdtempSync(join(tmpdir(), 'reroot-bench-'))
  for (const [path, content] of Object.entries(platformTree({ clusters: ['c01'], workloadsPerCluster: workloads }))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return { folder, workloads }
}

async function discovered(folder: string, workloads: number): Promise<Found> {
  const command = [process.execPath, '--import', './scripts/typescript.js', 'test/bench/discovery-process.ts', folder, 'c01']
  const { stdout } = await timed(command, { cwd: house, env: { PATH: process.env['PATH'] ?? '' } })
  const found = JSON.parse(stdout) as Found
  // istiod and the gateway are Helm's.
  if (found.workloads !== workloads + 2) throw new Error(`${found.workloads} workloads were found in place of ${workloads + 2}`)
  return found
}
