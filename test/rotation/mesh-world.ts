import fc from 'fast-check'
import { lastTransition } from '../../src/rotation/index.ts'
import type { Delivery, Step, Testimony } from '../../src/rotation/index.ts'
import { nobody, now } from '../support/mesh.ts'
import type { MeshShape } from './composed-step.ts'
import { MergedMesh } from './merged-mesh.ts'
import {
  applyOwner,
  deliver,
  isComplete,
  istiod,
  passDay,
  reload,
  renew,
  restart,
  restartControlPlane,
  running,
  sync,
  watchGate,
} from './running-mesh.ts'
import type { Running } from './running-mesh.ts'

/** What may happen: to pull requests, in a cluster, or with time. */
export type Event =
  | {
      readonly kind: 'plan'
      readonly step: Step
      readonly word: 'person' | 'gates' | 'nobody'
      readonly stack: boolean
      readonly and: 'merge' | 'leave'
    }
  | { readonly kind: 'merge' | 'lose'; readonly which: number }
  | { readonly kind: 'revert' | 'reapply' | 'day' | 'settle' }
  | {
      readonly kind: 'sync' | 'deliver' | 'restart' | 'own' | 'crash' | 'reload' | 'renew'
      readonly cluster: number
      readonly which: number
    }

const steps = ['stage', 'promote', 'retire', 'abandon', 'demote', 'restore'] as const

export class World {
  readonly git: MergedMesh
  readonly clusters: readonly Running[]
  readonly told: string[] = []
  /** The states that each cluster has ever been in. */
  readonly #been = new Set<string>()
  #day = 0

  constructor(shape: MeshShape, multiRoot: boolean) {
    this.git = new MergedMesh(shape)
    this.clusters = shape.names.map((name) =>
      running(name, this.git.wanted(name).live, shape.workloads, { managed: shape.managed, multiRoot }),
    )
  }

  happen(event: Event): void {
    this.told.push(this.#happen(event))
    for (const cluster of this.clusters) this.#been.add(`${cluster.name} ${cluster.secret.state}`)
    for (const cluster of this.clusters) watchGate(cluster, this.git.wanted(cluster.name).state, this.#day)
  }

  #happen(event: Event): string {
    switch (event.kind) {
      case 'plan':
        return this.#plan(event)
      case 'merge':
        return this.#withBranch(event.which, (name) => (this.git.merge(name) ? `${name} is merged` : `${name} has a conflict`))
      case 'lose':
        return this.#withBranch(event.which, (name) => (this.git.branches.delete(name) ? `${name} is lost` : ''))
      case 'revert':
        return this.#revert()
      case 'reapply':
        this.git.reapply()
        return 'what was reverted last is applied again'
      case 'day':
        this.#day += 1
        for (const cluster of this.clusters) passDay(cluster)
        return 'a day passes'
      case 'settle':
        return `all comes to its end: ${this.states()}`
      default:
        return this.#inCluster(event)
    }
  }

  states(): string {
    return this.clusters.map(({ name, secret }) => `${name} ${secret.state}`).join(', ')
  }

  #plan({ step, word, stack, and }: Extract<Event, { kind: 'plan' }>): string {
    const decision = this.git.plan(step, this.#testimony(word), stack)
    if (decision === null) return ''
    if (and === 'merge') for (const name of this.git.branches.keys()) if (name.startsWith(`${decision.id}#`)) this.git.merge(name)
    const { evidence } = decision.moves.find((move) => !move.merged) ?? { evidence: null }
    return `${decision.id} is planned (${evidence?.kind ?? 'no evidence'})${and === 'merge' ? ' and merged' : ''}`
  }

  #withBranch(which: number, act: (name: string) => string): string {
    const name = [...this.git.branches.keys()][which % Math.max(1, this.git.branches.size)]
    return name === undefined ? '' : act(name)
  }

  /** What docs/rotation.md allows: never a `stage`; one step after the other only once the first revert is complete, or if nothing of the step was applied. */
  #revert(): string {
    const newest = this.git.newest
    if (newest === null || newest.brings) return ''
    const applied = this.clusters.some(({ name }) => this.#been.has(`${name} ${newest.states.get(name) ?? ''}`))
    if (newest.follows && applied && !this.#isComplete()) return ''
    this.git.revert()
    return `the newest merge is reverted: ${this.clusters.map(({ name }) => `${name} ${this.git.record(name).state}`).join(', ')}`
  }

  #isComplete(): boolean {
    return this.clusters.every((cluster) => isComplete(cluster, this.git.wanted(cluster.name).live))
  }

