import { RerootError } from '../base/index.ts'
import { generationIn, generationOf, lastTransition } from '../rotation/index.ts'
import type { Testimony } from '../rotation/index.ts'
import type { Loaded } from './load.ts'

/**
 * Refuses a testimony that cannot be true: of a cluster that does not exist, of the future, or of a time before the step's root existed.
 * @throws RerootError USAGE.
 */
export function checkTestimony(loaded: Loaded, testimony: Testimony, now: Date): void {
  for (const [name, passed] of testimony.gatePassed) {
    const cluster = loaded.clusters.find((one) => one.config.name === name)
    if (cluster === undefined) {
      throw new RerootError('USAGE', `--gate-passed names ${name}, which is no cluster of this mesh`, {
        hint: `the clusters are: ${loaded.clusters.map((one) => one.config.name).join(', ')}`,
      })
    }
    const generation = generationOf(lastTransition(cluster.record)?.id ?? '')
    const earliest = generation === null ? null : generationIn(loaded.mesh, generation).certificate.notBefore
    if (passed > now || (earliest !== null && passed < earliest)) {
      throw new RerootError(
        'USAGE',
        `--gate-passed ${name}=${passed.toISOString()} cannot be: ${passed > now ? 'it is in the future' : `${generation} did not exist before ${earliest?.toISOString()}`}`,
        {
          hint: 'read the time off the Job of the control plane\u2019s gate: status.completionTime',
        },
      )
    }
  }
}
