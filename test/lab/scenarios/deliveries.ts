import { expect, test } from 'vitest'
import { podsSince, restartsOf, untilSeen } from '../journal.ts'
import { controlPlanesDone, everybodyTalked, planned, replicas, wrongAfter } from '../rotation.ts'
import { scene, withEcdsa } from '../scene.ts'
import type { Start } from '../scene.ts'
import type { World, WorldWishes } from '../worlds/world.ts'
import { byHand, makeByHand } from './by-hand.ts'
import { untilGateLooks } from './held.ts'
import { wasOfASizeThatCounts } from './size.ts'

const rules = `rules: [{ match: Deployment/shop/*, delivery: owner }, ${byHand.rule}]`

/** What owners deploy in the middle of each step: one workload of each delivery. */
const deployed = {
  job: { workload: 'Deployment/team-1/service-1', file: 'apps/crowd/team-1/service-1.yaml' },
  owner: { workload: 'Deployment/shop/cart', file: 'apps/cart/base/deployment.yaml' },
  merge: { workload: byHand.workload },
} as const
const owned: readonly string[] = Object.values(deployed).map(({ workload }) => workload)

/**
 * Deliveries `job`, `owner` and `merge` side by side: exactly the planned pods restart, once, also while owners deploy.
 * @param start of a world with nothing taken over yet.
 * @param counts whether it is a rotation whose size is to count.
 */
export function deliveriesSideBySide(start: Start<World>, wishes: WorldWishes, counts: boolean): void {
  const here = scene(start, { ...wishes, config: [withEcdsa, ['rules: []', rules]] })

  test('workloads that somebody made by hand', async () => {
    const { world } = here
    await makeByHand(world)
    await everybodyTalked(world)

    expect(await world.handshakes.count()).toMatchObject({ failed: 0 })
  })

  test.each([
    ['stage', 'g2-staged', '1.1'],
    ['promote', 'g2-promoted', '1.2'],
    ['retire', 'g2-steady', '1.3'],
  ] as const)('%s: exactly the planned pods restart, once, while owners deploy', async (step, id, tag) => {
    const { world } = here
    const begin = Date.now()
    const changes = await plan(world, step, step === 'stage' ? [] : ['--confirmed', 'looked'])
    for (const { branch } of changes) {
      await world.operator.merge(branch)
      await world.refresh()
      // Owners' restarts are merged behind the gate that they must not overtake.
      if (branch === changes[0]?.branch) await controlPlanesDone(world, id)
    }
    await world.applied(await deployAll(world, tag))
    await everybodyTalked(world)

    expect(changes.length).toBeGreaterThan(1)
    expect(await wrongAfter(world, id, { deployed: owned })).toEqual([])
    for (const { cluster, journal } of world.members) {
      const wanted = await replicas(cluster)
      const got = [...podsSince(journal, begin)].filter(([workload]) => !owned.includes(workload))
      const list = (await planned(world, cluster.name)).filter((workload) => !owned.includes(workload))
      expect(new Map(got)).toEqual(new Map(list.map((workload) => [workload, wanted.get(workload)])))
      // Nobody's deploy took a restart back, and no restart a deploy.
      expect(restartsOf(journal, '')).toEqual([])
      expect(await images(cluster.kubectl)).toEqual({ job: tag, owner: `${cpuOf(tag)}m`, merge: tag })
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
    const changes = await plan(world, 'stage', ['--confirmed', 'looked'])
    // A gate that looks before the owners are at work finds the step before complete, as it is, and rightly passes.
    const goOn = world.members.map(({ mesh }) => mesh.holdJobs())
    try {
      await world.operator.merge(changes.at(-1)?.branch ?? '')
      await world.refresh()
      for (const { journal } of world.members) {
        await untilSeen(journal, 'restart', 'g3-staged', /\/shop\//)
        await untilSeen(journal, 'job-started', 'started', /^mesh-ca-g3-staged-entry-gate/)
      }
    } finally {
      for (const release of goOn) release()
    }
    await Promise.all(world.members.map(async ({ cluster }) => untilGateLooks(cluster, 'mesh-ca-g3-staged-entry-gate')))
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
async function plan(world: World, step: string, more: readonly string[]): Promise<readonly { readonly branch: string }[]> {
  const answer = await world.operator.reroot([step, '--stack', '--output', 'json', ...more])
  return (JSON.parse(answer) as { readonly changes: readonly { readonly branch: string }[] }).changes
}

/** Owners deploy one workload of each delivery. @returns the commit. */
async function deployAll(world: World, tag: string): Promise<string> {
  for (const { cluster } of world.members) await cluster.kubectl(byHand.deploy(tag))
  const [service, cart] = await Promise.all([world.operator.read(deployed.job.file), world.operator.read(deployed.owner.file)])
  return world.operator.push(
    {
      [deployed.job.file]: service.replace(/(image: \S+):[\d.]+/, `$1:${tag}`),
      [deployed.owner.file]: cart.replace(/cpu: \d+m/, `cpu: ${cpuOf(tag)}m`),
    },
    `Deploy ${tag}`,
  )
}

/** What the cluster runs of those that were deployed. */
async function images(kubectl: (args: readonly string[]) => Promise<string>): Promise<Readonly<Record<keyof typeof deployed, string>>> {
  const read = async (namespace: string, name: string, path: string): Promise<string> =>
    kubectl(['-n', namespace, 'get', `deployment/${name}`, '-o', `jsonpath={.spec.template.spec.containers[0].${path}}`])
  const [job, owner, merge] = await Promise.all([
    read('team-1', 'service-1', 'image'),
    read('shop', 'cart', 'resources.requests.cpu'),
    read('legacy', 'by-hand', 'image'),
  ])
  return { job: job.replace(/.*:/, ''), owner, merge: merge.replace(/.*:/, '') }
}

/** A tag as a number of the resource that stands for a deploy of cart: its image is of its overlay. */
function cpuOf(tag: string): number {
  return 100 + Number(tag.replace('.', ''))
}
