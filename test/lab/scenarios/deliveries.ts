import { expect, test } from 'vitest'
import { podsSince, restartsOf, untilSeen } from '../journal.ts'
import { configure, controlPlanesDone, everybodyTalked, planned, replicas, wrongAfter } from '../rotation.ts'
import { scene, withEcdsa } from '../scene.ts'
import type { Start } from '../scene.ts'
import type { World, WorldWishes } from '../worlds/world.ts'
import { wasOfASizeThatCounts } from './size.ts'

const byHand = 'Deployment/legacy/by-hand'
const rules = `rules: [{ match: Deployment/shop/*, delivery: owner }, { match: ${byHand}, delivery: merge }]`
const known = `workloads: [{ workload: ${byHand}, selector: { app: by-hand } }]`
const namespace = 'namespaces: [{ name: legacy, labels: { istio-injection: enabled } }]'
const deployed = 'apps/crowd/team-1/service-1.yaml'

/**
 * Deliveries `job`, `owner` and `merge` side by side: exactly the planned pods restart, once, also while owners deploy.
 * @param start of a world with nothing taken over yet.
 * @param counts whether it is a rotation whose size is to count.
 */
export function deliveriesSideBySide(start: Start<World>, wishes: WorldWishes, counts: boolean): void {
  const here = scene(start, { ...wishes, config: [withEcdsa, ['rules: []', rules]] })

  test('workloads that somebody made by hand', async () => {
    const { world } = here
    // Not by `kubectl apply`: with its annotation Argo CD's sync fails.
    for (const { cluster } of world.members) await cluster.kubectl(['create', '-f', '-'], JSON.stringify(legacy))
    const edits = world.members.flatMap(
      () =>
        [
          ['    workloads: []', `    ${known}`],
          ['    namespaces: []', `    ${namespace}`],
        ] as const,
    )
    await configure(world, edits)
    await everybodyTalked(world)

    expect(await world.handshakes.count()).toMatchObject({ failed: 0 })
  })

  test.each([
    ['stage', 'g2-staged'],
    ['promote', 'g2-promoted'],
    ['retire', 'g2-steady'],
  ] as const)('%s: exactly the planned pods restart, once, while owners deploy', async (step, id) => {
    const { world } = here
    const begin = Date.now()
    const answer = await world.operator.reroot([
      step,
      '--stack',
      '--output',
      'json',
      ...(step === 'stage' ? [] : ['--confirmed', 'looked']),
    ])
    const { changes } = JSON.parse(answer) as { readonly changes: readonly { readonly branch: string }[] }
    let commit = ''
    for (const { branch } of changes) {
      commit = await world.operator.merge(branch)
      await world.refresh()
      // Owners' restarts are merged behind the gate that they must not overtake.
      if (branch === changes[0]?.branch) await controlPlanesDone(world, id)
    }
    if (step === 'promote') {
      const text = await world.operator.read(deployed)
      commit = await world.operator.push({ [deployed]: text.replace(':1.0', ':1.1') }, 'Deploy service-1')
    }
    await world.applied(commit)
    await everybodyTalked(world)

    expect(changes.length).toBeGreaterThan(1)
    expect(await wrongAfter(world, id)).toEqual([])
    for (const { cluster, journal } of world.members) {
      const wanted = await replicas(cluster)
      const ownDeploy = step === 'promote' ? 'Deployment/team-1/service-1' : ''
      const got = [...podsSince(journal, begin)].filter(([workload]) => workload !== ownDeploy)
      const list = (await planned(world, cluster.name)).filter((workload) => workload !== ownDeploy)
      expect(new Map(got)).toEqual(new Map(list.map((workload) => [workload, wanted.get(workload)])))
      expect(restartsOf(journal, '')).toEqual([])
    }
  })

  if (counts) wasOfASizeThatCounts(here)

  test('looking again changes nothing', async () => {
    const { world } = here
    const begin = Date.now()
    await world.refresh()
    await world.applied(await world.operator.push({ 'docs/note.md': 'Nothing to apply.\n' }))
    await everybodyTalked(world)

    for (const { journal } of world.members) expect(podsSince(journal, begin)).toEqual(new Map())
    expect(await world.handshakes.count()).toMatchObject({ failed: 0 })
  })

  test('the last of the stacked pull requests merged at once: the entry gate holds, and nobody refuses anybody', async () => {
    const { world } = here
    const { changes } = await plan(world, 'stage', ['--confirmed', 'looked'])
    await world.operator.merge(changes.at(-1)?.branch ?? '')
    await world.refresh()
    for (const { journal } of world.members) {
      await untilSeen(journal, 'restart', 'g3-staged', /\/shop\//)
      await untilSeen(journal, 'job-started', 'started', /^mesh-ca-g3-staged-entry-gate/)
    }
    await everybodyTalked(world)
    await everybodyTalked(world)

    for (const { journal } of world.members) {
      expect(journal.entries.filter(({ what, object }) => what === 'job-complete' && object.startsWith('mesh-ca-g3'))).toEqual([])
      expect(journal.entries.findLast(({ what }) => what === 'secret')?.value).toBe('g2-steady')
    }
    expect(await world.handshakes.count()).toMatchObject({ failed: 0, failures: [] })
  })
}

/** Pushes all pull requests of a step. */
async function plan(
  world: World,
  step: string,
  more: readonly string[],
): Promise<{ readonly changes: readonly { readonly branch: string }[] }> {
  return JSON.parse(await world.operator.reroot([step, '--stack', '--output', 'json', ...more])) as never
}

const labels = { app: 'by-hand' }
const legacy = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'legacy', labels: { 'istio-injection': 'enabled' } } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'by-hand', namespace: 'legacy' },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'registry.example.com/by-hand:1.0' }] } },
      },
    },
  ],
}
