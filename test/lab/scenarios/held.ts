import { expect } from 'vitest'
import { jobName, restartsOf, untilSeen } from '../journal.ts'
import type { World } from '../worlds/world.ts'

export const controlPlane = 'Deployment/istio-system/istiod'

/** Long enough for a wave to start that is not held. */
const aWhile = 30_000

/** The gate of the control plane is at work, and stays so for a while; nobody else is restarted; two istiods serve on, and nobody refuses anybody. */
export async function expectHeld(world: World, id: string): Promise<void> {
  const gate = new RegExp(`^mesh-ca-${jobName(id)}-control-plane-gate`)
  for (const { journal } of world.members) await untilSeen(journal, 'job-started', 'started', gate)
  await new Promise((resolve) => setTimeout(resolve, aWhile))
  for (const { journal, mesh } of world.members) {
    expect(journal.entries.filter(({ what, object }) => what === 'job-complete' && gate.test(object))).toEqual([])
    expect(restartsOf(journal, id)).toEqual([controlPlane])
    expect(mesh.istiods().filter(({ ready }) => ready).length).toBeGreaterThanOrEqual(2)
  }
  expect(await world.handshakes.count()).toMatchObject({ failed: 0, failures: [] })
}
