import { expect } from 'vitest'
import { restartsOf } from '../journal.ts'
import type { World } from '../worlds/world.ts'

export const controlPlane = 'Deployment/istio-system/istiod'

/** Long enough for any wave to start that is not held. */
const aWhile = 30_000

/** Nobody but the control plane is restarted for a while, and nobody refuses anybody. */
export async function expectHeld(world: World, id: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, aWhile))
  for (const { journal } of world.members) expect(restartsOf(journal, id)).toEqual([controlPlane])
  expect(await world.handshakes.count()).toMatchObject({ failed: 0, failures: [] })
}
