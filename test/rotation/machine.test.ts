import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RerootError } from '../../src/base/index.ts'
import { preparedAfter } from '../../src/plan/index.ts'
import { decide, describePhase, lastTransition, rootBundleText, stateOf, unusedId, wayBackFrom } from '../../src/rotation/index.ts'
import type { Decision, DecisionFacts, StateId, Step, StepFacts, Testimony } from '../../src/rotation/index.ts'
import { runsOf } from '../support/cases.ts'
import { factsOf, followsFrom, intermediateOf, merge, nobody, rootOf, workloadOf } from '../support/mesh.ts'
import { broken, isComplete, reload, renew, restart, restartControlPlane, running, servedIn, sync } from './running-mesh.ts'
import type { Running, Wanted } from './running-mesh.ts'

const ids = ['Deployment/istio-system/istiod', 'Deployment/shop/cart', 'Deployment/shop/till'] as const
const listed = ids.map((id) => workloadOf(id))
const workloads = ids.map((id) => ({ id, delivery: 'job' as const }))

const wantedBy = ({ record, restarts }: StepFacts): Wanted => ({ live: servedIn(record), restarts, state: record.state })

type Event =
  | { readonly kind: 'plan'; readonly step: Step; readonly merged: number }
  | { readonly kind: 'sync' | 'restart' | 'crash' | 'reload' | 'renew'; readonly cluster: number; readonly which: number }
  | { readonly kind: 'settle' }

const steps = ['stage', 'promote', 'retire', 'abandon', 'demote', 'restore'] as const
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('plan' as const), step: fc.constantFrom(...steps), merged: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('sync', 'restart', 'crash', 'reload', 'renew'), cluster: fc.nat(1), which: fc.nat(2) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'settle' as const }) },
)

class World {
  facts: DecisionFacts
  readonly clusters: readonly Running[]
  readonly decisions: Decision[] = []
  /** The sealed states in Git, by cluster. */
  readonly sealed = new Map<string, readonly StateId[]>()

  constructor(names: readonly string[]) {
    this.facts = factsOf(names)
    this.clusters = this.facts.clusters.map(({ record }) => running(record.cluster, servedIn(record), workloads))
  }

  happen(event: Event): void {
    if (event.kind === 'plan') this.plan(event)
    else if (event.kind === 'settle') this.settle()
    else this.happenIn(event)
  }

  happenIn(event: Extract<Event, { readonly which: number }>): void {
    const cluster = this.clusters[event.cluster % this.clusters.length]
    const facts = this.facts.clusters[event.cluster % this.clusters.length]
    if (cluster === undefined || facts === undefined) return
    if (event.kind === 'sync') sync(cluster, wantedBy(facts))
    else if (event.kind === 'restart') restart(cluster, event.which)
    else if (event.kind === 'crash') restartControlPlane(cluster)
    else if (event.kind === 'reload') reload(cluster)
    else renew(cluster, event.which)
  }

  /** All that is merged is applied and comes to its end, as far as gates let it. */
  settle(): void {
    for (const [index, cluster] of this.clusters.entries()) {
      const facts = this.facts.clusters[index]
      if (facts !== undefined) sync(cluster, wantedBy(facts))
      for (const which of [0, 0, 1, 2]) restart(cluster, which)
    }
  }

  /** A person gives their word only for what is true; without it, only an entry gate can stand for the step before. */
  testimony(): Testimony {
    const complete = this.clusters.every((cluster, index) => isComplete(cluster, servedIn(this.facts.clusters[index]!.record)))
    return complete ? { confirmed: 'every workload was looked at', gatePassed: new Map() } : nobody
  }

  plan({ step, merged }: { readonly step: Step; readonly merged: number }): void {
    const decision = this.decided(step)
    if (decision === null) return
    const names = this.facts.clusters.map(({ record }) => record.cluster)
    const where = names.filter((_, index) => merged === 3 || index === merged % names.length)
    this.copySealed(decision, where)
    this.facts = merge(this.facts, decision, where, listed)
    this.decisions.push(decision)
  }