  /** A person gives their word only for what is true, and reads times off Jobs that are there. */
  #testimony(word: 'person' | 'gates' | 'nobody'): Testimony {
    if (word === 'person') return this.#isComplete() ? { confirmed: 'every workload was looked at', gatePassed: new Map() } : nobody
    if (word === 'nobody') return nobody
    const passed = this.clusters.flatMap(({ name, gate }) =>
      gate !== null && gate.id === lastTransition(this.git.record(name))?.id
        ? [[name, new Date(now.getTime() - 86_400_000 * (this.#day - gate.day))] as const]
        : [],
    )
    return { confirmed: null, gatePassed: new Map(passed) }
  }

  #inCluster(event: Extract<Event, { cluster: number }>): string {
    const cluster = this.clusters[event.cluster % this.clusters.length]
    if (cluster === undefined) return ''
    const before = cluster.secret.state
    const wanted = this.git.wanted(cluster.name)
    if (event.kind === 'sync') sync(cluster, wanted)
    else if (event.kind === 'deliver') deliver(cluster, wanted)
    else if (event.kind === 'restart') restart(cluster, event.which)
    else if (event.kind === 'own') applyOwner(cluster, event.which, this.git.ownerIds(cluster.name))
    else if (event.kind === 'crash') restartControlPlane(cluster)
    else if (event.kind === 'reload') reload(cluster)
    else renew(cluster, event.which)
    return before === cluster.secret.state ? '' : `${event.kind} in ${cluster.name}: ${cluster.secret.state}`
  }
}

/** All that is merged is applied and comes to its end, as far as gates let it: one thing after the other. */
const settling: readonly Event[] = [0, 1].flatMap((cluster) =>
  [0, 1, 2].flatMap((): readonly Event[] => [
    { kind: 'deliver', cluster, which: 0 },
    { kind: 'sync', cluster, which: 0 },
    ...[0, 1, 0, 1, 2].map((which): Event => ({ kind: 'restart', cluster, which })),
    ...[0, 1, 2].map((which): Event => ({ kind: 'own', cluster, which })),
  ]),
)

const mostlyJob = fc.constantFrom<Delivery>('job', 'job', 'job', 'merge', 'owner', 'none')
const shape: fc.Arbitrary<MeshShape> = fc
  .record({
    names: fc.constantFrom<readonly string[]>(['prod'], ['prod'], ['eu', 'us']),
    managed: fc.constantFrom<MeshShape['managed']>('own', 'own', 'in-place'),
    pullRequests: fc.constantFrom<MeshShape['pullRequests']>('auto', 'auto', 'per-wave', 'per-cluster'),
    deliveries: fc.oneof(fc.constant<readonly Delivery[]>(['job', 'job']), fc.tuple(mostlyJob, mostlyJob)),
  })
  .map(({ deliveries: [cart = 'job', till = 'job'], ...more }) => ({
    ...more,
    workloads: [
      { id: istiod, delivery: 'job' },
      { id: 'Deployment/shop/cart', delivery: cart },
      { id: 'Deployment/shop/till', delivery: till },
    ],
  }))

export const plan = (step: Step): Event => ({ kind: 'plan', step, word: 'person', stack: true, and: 'merge' })
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('plan' as const),
      step: fc.constantFrom(...steps),
      word: fc.constantFrom('person', 'gates', 'nobody'),
      stack: fc.boolean(),
      and: fc.constantFrom('merge', 'leave'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('merge', 'merge', 'lose'), which: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('revert', 'revert', 'reapply', 'day', 'settle') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('sync', 'sync', 'deliver', 'restart', 'restart', 'own', 'crash', 'reload', 'renew'),
      cluster: fc.nat(1),
      which: fc.nat(2),
    }),
  },
)

/** A rotation, as far as it goes, and then whatever may happen: random events alone seldom get far. */
const prefixes: readonly (readonly Step[])[] = [
  [], ['stage'], ['stage', 'promote'], ['stage', 'promote', 'retire'], ['stage', 'promote', 'demote'], ['stage', 'abandon'],
  ['stage', 'promote', 'retire', 'restore'], ['stage', 'promote', 'retire', 'stage'], ['stage', 'promote', 'demote', 'promote'],
] // prettier-ignore

/** What is rare by chance: a merge is taken back in Git, and at once something else is planned; two pull requests from one base. */
const word = fc.constantFrom('person' as const, 'gates' as const, 'nobody' as const)
const step = fc.constantFrom(...steps)
const seldom: fc.Arbitrary<readonly Event[]> = fc.oneof(
  fc
    .tuple(fc.boolean(), step, word)
    .map(([settles, next, said]): readonly Event[] => [
      { kind: 'revert' },
      ...(settles ? [{ kind: 'settle' } as const] : []),
      { kind: 'plan', step: next, word: said, stack: true, and: 'merge' },
      { kind: 'settle' },
    ]),
  fc.tuple(step, step, word).map(([one, other, said]): readonly Event[] => [
    { kind: 'plan', step: one, word: said, stack: false, and: 'leave' },
    { kind: 'plan', step: other, word: said, stack: true, and: 'leave' },
    { kind: 'merge', which: 1 },
    { kind: 'merge', which: 0 },
  ]),
)

export const journey = fc.record({
  shape,
  multiRoot: fc.boolean(),
  prefix: fc.constantFrom(...prefixes),
  settled: fc.boolean(),
  events: fc
    .array(fc.oneof({ weight: 5, arbitrary: event.map((one) => [one]) }, { weight: 1, arbitrary: seldom }), { minLength: 3, maxLength: 30 })
    .map((parts) => parts.flat()),
})
type Journey = typeof journey extends fc.Arbitrary<infer T> ? T : never

export function go({ shape: of, multiRoot, prefix, settled, events }: Journey, after: (world: World) => void): World {
  const world = new World(of, multiRoot)
  const first = prefix.flatMap((step): readonly Event[] => (settled ? [plan(step), { kind: 'settle' }] : [plan(step)]))
  for (const one of [...first, ...events].flatMap((event) =>
    event.kind === 'settle' ? [...(of.names.length > 1 ? settling : settling.slice(0, settling.length / 2)), event] : [event],
  )) {
    world.happen(one)
    after(world)
  }
  return world
}

export const tell = ({ told, clusters }: World): string =>
  [...told.filter((line) => line !== '').slice(-60), JSON.stringify(clusters.map(({ workloads }) => workloads))].join('\n')
