import type { Figure } from './figure.ts'
import { timed } from './measure.ts'
import { makePlatform, program } from './platform.ts'
import { both } from './pull-request.ts'
import { clusterNames } from './repository.ts'

/** `stage` for many clusters at once, to the pushed branch. */
export async function fleetFigures(clusters: number, workloads: number): Promise<readonly Figure[]> {
  const platform = await makePlatform({ clusters: clusterNames(clusters), workloadsPerCluster: workloads })
  try {
    const clone = await platform.clone('ours')
    const cost = await timed([process.execPath, program, 'stage'], { cwd: clone, env: platform.environment })
    const restarted = [...platform.forge.files('mesh-ca/g2-staged')].filter(
      ([path, bytes]) => path.startsWith('apps/') && bytes.includes('reroot.dev/rotation: '),
    )
    if (restarted.length !== clusters * workloads)
      throw new Error(`${restarted.length} workloads were restarted in place of ${clusters * workloads}`)
    return [
      {
        what: `stage, ${clusters} clusters, ${workloads} workloads each, ECDSA`,
        value: cost.seconds,
        limit: 15,
        unit: 's',
        from: both(cost),
      },
    ]
  } finally {
    platform.dispose()
  }
}