  decided(step: Step): Decision | null {
    try {
      return decide(step, this.facts, this.testimony(), null)
    } catch (error) {
      if (error instanceof RerootError && error.code === 'REFUSED') return null
      throw error
    }
  }

  /** As `compose` does: the live Secret becomes the sealed state that is there, and `prepared/` what is to be kept. */
  copySealed(decision: Decision, where: readonly string[]): void {
    for (const move of decision.moves) {
      if (move.merged || !where.includes(move.cluster)) continue
      const made: readonly StateId[] =
        decision.step === 'stage' ? ['staged', 'promoted', 'steady'].map((phase) => `${decision.generation}-${phase}`) : []
      const there = new Set([...(this.sealed.get(move.cluster) ?? []), ...made, stateOf(move.from)])
      const to = stateOf(move.to)
      if (!there.has(to)) throw new Error(`${decision.step} in ${move.cluster} needs ${to}; there is ${[...there].join()}`)
      this.sealed.set(
        move.cluster,
        preparedAfter(move, decision.step).filter((state) => there.has(state)),
      )
    }
  }
}

const runs = fc.record({ names: fc.constantFrom(['prod'], ['eu', 'us']), events: fc.array(event, { minLength: 5, maxLength: 60 }) })

/** A first rotation, as far as it goes, and then whatever may happen: random events alone seldom get far. */
const prefixes: readonly (readonly Step[])[] = [
  [], ['stage'], ['stage', 'promote'], ['stage', 'promote', 'retire'], ['stage', 'promote', 'demote'], ['stage', 'abandon'],
  ['stage', 'promote', 'retire', 'restore'], ['stage', 'promote', 'retire', 'restore', 'retire'], ['stage', 'promote', 'demote', 'promote'], ['stage', 'promote', 'retire', 'stage'],
] // prettier-ignore

/** Goes through a run. @returns the world at its end. */
function go(
  names: readonly string[],
  prefix: readonly Step[],
  settled: boolean,
  events: readonly Event[],
  after: (world: World) => void = () => {},
): World {
  const world = new World(names)
  for (const step of prefix) {
    world.happen({ kind: 'plan', step, merged: 3 })
    if (settled) world.settle()
    after(world)
  }
  for (const one of events) {
    world.happen(one)
    after(world)
  }
  return world
}

/** A step merged in one cluster alone, and perhaps taken back there, in which all that follows is rare by chance. */
const apart: fc.Arbitrary<readonly Event[]> = fc
  .tuple(fc.constantFrom(...steps), fc.boolean(), fc.nat(1))
  .map(([step, settled, merged]) => [{ kind: 'plan', step, merged }, ...(settled ? [{ kind: 'settle' } as const] : [])])
const journey = fc.tuple(
  fc.tuple(runs, fc.array(apart, { maxLength: 3 })).map(([run, first]) => ({ ...run, events: [...first.flat(), ...run.events] })),
  fc.constantFrom(...prefixes),
  fc.boolean(),
)

test('without force and without replace, no two workloads ever reject each other, whatever is merged, applied, restarted or renewed when', () => {
  fc.assert(
    fc.property(journey, ([{ names, events }, prefix, settled]) => {
      const told: string[] = []
      go(names, prefix, settled, events, (world) => {
        told.push(
          `${world.decisions.map(({ id }) => id).join(' ')} | ${world.clusters.map(({ name, secret }) => `${name} ${secret.state}`).join(', ')}`,
        )
        expect(broken(world.clusters), told.join('\n')).toEqual([])
      })
    }),
    runsOf('machine', 2),
  )
})

test('the records of all clusters hang together at every moment, and no id or number of a generation is used twice', () => {
  fc.assert(
    fc.property(journey, ([{ names, events }, prefix, settled]) => {
      const { facts, decisions } = go(names, prefix, settled, events)
      for (const { record } of facts.clusters) {
        expect(followsFrom(record), JSON.stringify(record.transitions.map(({ id }) => id))).toBe(true)
        const own = record.transitions.map(({ id }) => id)
        expect(new Set(own).size).toBe(own.length)
      }
      const staged = [...new Set(decisions.filter(({ step }) => step === 'stage').map(({ id }) => id))]
      expect(staged.map((id) => id.split('-')[0])).toEqual(staged.map((_, index) => `g${index + 2}`))
    }),
    runsOf('machine'),
  )
})

