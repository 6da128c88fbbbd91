import { describe, expect, test } from 'vitest'
import type { MeshOptions } from '../../emulator/index.ts'
import { everybodyTalked, takeStep, wrongAfter } from '../../rotation.ts'
import { scene } from '../../scene.ts'
import { startArgocdWorld } from '../../worlds/argocd.ts'
import { startFluxWorld } from '../../worlds/flux.ts'
import type { World } from '../../worlds/world.ts'
import { wasOfASizeThatCounts } from '../size.ts'

/** Certificates for four minutes, renewed after two. */
const lively: MeshOptions = { certificateHours: 1 / 15, renews: true, projectionMilliseconds: (nth) => (nth % 2) * 20_000 }
const seen = ['--confirmed', 'every proxy of the lab was looked at'] as const

describe.each([
  // Restarts by Jobs in one cluster: each step's entry gate is evidence enough. Proxies renew their certificates all the time, and istiods take up the
  // Secret one after the other.
  { example: 'flux', start: startFluxWorld, wishes: { multiRoot: true, algorithm: 'ecdsa-p256', mesh: lively }, word: [] },
  { example: 'argocd', start: startArgocdWorld, wishes: { multiRoot: false, algorithm: 'rsa-2048' }, word: seen },
] as const)('a whole rotation of examples/$example', ({ start, wishes, word }) => {
  const here = scene<World>(start, { ...wishes, handshakesPerSecond: 60 })

  test.each([
    ['stage', 'g2-staged', []],
    ['promote', 'g2-promoted', word],
    ['retire', 'g2-steady', word],
  ] as const)('%s: in order, everybody once, and nobody refuses anybody', async (step, id, more) => {
    const { world } = here
    await takeStep(world, step, `mesh-ca/${id}`, more)
    await everybodyTalked(world)

    expect(await wrongAfter(world, id)).toEqual([])
  })

  wasOfASizeThatCounts(here)
})
