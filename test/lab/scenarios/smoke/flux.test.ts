import { describe, expect, test } from 'vitest'
import { untilSeen } from '../../journal.ts'
import {
  departures,
  everybodyTalked,
  expectUnfinished,
  mergeStep,
  mergeStepWith,
  planned,
  takeHalfOfStep,
  takeStep,
  wrongAfter,
} from '../../rotation.ts'
import { scene, withEcdsa } from '../../scene.ts'
import { startFluxWorld } from '../../worlds/flux.ts'
import { controlPlane, expectHeld } from '../held.ts'
import { wasOfASizeThatCounts } from '../size.ts'

const istiodValues = 'infrastructure/istio/istiod.yaml'

describe('a whole rotation of examples/flux, with a gate that holds, a way back, and a pull request that is merged too early', () => {
  const here = scene(startFluxWorld, { multiRoot: false, algorithm: 'rsa-2048', config: [withEcdsa], handshakesPerSecond: 60 })

  test('stage, while an image of istiod cannot be pulled: the gate holds, and a commit that mends it lets everybody go on', async () => {
    const { world } = here
    const good = await world.operator.read(istiodValues)
    await mergeStepWith(world, 'stage', 'g2-staged', {
      [istiodValues]: good.replace('  values:\n', '  values:\n    image: registry.example.com/pilot:cannot-be-pulled\n'),
    })
    await untilSeen(world.members[0]!.journal, 'secret', 'g2-staged')
    await untilSeen(world.members[0]!.journal, 'restart', 'g2-staged', new RegExp(controlPlane))
    await expectHeld(world, 'g2-staged')

    await world.applied(await world.operator.push({ [istiodValues]: good }, 'Take back the image'))
    await everybodyTalked(world)
    expect(await wrongAfter(world, 'g2-staged', { deployed: [controlPlane] })).toEqual([])
  })

  test('promote, and back again from half-way', async () => {
    const { world } = here
    await takeHalfOfStep(world, 'promote', 'g2-promoted')
    await takeStep(world, 'rollback', 'mesh-ca/g2-demoted')
    await everybodyTalked(world)

    expect(await departures(world, 'g2-staged')).toEqual([])
    expect(await world.handshakes.count()).toMatchObject({ failed: 0, failures: [] })
  })

  test('retire merged while promote is still at work waits at its entry gate, which finishes promote first', async () => {
    const { world } = here
    const { journal } = world.members[0]!
    await mergeStep(world, 'promote', 'g2-promoted.2')
    const late = await planned(world, 'prod')
    await world.operator.reroot(['retire'])
    await untilSeen(journal, 'restart', 'g2-promoted.2', new RegExp(controlPlane))
    await expectUnfinished(world, 'g2-promoted.2')
    const commit = await world.operator.merge('mesh-ca/g2-steady')
    await world.refresh()
    await world.applied(commit)
    await everybodyTalked(world)
    expect(await wrongAfter(world, 'g2-steady')).toEqual([])
    const secret = journal.entries.findIndex(({ what, value }) => what === 'secret' && value === 'g2-steady')
    const gate = journal.entries.findIndex(
      ({ what, object }) => what === 'job-complete' && object.startsWith('mesh-ca-g2-steady-entry-gate'),
    )
    expect(gate).toBeGreaterThan(-1)
    expect(gate).toBeLessThan(secret)
    const before = journal.entries
      .slice(0, secret)
      .flatMap(({ what, value, object }) => (what === 'restart' && value === 'g2-promoted.2' ? [object] : []))
    expect(before.toSorted()).toEqual(late)
  })

  wasOfASizeThatCounts(here)
})
