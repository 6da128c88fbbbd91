import { describe, expect, test } from 'vitest'
import { everybodyTalked, planned, takeStep, untilHandshakes, wrongAfter } from '../../rotation.ts'
import { say } from '../../say.ts'
import { scene } from '../../scene.ts'
import { startArgocdWorld } from '../../worlds/argocd.ts'
import { startFluxWorld } from '../../worlds/flux.ts'
import type { World } from '../../worlds/world.ts'

const seen = ['--confirmed', 'every proxy of the lab was looked at'] as const

describe.each([
  // Restarts by Jobs in one cluster: each step's entry gate is evidence enough.
  { example: 'flux', start: startFluxWorld, wishes: { multiRoot: false, algorithm: 'rsa-2048' }, word: [] },
  { example: 'argocd', start: startArgocdWorld, wishes: { multiRoot: true, algorithm: 'ecdsa-p256' }, word: seen },
] as const)('a whole rotation of examples/$example', ({ start, wishes, word }) => {
  const here = scene<World>(start, wishes)

  test.each([
    ['stage', 'g2-staged', 2, 'g1', []],
    ['promote', 'g2-promoted', 2, 'g2', word],
    ['retire', 'g2-steady', 1, 'g2', word],
  ] as const)('%s: in order, everybody once, and nobody refuses anybody', async (step, id, roots, signer, more) => {
    const { world } = here
    await takeStep(world, step, `mesh-ca/${id}`, more)
    await everybodyTalked(world)

    expect(await wrongAfter(world, id, { roots, signer })).toEqual([])
  })

  test('was of a size that counts: workloads, namespaces, istiods, handshakes', async () => {
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
})