test('a step that is merged in some clusters goes on in the others under the same id and generation, or is taken back in those alone, and nothing else does', () => {
  const names = ['eu', 'us', 'asia']
  fc.assert(
    fc.property(
      fc.constantFrom(...prefixes),
      fc.constantFrom(...steps, 'replace' as const),
      fc.subarray(names, { minLength: 1, maxLength: 2 }),
      fc.constantFrom(...steps),
      (prefix, step, first, other) => {
        const world = go(names, prefix, true, [])
        const decision = world.decided(step)
        if (decision === null || decision.moves.some(({ merged }) => merged)) return
        world.facts = merge(world.facts, decision, first, listed)

        const back = world.decided(other)
        if (other === wayBackFrom(step)) {
          expect(back?.moves.map(({ cluster }) => cluster)).toEqual(first)
          expect(back?.moves.map(({ to }) => stateOf(to))).toEqual(decision.moves.slice(0, first.length).map(({ from }) => stateOf(from)))
        } else if (other !== step) expect(back).toBeNull()
        const rest = world.decided(step)
        expect(rest).toMatchObject({ id: decision.id, generation: decision.generation })
        expect(rest?.moves.map(({ merged }) => merged)).toEqual(names.map((name) => first.includes(name)))
        expect(rest?.moves.map(({ from, to }) => [from, to])).toEqual(decision.moves.map(({ from, to }) => [from, to]))
      },
    ),
    { numRuns: 60 },
  )
})

test('a step that is merged everywhere has nothing left to do, except replace, which is a new one', () => {
  for (const prefix of prefixes) {
    const last = prefix.at(-1)
    if (last === undefined) continue
    const world = go(['eu', 'us'], prefix, true, [])
    expect(
      world.decided(last)?.moves.every(({ merged }) => merged),
      prefix.join(),
    ).toBe(true)
    expect(world.decided(last)?.id).toBe(lastTransition(world.facts.clusters[0]!.record)?.id)

    const number = world.facts.mesh.generations.length
    world.facts = merge(world.facts, world.decided('replace')!, undefined, listed)
    expect(world.decided('replace')).toMatchObject({ id: `g${number + 2}-replaced`, moves: [{ merged: false }, { merged: false }] })
  }
})

test('promote and demote change no byte of root-cert.pem, whoever adopted it and whatever extra roots there are', () => {
  const extra = [intermediateOf('g7'), rootOf('g9').certificate]
  fc.assert(
    fc.property(
      fc.subarray(extra),
      fc.constantFrom(null, `# taken over\n${rootOf('g1').certificate.pem}`),
      fc.constantFrom(...prefixes),
      fc.constantFrom(...steps),
      (extraRoots, taken, prefix, step) => {
        const world = go(['prod'], prefix, true, [])
        const decision = world.decided(step)
        const [move] = decision?.moves ?? []
        if (decision === null || move === undefined || move.merged) return
        const mesh = merge(world.facts, decision).mesh
        const [before, after] = [move.from, move.to].map((phase) => rootBundleText(mesh, phase, extraRoots, taken))
        expect(before === after, `${step} from ${describePhase(move.from)}`).toBe(step === 'promote' || step === 'demote')
      },
    ),
  )
})

test('an id is the first of its name that was never used', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 12 })), (counts) => {
      const used = new Set(counts.map((count) => (count === 1 ? 'g2-promoted' : `g2-promoted.${count}`)))
      const id = unusedId('promote', 'g2', used)
      expect(used.has(id)).toBe(false)
      const count = Number(id.split('.')[1] ?? 1)
      for (let lower = 1; lower < count; lower++) expect(counts).toContain(lower)
    }),
  )
})
