import { describe, expect, test } from 'vitest'
import { departures, everybodyTalked, takeHalfOfStep, takeStep } from '../../rotation.ts'
import { scene, withEcdsa } from '../../scene.ts'
import { startFluxWorld } from '../../worlds/flux.ts'

describe('every way back, from steps that are complete and from half-way', () => {
  const here = scene(startFluxWorld, { multiRoot: true, namespaces: 2, workloadsEach: 3, config: [withEcdsa] })

  test.each([
    ['stage', 'g2-staged', null],
    ['rollback', 'g2-abandoned', { roots: 1, signer: 'g1' }],
    ['stage', 'g3-staged', { roots: 2, signer: 'g1' }],
    ['promote', 'g3-promoted', null],
    ['rollback', 'g3-demoted', { roots: 2, signer: 'g1' }],
    ['rollback', 'g3-abandoned', { roots: 1, signer: 'g1' }],
    ['stage', 'g4-staged', { roots: 2, signer: 'g1' }],
    ['promote', 'g4-promoted', { roots: 2, signer: 'g4' }],
    ['rollback', 'g4-demoted', { roots: 2, signer: 'g1' }],
    ['promote', 'g4-promoted.2', { roots: 2, signer: 'g4' }],
    ['retire', 'g4-steady', null],
    ['rollback', 'g4-restored', { roots: 2, signer: 'g4' }],
    ['retire', 'g4-steady.2', { roots: 1, signer: 'g4' }],
  ] as const)('%s to %s: nobody refuses anybody', async (step, id, complete) => {
    const { world } = here
    if (complete === null) {
      await takeHalfOfStep(world, step, id)
      return
    }
    await takeStep(world, step, `mesh-ca/${id}`)
    await everybodyTalked(world)

    expect(departures(world, complete)).toEqual([])
    expect(await world.handshakes.count()).toMatchObject({ failed: 0, failures: [] })
  })
})
