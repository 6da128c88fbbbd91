import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { house } from '../support/example.ts'
import type { Figure } from './figure.ts'
import { alternate, timed } from './measure.ts'
import type { Cost } from './measure.ts'
import { makePlatform, program } from './platform.ts'
import type { Platform } from './platform.ts'
import { clusterNames } from './repository.ts'

const script = join(house, 'test/bench/peer.sh')
const ours = 'mesh-ca/g2-staged'
const theirs = 'by-hand'

/** From the command to the pushed branch, beside a script that does it by hand. */
export async function pullRequestFigures(
  workloads: number,
  limits: { readonly seconds?: number; readonly ratio: number },
  rounds: number,
): Promise<readonly Figure[]> {
  const size = { clusters: clusterNames(1), workloadsPerCluster: workloads }
  const platform = await makePlatform(size)
  try {
    const [own, other] = [await platform.clone('ours'), await platform.clone('theirs')]
    const cost = await alternate(rounds, {
      reroot: () => pushed(platform, own, ours, [process.execPath, program, 'stage'], workloads),
      script: () => pushed(platform, other, theirs, [script, theirs, ...size.clusters], workloads),
    })
    const what = `stage, 1 cluster, ${workloads} workloads, ECDSA`
    const from = `${both(cost.reroot)} against ${both(cost.script)}`
    const ratio: Figure = {
      what: `${what}: of the script’s time`,
      value: cost.reroot.seconds / cost.script.seconds,
      limit: limits.ratio,
      unit: '×',
      from,
    }
    return limits.seconds === undefined
      ? [ratio]
      : [{ what, value: cost.reroot.seconds, limit: limits.seconds, unit: 's', from: both(cost.reroot) }, ratio]
  } finally {
    platform.dispose()
  }
}

/** A run that pushes a branch, which is looked at, and taken away again. */
async function pushed(platform: Platform, clone: string, branch: string, command: readonly string[], workloads: number): Promise<Cost> {
  const cost = await timed(command, { cwd: clone, env: platform.environment })
  assertSameWork(platform, branch, workloads)
  platform.forge.text('branch', '-D', branch)
  const git = (...args: readonly string[]): void => void execFileSync('git', args, { cwd: clone, env: platform.environment, stdio: 'pipe' })
  git('switch', '--quiet', 'main')
  git('update-ref', '-d', `refs/remotes/origin/${branch}`)
  git('update-ref', '-d', `refs/heads/${branch}`)
  return cost
}

/** Both sides restart every workload, and seal every state of the rotation and the root. */
function assertSameWork({ forge }: Platform, branch: string, workloads: number): void {
  const files = forge.files(branch)
  const restarted = [...files].filter(([path, bytes]) => path.startsWith('apps/') && bytes.includes('reroot.dev/rotation: '))
  const sealed = [...files].filter(([path, bytes]) => /^mesh-ca\/.*\.sops\.yaml$/.test(path) && bytes.includes('ENC['))
  const found = { restarted: restarted.length, sealed: sealed.length }
  const wanted = { restarted: workloads, sealed: 6 }
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`${branch} holds ${JSON.stringify(found)} in place of ${JSON.stringify(wanted)}`)
}

export const both = (cost: { readonly seconds: number; readonly cpuSeconds: number }): string =>
  `${cost.seconds.toFixed(2)} s (${cost.cpuSeconds.toFixed(2)} s CPU)`
