import { describe, expect, test } from 'vitest'
import { everybodyTalked, takeHalfOfStep, takeStep, wrongAfter } from '../../rotation.ts'
import { scene, withEcdsa } from '../../scene.ts'
import { startFluxWorld } from '../../worlds/flux.ts'

describe('every way back, from steps that are complete and from half-way', () => {
  const here = scene(startFluxWorld, { multiRoot: true, namespaces: 1, workloadsEach: 2, config: [withEcdsa] })

  // The state that the Secret ends in; or the step is left when some workloads have restarted, and others have not.
  test.each([
    ['stage', 'g2-staged', 'half-way'],
    ['rollback', 'g2-abandoned', 'g1-steady'],
    ['stage', 'g3-staged', 'g3-staged'],
    ['rollback', 'g3-abandoned', 'g1-steady'],
    ['stage', 'g4-staged', 'g4-staged'],
    ['promote', 'g4-promoted', 'half-way'],
    ['rollback', 'g4-demoted', 'g4-staged'],
    ['promote', 'g4-promoted.2', 'g4-promoted'],
    ['rollback', 'g4-demoted.2', 'g4-staged'],
    ['rollback', 'g4-abandoned', 'g1-steady'],
    ['stage', 'g5-staged', 'g5-staged'],
    ['promote', 'g5-promoted', 'g5-promoted'],
    ['retire', 'g5-steady', 'half-way'],
    ['rollback', 'g5-restored', 'g5-promoted'],
    ['retire', 'g5-steady.2', 'g5-steady'],
    ['rollback', 'g5-restored.2', 'g5-promoted'],
  ] as const)('%s to %s (%s): nobody refuses anybody', async (step, id, state) => {
    const { world } = here
    if (state === 'half-way') await takeHalfOfStep(world, step, id)
    else {
      await takeStep(world, step, `mesh-ca/${id}`)
      await everybodyTalked(world)
      expect(await wrongAfter(world, id, { state })).toEqual([])
    }
    expect(await world.handshakes.count()).toMatchObject({ failed: 0, failures: [] })
  })
})
