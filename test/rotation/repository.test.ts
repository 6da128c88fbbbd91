import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stateOf } from '../../src/rotation/index.ts'
import type { Step } from '../../src/rotation/index.ts'
import { runsOf } from '../support/cases.ts'
import { followsFrom } from '../support/mesh.ts'
import type { MeshShape } from './composed-step.ts'
import { go, journey, plan, tell } from './mesh-world.ts'
import type { Event, World } from './mesh-world.ts'
import { broken, istiod } from './running-mesh.ts'

test('without force and without replace, no two workloads ever reject each other, whatever is merged in part, lost, reverted, applied or restarted when', () => {
  fc.assert(
    fc.property(journey, (one) => {
      go(one, (world) => expect(broken(world.clusters), tell(world)).toEqual([]))
    }),
    runsOf('repository'),
  )
})

test('no id and no number of a generation is used twice, and every record hangs together, whatever is merged in part, lost or reverted', () => {
  fc.assert(
    fc.property(journey, (one) => {
      const { git, told } = go(one, () => {})
      expect(git.faults, told.join('\n')).toEqual([])
      for (const name of git.shape.names) expect(followsFrom(git.record(name)), told.join('\n')).toBe(true)
    }),
    runsOf('repository'),
  )
})

test('the runs reach what they are about', () => {
  const seen = new Map<string, number>()
  const note = (what: string): unknown => seen.set(what, (seen.get(what) ?? 0) + 1)
  for (const one of fc.sample(journey, { numRuns: 150, seed: 1 })) {
    const { git, told, clusters } = go(one, () => {})
    for (const kind of new Set(told.map((line) => /reverted|lost|conflict|entry-gate|elapsed|person/.exec(line)?.[0] ?? ''))) note(kind)
    for (const { name, secret } of clusters) if (secret.state !== stateOf(git.record(name).phase)) note('held or not applied')
    if (clusters.some(({ held }) => held !== null)) note('held')
  }

  for (const what of ['reverted', 'lost', 'conflict', 'entry-gate', 'elapsed', 'person', 'held'])
    expect(seen.get(what) ?? 0, what).toBeGreaterThan(0)
})

/** One cluster, all restarts by Jobs: the shrunk cases that the laws above have found. */
function oneCluster(managed: MeshShape['managed'], ...events: readonly Event[]): World {
  const workloads = [istiod, 'Deployment/shop/cart', 'Deployment/shop/till'].map((id) => ({
    id: id as `Deployment/${string}/${string}`,
    delivery: 'job' as const,
  }))
  return go(
    {
      shape: { names: ['prod'], managed, pullRequests: 'auto', workloads },
      multiRoot: false,
      prefix: [],
      settled: true,
      events: [...events],
    },
    (world) => expect(broken(world.clusters), tell(world)).toEqual([]),
  )
}
const settle: Event = { kind: 'settle' }
const revert: Event = { kind: 'revert' }
const without = (word: 'gates' | 'nobody', step: Step): Event => ({ ...plan(step), word }) as Event

test('a promote that was reverted in Git may have left certificates of the new root: abandon asks for a word', () => {
  const { git } = oneCluster('own', plan('stage'), settle, plan('promote'), settle, revert, without('nobody', 'abandon'), settle)

  expect(git.record('prod').state).toBe('g2-staged')
  expect(git.plan('promote', { confirmed: 'both are trusted', gatePassed: new Map() }, false)?.id).toBe('g2-promoted.2')
})

test('an abandon that was reverted in Git leaves workloads that carry the id of stage, and may not trust the new root: no gate stands for them', () => {
  const renewed: readonly Event[] = [0, 1, 2].map((which) => ({ kind: 'renew', cluster: 0, which }))
  const sync: Event = { kind: 'sync', cluster: 0, which: 0 }
  const { git } = oneCluster(
    'own',
    plan('stage'),
    settle,
    plan('abandon'),
    sync,
    { kind: 'crash', cluster: 0, which: 0 },
    ...renewed,
    revert,
    settle,
    without('nobody', 'promote'),
    settle,
    ...renewed,
  )

  expect(git.record('prod').state).toBe('g2-staged')
})

test('a retire that was reverted in Git where another owner delivers the Secret: demote asks for a word', () => {
  const { git } = oneCluster(
    'in-place',
    plan('stage'),
    settle,
    plan('promote'),
    settle,
    plan('retire'),
    settle,
    revert,
    revert,
    without('nobody', 'demote'),
    settle,
  )

  expect(git.record('prod').state).toBe('g2-promoted')
})

// docs/rotation.md forbids it: what is in Git then has no gate, and nothing of ours runs before it is applied.
test('a stage that is reverted behind its promote breaks the mesh: no gate can hold what Git held before the first step', () => {
  const world = oneCluster('own', plan('stage'), settle, plan('promote'), settle)
  world.git.revert()
  world.git.revert()
  for (const kind of ['sync', 'renew'] as const) world.happen({ kind, cluster: 0, which: 0 })

  expect(broken(world.clusters)).not.toEqual([])
})

test('a stage that is reverted alone leaves nobody behind: only the old root has signed', () => {
  const world = oneCluster('own', plan('stage'), settle)
  world.git.revert()
  for (const which of [0, 1, 2])
    for (const kind of ['sync', 'renew'] as const) {
      world.happen({ kind, cluster: 0, which })
      expect(broken(world.clusters)).toEqual([])
    }
})
