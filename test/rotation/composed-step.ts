import { formatWorkloadId } from '../../src/base/index.ts'
import type { WorkloadId } from '../../src/base/index.ts'
import { changeSets, freezeRestarts, preparedAfter, successor } from '../../src/plan/index.ts'
import type { ChosenRestart, Part } from '../../src/plan/index.ts'
import { stateOf, trustedGenerations } from '../../src/rotation/index.ts'
import type { ClusterRecord, Decision, DecisionFacts, Delivery, RestartList, StepFacts } from '../../src/rotation/index.ts'
import { discoveryOf, generation, intermediateOf, makeConfig, restartOf, workloadOf } from '../support/mesh.ts'
import { servedIn } from './running-mesh.ts'
import type { Served } from './running-mesh.ts'

/** A file of the repository: two are the same if their keys are. */
export interface File {
  readonly key: string
  readonly value: unknown
}
export type Files = ReadonlyMap<string, File | null>

/** Roots by generation: two keys that were made for one number have two names. */
export type Roots = Readonly<Record<string, string>>

export interface MeshShape {
  readonly names: readonly string[]
  readonly managed: 'own' | 'in-place'
  readonly pullRequests: 'auto' | 'per-wave' | 'per-cluster'
  readonly workloads: readonly { readonly id: `${WorkloadId['kind']}/${string}/${string}`; readonly delivery: Delivery }[]
}

const config = makeConfig()

/** What `compose` makes of a decision: the files of each pull request. */
export function composeStep(input: {
  readonly shape: MeshShape
  readonly main: ReadonlyMap<string, File>
  readonly facts: DecisionFacts
  readonly decision: Decision
  readonly roots: Roots
}): readonly Files[] {
  const { shape, main, facts, decision, roots } = input
  const brings = decision.step === 'stage'
  const mesh = { mesh: 'shop', generations: Object.keys(roots).map(generation) }
  const isInPlace = shape.managed === 'in-place'
  const files = new Map<string, File | null>([['mesh', fileOf(roots)]])
  const parts: Part[] = [partOf(null, isInPlace ? 'secret' : 'restarts', ['mesh'])]
  for (const move of decision.moves) {
    const cluster = facts.clusters.find(({ record }) => record.cluster === move.cluster)
    if (cluster === undefined) throw new Error(`no cluster ${move.cluster}`)
    const { record } = cluster
    const name = record.cluster
    const next = successor(record, move, decision, mesh, [], brings && !move.merged ? intermediateOf(decision.generation, name) : null)
    const from = move.merged ? { ...record, transitions: record.transitions.slice(0, -1), phase: move.from } : record
    const restarts = freeze(shape, decision, { ...cluster, record: from })
    const secrets = secretFiles(main, decision, move, next, roots)
    const rest = new Map<string, File | null>([[`${name}/restarts`, fileOf({ list: restarts, state: next.state })]])
    const owners = new Map<string, File | null>(
      shape.workloads.flatMap(({ id, delivery }) => (delivery === 'owner' ? [[`${name}/owner/${id}`, fileOf(decision.id)]] : [])),
    )
    for (const [path, file] of [...secrets, ...rest, ...owners]) files.set(path, file)
    if (isInPlace) parts.push(partOf(name, 'secret', secrets.keys()), partOf(name, 'restarts', rest.keys()))
    else parts.push(partOf(name, 'restarts', [...secrets.keys(), ...rest.keys()]))
    if (owners.size > 0) parts.push(partOf(name, 'wave-default', owners.keys()))
  }
  const split = isInPlace || shape.workloads.some(({ delivery }) => delivery === 'owner')
  const sets = changeSets(parts, shape.pullRequests, split).map((set) => [...set.write.keys()])
  return sealedFirst(sets, brings).map((paths) => new Map(paths.map((path) => [path, files.get(path) ?? null])))
}

function freeze(shape: MeshShape, decision: Decision, { record, restarts, past }: StepFacts): RestartList {
  if (restarts?.id === decision.id) return restarts
  const workloads = shape.workloads.map(({ id }) => workloadOf(id))
  return freezeRestarts({
    ...{ id: decision.id, step: decision.step, config, record, before: restarts },
    ...(past === undefined ? {} : { past }),
    discovery: discoveryOf({ cluster: record.cluster, workloads }),
    restarts: workloads.map((workload) => restartOf(workload, deliveryOf(shape, workload.id))),
  })
}

function deliveryOf(shape: MeshShape, of: WorkloadId): Pick<ChosenRestart, 'delivery' | 'drain'> {
  const delivery = shape.workloads.find(({ id }) => id === formatWorkloadId(of))?.delivery ?? 'job'
  return { delivery, drain: delivery === 'none' ? 'expire' : 'restart' }
}

/** The live Secret becomes the sealed state that is there, and `prepared/` what is to be kept. */
function secretFiles(
  main: ReadonlyMap<string, File>,
  decision: Decision,
  move: Decision['moves'][number],
  next: ClusterRecord,
  roots: Roots,
): Files {
  const name = next.cluster
  const path = (state: string): string => `${name}/prepared/${state}`
  const made = new Map<string, File>()
  if (decision.step === 'stage') {
    const [old, fresh] = [trustedGenerations(move.from)[0] ?? '', decision.generation]
    for (const phase of [
      { phase: 'staged', signer: old, candidate: fresh },
      { phase: 'promoted', signer: fresh, retiring: old },
      { phase: 'steady', signer: fresh },
    ] as const)
      made.set(path(stateOf(phase)), fileOf(withRoots(servedIn({ phase, state: stateOf(phase) }), roots)))
  }
  const sealed = (state: string): File | null => main.get(path(state)) ?? made.get(path(state)) ?? null
  const files = new Map<string, File | null>([[`${name}/record`, recordFile(next)]])
  if (!move.merged) {
    const live = sealed(stateOf(move.to))
    if (live === null) throw new Error(`${decision.step} in ${name} needs ${stateOf(move.to)}, which is not sealed`)
    files.set(`${name}/live`, live)
  }
  const kept = preparedAfter(move, decision.step)
  for (const state of kept) {
    const file = state === stateOf(move.from) && !move.merged ? (main.get(`${name}/live`) ?? null) : sealed(state)
    if (file !== null) files.set(path(state), file)
  }
  for (const there of main.keys()) if (there.startsWith(`${name}/prepared/`) && !files.has(there)) files.set(there, null)
  return files
}

/** Keys are in memory once: the first pull request carries every sealed file (`sealFirst` in compose.ts). */
function sealedFirst(sets: readonly (readonly string[])[], brings: boolean): readonly (readonly string[])[] {
  const isSealed = (path: string): boolean => path.includes('/prepared/')
  const sealed = sets.flat().filter(isSealed)
  return brings ? sets.map((set, index) => [...set.filter((path) => !isSealed(path)), ...(index === 0 ? sealed : [])]) : sets
}

function withRoots(served: Served, roots: Roots): Served {
  const named = (id: string): string => roots[id] ?? id
  return { state: served.state, signer: named(served.signer), trusted: served.trusted.map(named) }
}

const partOf = (cluster: string | null, name: string, paths: Iterable<string>): Part => ({
  ...{ cluster, name, remove: [] },
  write: new Map([...paths].map((path) => [path, new Uint8Array()])),
})

export const fileOf = (value: unknown): File => ({ key: JSON.stringify(value), value })

export const recordFile = (record: ClusterRecord): File => ({ key: JSON.stringify([record.state, record.transitions]), value: record })

export const same = (one: File | null | undefined, other: File | null | undefined): boolean => (one?.key ?? null) === (other?.key ?? null)
