import { RerootError } from '../base/index.ts'
import { changeSets, ownerParts, preparedAfter, stateFile, successor } from '../plan/index.ts'
import type { ChangeSet, ChosenRestart, Part } from '../plan/index.ts'
import { stateOf, writeClusterRecord, writeMeshRecord, writeRestartList } from '../rotation/index.ts'
import type { ClusterRecord, Decision, MeshRecord, Move, RestartList } from '../rotation/index.ts'
import type { Discovery } from '../workloads/index.ts'
import { loadCharts } from './charts.ts'
import { inPlaceStateWave, liveBytes } from './live-secret.ts'
import type { Loaded, LoadedCluster } from './load.ts'
import type { Material } from './material.ts'
import { waitingCertificate } from './reuse.ts'
import { checkSealedState } from './sealed-state.ts'
import { clusterProps } from './render-cluster.ts'

/** One cluster with all that was decided about it. */
export interface ClusterStep {
  readonly cluster: LoadedCluster
  readonly move: Move
  readonly restarts: RestartList
  readonly chosen: readonly ChosenRestart[]
  /** Whoever delivers the Secret in place, `namespace/name`; `null`: reroot does, or Git does not show it. */
  readonly secretOwner: string | null
  /** Workloads that hold no certificate of their own. */
  readonly outside: Discovery['outside']
  /** The step needs the one before to be complete. */
  readonly hasBarrier: boolean
}

/** A step, composed: what every file of it will hold. */
export interface Composition {
  readonly mesh: MeshRecord
  readonly records: ReadonlyMap<string, ClusterRecord>
  readonly changeSets: readonly ChangeSet[]
}

/**
 * Composes the files of a step. Nothing in it is secret but what is sealed.
 * @throws RerootError REFUSED if a sealed state that the step needs is not in `prepared/`.
 */
export async function compose(
  loaded: Loaded,
  decision: Decision,
  steps: readonly ClusterStep[],
  material: Material | null,
): Promise<Composition> {
  const charts = await loadCharts()
  const generations =
    material === null
      ? loaded.mesh.generations
      : [...loaded.mesh.generations.filter((one) => one.id !== material.generation.id), material.generation]
  const mesh: MeshRecord = { ...loaded.mesh, generations }
  const records = new Map<string, ClusterRecord>()
  const parts: Part[] = [meshPart(loaded, mesh, decision, material)]
  const edited = new Map<string, Uint8Array>()

  for (const step of steps) {
    const { cluster, move, restarts } = step
    const name = cluster.config.name
    const record = successor(cluster.record, move, decision, mesh, loaded.extraRoots, material?.intermediates.get(name) ?? null)
    records.set(name, record)
    const props = clusterProps({ config: loaded.config, mesh, extraRoots: loaded.extraRoots, cluster, record, restarts })
    if (props.step === null) throw new TypeError(`the list of ${restarts.id} is of no step of ${name}`)
    const inPlace = cluster.config.cacerts.managed === 'in-place'
    const secret = secretPart(loaded, step, decision, material, record)
    if (inPlace)
      secret.write.set(stateFile(cluster.config.cacerts.file), encode(charts.renderState(props, inPlaceStateWave(loaded.files, cluster))))
    const register = [cluster.config.controller.register, charts.renderRegister(props)] as const
    const rendered = renderedPart(loaded, step, new Map([...charts.renderCluster(props), register]))
    parts.push(...(inPlace ? [secret, rendered] : [joined(secret, rendered)]))
    const owners = ownerParts({
      cluster: name,
      list: restarts,
      restarts: step.chosen,
      read: (path) => edited.get(path) ?? loaded.files.read(path),
      component: charts.renderComponent,
    })
    for (const part of owners) for (const [path, bytes] of part.write) edited.set(path, bytes)
    parts.push(...owners)
  }
  const sets = changeSets(joinOrdered(parts, steps), loaded.config.pullRequests, needsSplit(steps, loaded))
  return { mesh, records, changeSets: material === null ? sets : sealFirst(sets, steps, decision, material) }
}

/**
 * Keys are in memory once, so the first change set carries every sealed file, and beside it the certificates of clusters whose record
 * comes later.
 */
function sealFirst(
  sets: readonly ChangeSet[],
  steps: readonly ClusterStep[],
  decision: Decision,
  material: Material,
): readonly ChangeSet[] {
  const [first, ...rest] = sets
  if (first === undefined || rest.length === 0) return sets
  const later = steps.filter(({ cluster, move }) => !move.merged && !first.write.has(cluster.layout.record))
  const early = new Map<string, Uint8Array>()
  for (const { cluster } of later) {
    for (const [path, bytes] of material.sealed) if (path.startsWith(cluster.layout.preparedDirectory)) early.set(path, bytes)
    early.set(waitingCertificate(cluster, decision.generation), encode(material.intermediates.get(cluster.config.name)?.pem ?? ''))
  }
  return [
    { ...first, write: new Map([...first.write, ...early]) },
    ...rest.map((set) => {
      // With the record of a cluster, what has waited for it and stays nowhere else goes.
      const arrived = later
        .filter(({ cluster }) => set.write.has(cluster.layout.record))
        .map(({ cluster }) => cluster.layout.preparedDirectory)
      const waited = [...early.keys()].filter((path) => !set.write.has(path) && arrived.some((folder) => path.startsWith(folder)))
      return {
        ...set,
        write: new Map([...set.write].filter(([path]) => !early.has(path))),
        remove: [...new Set([...set.remove, ...waited])],
      }
    }),
  ]
}

