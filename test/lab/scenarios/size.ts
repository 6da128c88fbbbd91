import { expect, test } from 'vitest'
import { planned, untilHandshakes } from '../rotation.ts'
import { say } from '../say.ts'
import type { Scene } from '../scene.ts'
import type { World } from '../worlds/world.ts'

/** The last test of a rotation that is to count. */
export function wasOfASizeThatCounts(here: Scene<World>): void {
  test('it was of a size that counts: workloads, namespaces, istiods, handshakes', async () => {
    const { world } = here
    const { succeeded } = await world.handshakes.count()
    if (succeeded < 10_000) await untilHandshakes(world, 10_000 - succeeded)
    const workloads = (await Promise.all(world.members.map(async ({ cluster }) => planned(world, cluster.name)))).flat()

    expect(workloads.length).toBeGreaterThanOrEqual(30)
    expect(new Set(workloads.map((workload) => workload.split('/')[1])).size).toBeGreaterThanOrEqual(6)
    for (const { mesh } of world.members) expect(mesh.istiods().filter(({ ready }) => ready).length).toBeGreaterThanOrEqual(2)
    const count = await world.handshakes.count()
    expect(count).toMatchObject({ failed: 0 })
    say(`${workloads.length} workloads, ${count.succeeded} handshakes, ${count.failed} failed`)
  })
}
