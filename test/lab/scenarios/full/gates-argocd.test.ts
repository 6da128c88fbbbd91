import { describe, expect, test } from 'vitest'
import { restartsOf, untilSeen } from '../../journal.ts'
import { until } from '../../process.ts'
import {
  configure,
  everybodyTalked,
  expectUnfinished,
  leftOfReroot,
  mergeStep,
  mergeStepWith,
  planned,
  survivors,
  wrongAfter,
} from '../../rotation.ts'
import { scene, withEcdsa } from '../../scene.ts'
import { startArgocdWorld } from '../../worlds/argocd.ts'
import { byHand, makeByHand } from '../by-hand.ts'
import { controlPlane } from '../held.ts'

const istiodValues = 'infra/istio/values-common.yaml'
const rollout = ['-n', 'istio-system', 'rollout', 'status', '--timeout=120s', 'deployment'] as const
const word = ['--confirmed', 'every proxy of the lab was looked at'] as const

describe('gates under Argo CD', () => {
  const here = scene(startArgocdWorld, {
    multiRoot: false,
    namespaces: 1,
    workloadsEach: 3,
    // As short as can be: a gate that holds fails after it.
    config: [withEcdsa, ['deadlineMinutes: 60', 'deadlineMinutes: 1']],
  })

  test('stage, while an image of istiod cannot be pulled: the sync fails; mended, without the failed Job, a whole sync goes on', async () => {
    const { world } = here
    const good = await world.operator.read(istiodValues)
    await mergeStepWith(world, 'stage', 'g2-staged', { [istiodValues]: `${good}image: registry.example.com/pilot:cannot-be-pulled\n` })
    for (const { cluster, journal } of world.members) {
      await untilSeen(journal, 'restart', 'g2-staged', new RegExp(controlPlane))
      await until('the sync to fail', async () => (await world.argocd.phase(`mesh-ca-${cluster.name}`)) === 'Failed', {
        seconds: 600,
        everyMilliseconds: 1000,
      })
      expect(restartsOf(journal, 'g2-staged')).toEqual([controlPlane])
    }
    expect(await world.handshakes.count()).toMatchObject({ failed: 0, failures: [] })
    // Somebody syncs a single resource: that must not let the rest through.
    for (const { cluster, journal } of world.members) {
      await world.argocd.sync(`mesh-ca-${cluster.name}`, [{ kind: 'ConfigMap', namespace: 'istio-system', name: 'mesh-ca-state' }])
      await until('the sync of one resource', async () => (await world.argocd.phase(`mesh-ca-${cluster.name}`)) === 'Succeeded', {
        seconds: 60,
        everyMilliseconds: 1000,
      })
      await world.refresh()
      await new Promise((resolve) => setTimeout(resolve, 10_000))
      expect(restartsOf(journal, 'g2-staged')).toEqual([controlPlane])
    }

    const commit = await world.operator.push({ [istiodValues]: good }, 'Take back the image')
    await world.refresh()
    for (const { cluster } of world.members) {
      // As rotation.md has it: only the failed Job, and then the whole Application.
      await cluster.kubectl([...rollout, 'istiod'])
      await cluster.kubectl([
        '-n',
        'istio-system',
        'delete',
        'job',
        '--field-selector=status.successful=0',
        '-l',
        'app.kubernetes.io/managed-by=reroot',
      ])
      const name = `mesh-ca-${cluster.name}`
      await until('the end of the sync', async () => (await world.argocd.phase(name)) !== 'Running', {
        seconds: 300,
        everyMilliseconds: 1000,
      })
      if ((await world.argocd.phase(name)) !== 'Succeeded') await world.argocd.sync(name)
    }
    await world.applied(commit)
    await everybodyTalked(world)
    expect(await wrongAfter(world, 'g2-staged', { deployed: [controlPlane] })).toEqual([])
  })

  test('retire merged while promote is still at work, and a controller restarts, begins when promote is complete', async () => {
    const { world } = here
    await makeByHand(world)
    await configure(world, [['rules: []', `rules: [${byHand.rule}]`]])
    await mergeStep(world, 'promote', 'g2-promoted', word)
    const late = await Promise.all(world.members.map(async ({ cluster }) => planned(world, cluster.name)))
    await world.operator.reroot(['retire', ...word])
    for (const { journal } of world.members) await untilSeen(journal, 'restart', 'g2-promoted', new RegExp(controlPlane))
    await expectUnfinished(world, 'g2-promoted')
    const commit = await world.operator.merge('mesh-ca/g2-steady')
    await world.refresh()
    await world.argocd.restart()
    await world.applied(commit)
    await everybodyTalked(world)
    expect(await wrongAfter(world, 'g2-steady')).toEqual([])
    world.members.forEach(({ journal: { entries } }, index) => {
      const secret = entries.findIndex(({ what, value }) => what === 'secret' && value === 'g2-steady')
      const before = entries
        .slice(0, secret)
        .flatMap(({ what, value, object }) => (what === 'restart' && value === 'g2-promoted' ? [object] : []))
      expect(before.toSorted()).toEqual(late[index])
    })
  })

  test('leaving: the Applications go, one with all that it applied; the Secret and all workloads stay', async () => {
    const { world } = here
    const before = await Promise.all(world.members.map(async ({ cluster }) => survivors(cluster)))
    expect(before.every((all) => all.some((one) => one.startsWith(byHand.workload)))).toBe(true)
    const [hub] = world.members
    // As `argocd app delete` does unless told otherwise.
    const cascade = JSON.stringify({ metadata: { finalizers: ['resources-finalizer.argocd.argoproj.io'] } })
    await hub!.cluster.kubectl(['-n', 'argocd', 'patch', 'application/mesh-ca-prod-us', '--type=merge', '-p', cascade])
    await world.operator.push({ 'argocd/apps/mesh-ca-prod-eu.yaml': null, 'argocd/apps/mesh-ca-prod-us.yaml': null }, 'Leave reroot')
    await world.refresh()
    await until(
      'the end of the Applications',
      async () => !(await hub!.cluster.kubectl(['-n', 'argocd', 'get', 'applications.argoproj.io', '-o', 'name'])).includes('mesh-ca'),
      { seconds: 240, everyMilliseconds: 1000 },
    )
    await everybodyTalked(world)

    expect(await Promise.all(world.members.map(async ({ cluster }) => survivors(cluster)))).toEqual(before)
    const left = await Promise.all(world.members.map(async ({ cluster }) => leftOfReroot(cluster)))
    expect(left[0]).not.toEqual([])
    expect(left[1]).toEqual([])
    expect(await world.handshakes.count()).toMatchObject({ failed: 0 })
  })
})