function meshPart(loaded: Loaded, mesh: MeshRecord, decision: Decision, material: Material | null): Part {
  const write = new Map<string, Uint8Array>()
  const remove: string[] = []
  if (material !== null) {
    write.set(loaded.layout.mesh, encode(writeMeshRecord(mesh)))
    const root = material.sealed.get(loaded.layout.root(decision.generation))
    if (root !== undefined) write.set(loaded.layout.root(decision.generation), root)
  }
  if (decision.step === 'abandon' && loaded.files.read(loaded.layout.root(decision.generation)) !== null)
    remove.push(loaded.layout.root(decision.generation))
  if (decision.step === 'abandon') remove.push(...waitingFiles(loaded, decision))
  return { cluster: null, name: inPlaceExists(loaded) ? 'secret' : 'restarts', write, remove }
}

/** What `stage` has sealed for clusters that never took it: keys of a generation that is given up. */
function waitingFiles(loaded: Loaded, { moves, generation }: Decision): readonly string[] {
  return loaded.clusters
    .filter(({ config }) => !moves.some((move) => move.cluster === config.name))
    .flatMap(({ layout }) => loaded.files.list().filter((path) => path.startsWith(`${layout.preparedDirectory}${generation}-`)))
}

type OpenPart = Part & { readonly write: Map<string, Uint8Array>; readonly remove: string[] }

/** The live Secret, the states ahead and behind, and the record: true together, or not at all. */
function secretPart(
  loaded: Loaded,
  { cluster, move }: ClusterStep,
  decision: Decision,
  material: Material | null,
  record: ClusterRecord,
): OpenPart {
  const write = new Map<string, Uint8Array>()
  const live = cluster.config.cacerts.file
  const keep = new Map(preparedAfter(move, decision.step).map((state) => [cluster.layout.prepared(state), state]))
  const sealed = (path: string): Uint8Array | null => material?.sealed.get(path) ?? loaded.files.read(path)
  const target = cluster.layout.prepared(stateOf(move.to))
  if (!move.merged) {
    const bytes = sealed(target) ?? missing(target, decision)
    checkSealedState(bytes, target, { config: cluster.config, record })
    write.set(live, bytes)
  }
  for (const [path, state] of keep) {
    const bytes = state === stateOf(move.from) && !move.merged ? liveBytes(loaded.files, cluster) : sealed(path)
    if (bytes !== null) write.set(path, bytes)
  }
  write.set(cluster.layout.record, encode(writeClusterRecord(record)))
  const remove = loaded.files.list().filter((path) => path.startsWith(cluster.layout.preparedDirectory) && !keep.has(path))
  return { cluster: cluster.config.name, name: 'secret', write, remove }
}

function missing(path: string, decision: Decision): never {
  throw new RerootError('REFUSED', `${path} is missing, and ${decision.step} only copies sealed bytes`, {
    hint: 'take the file back from git history (`git log -- FILE`); reroot makes keys only in stage and replace',
  })
}

/** Everything that charts render, the reference to it included, and the frozen list. What they no longer render goes. */
function renderedPart(loaded: Loaded, { cluster, restarts }: ClusterStep, rendered: ReadonlyMap<string, string>): OpenPart {
  const write = new Map([...rendered].map(([path, text]) => [path, encode(text)] as const))
  write.set(cluster.layout.restarts, encode(writeRestartList(restarts)))
  const waves = `${cluster.layout.directory}/waves/`
  const remove = loaded.files.list().filter((path) => path.startsWith(waves) && !write.has(path))
  return { cluster: cluster.config.name, name: 'restarts', write, remove }
}

function joined(one: Part, other: Part): Part {
  return {
    cluster: other.cluster,
    name: other.name,
    write: new Map([...one.write, ...other.write]),
    remove: [...one.remove, ...other.remove],
  }
}

/** Owners whose controllers wait for the control plane may go with the rest; all others are merged wave by wave. */
function joinOrdered(parts: readonly Part[], steps: readonly ClusterStep[]): readonly Part[] {
  const ordered = new Set(
    steps
      .filter((step) => step.chosen.every((restart) => restart.delivery !== 'owner' || restart.ordered))
      .map((step) => step.cluster.config.name),
  )
  return parts.map((part) =>
    part.name.startsWith('wave-') && part.cluster !== null && ordered.has(part.cluster) ? { ...part, name: 'restarts' } : part,
  )
}

function needsSplit(steps: readonly ClusterStep[], loaded: Loaded): boolean {
  return inPlaceExists(loaded) || steps.some((step) => step.chosen.some((restart) => restart.delivery === 'owner' && !restart.ordered))
}

function inPlaceExists(loaded: Loaded): boolean {
  return loaded.clusters.some((cluster) => cluster.config.cacerts.managed === 'in-place')
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
