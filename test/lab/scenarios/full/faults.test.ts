import { describe, expect, test } from 'vitest'
import { restartsOf, untilSeen } from '../../journal.ts'
import { until } from '../../process.ts'
import {
  configure,
  controlPlanesDone,
  everybodyTalked,
  expectUnfinished,
  leftOfReroot,
  mergeStep,
  survivors,
  wrongAfter,
} from '../../rotation.ts'
import { scene, withEcdsa } from '../../scene.ts'
import { startFluxWorld } from '../../worlds/flux.ts'
import { byHand, makeByHand } from '../by-hand.ts'
import { controlPlane } from '../held.ts'

const service = 'apps/crowd/team-1/service-1.yaml'
const tiers = ['tiers: []', 'tiers: [{ name: last, namespaces: [team-2] }]'] as const

describe('faults in the middle of a wave', () => {
  const here = scene(startFluxWorld, { multiRoot: false, namespaces: 2, workloadsEach: 3, config: [withEcdsa, tiers] })

  test('stage: the API server crashes, and a controller is restarted', async () => {
    const { world } = here
    const { cluster, journal } = world.members[0]!
    const commit = await mergeStep(world, 'stage', 'g2-staged')
    await untilSeen(journal, 'restart', 'g2-staged', /Deployment\/team-1/)
    await expectUnfinished(world, 'g2-staged')
    await cluster.restartApiServer()
    await world.flux.restart()

    await world.applied(commit)
    await everybodyTalked(world)
    expect(await wrongAfter(world, 'g2-staged', { disturbed: true })).toEqual([])
  })

  test('promote: an istiod is killed, and the forge goes down', async () => {
    const { world } = here
    const { cluster, mesh } = world.members[0]!
    const commit = await mergeStep(world, 'promote', 'g2-promoted')
    await controlPlanesDone(world, 'g2-promoted')
    await expectUnfinished(world, 'g2-promoted')
    await world.gitea.stop()
    await world.refresh()
    const [istiod] = mesh.istiods().filter(({ ready }) => ready)
    await istiod!.kill()
    const source = ['-n', 'flux-system', 'wait', 'gitrepository/flux-system', '--for=condition=Ready=false', '--timeout=60s']
    await cluster.kubectl(source)
    await world.gitea.start()
    await until('the istiod that was killed starts again', () => Promise.resolve(istiod!.restarts > 0), { seconds: 60 })

    await world.applied(commit)
    await everybodyTalked(world)
    expect(await wrongAfter(world, 'g2-promoted', { disturbed: true })).toEqual([])
  })

  test('retire: a rollout is stuck, the last tier waits, and goes on once it is mended', async () => {
    const { world } = here
    const { journal } = world.members[0]!
    await makeByHand(world)
    await configure(world, [['rules: []', `rules: [${byHand.rule}]`]])
    await mergeStep(world, 'retire', 'g2-steady')
    await untilSeen(journal, 'restart', 'g2-steady', new RegExp(controlPlane))
    const good = await world.operator.read(service)
    await world.operator.push({ [service]: good.replace(':1.0', ':cannot-be-pulled') }, 'Deploy service-1')
    await world.refresh()
    await untilSeen(journal, 'restart', 'g2-steady', /team-1\/service-1/)
    await world.flux.restart()
    await new Promise((resolve) => setTimeout(resolve, 45_000))
    expect(restartsOf(journal, 'g2-steady').filter((workload) => workload.includes('/team-2/'))).toEqual([])

    await world.applied(await world.operator.push({ [service]: good }, 'Take service-1 back'))
    await everybodyTalked(world)
    expect(await wrongAfter(world, 'g2-steady', { disturbed: true })).toEqual([])
  })

  test('leaving: without the reference to reroot its objects go, and the Secret and all workloads stay', async () => {
    const { world } = here
    const { cluster } = world.members[0]!
    const before = await survivors(cluster)
    expect(before.some((one) => one.startsWith(byHand.workload))).toBe(true)
    expect(await leftOfReroot(cluster)).not.toEqual([])
    await world.operator.push({ 'clusters/prod/mesh-ca.yaml': null }, 'Leave reroot')
    await world.refresh()
    await until(
      'the end of the chain',
      async () => (await cluster.kubectl(['-n', 'flux-system', 'get', 'kustomizations', '-o', 'name'])).match(/mesh-ca/) === null,
      { seconds: 240 },
    )
    await everybodyTalked(world)

    expect(await leftOfReroot(cluster)).toEqual([])
    expect(await survivors(cluster)).toEqual(before)
    expect(await world.handshakes.count()).toMatchObject({ failed: 0 })
  })
})
