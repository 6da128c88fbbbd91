import { RerootError } from '../../src/base/index.ts'
import { decide, pastOf } from '../../src/rotation/index.ts'
import type {
  ClusterRecord,
  Decision,
  DecisionFacts,
  RecordChange,
  RestartId,
  RestartList,
  Step,
  StepFacts,
  Testimony,
} from '../../src/rotation/index.ts'
import { adopted, generation, now } from '../support/mesh.ts'
import { composeStep, fileOf, recordFile, same } from './composed-step.ts'
import type { File, Files, MeshShape, Roots } from './composed-step.ts'
import { servedIn } from './running-mesh.ts'
import type { Served, Wanted } from './running-mesh.ts'

interface Branch {
  readonly id: RestartId
  readonly base: Files
  readonly writes: Files
}

interface Merge {
  readonly id: RestartId
  readonly before: Files
  readonly after: Files
  isReverted: boolean
}

/**
 * A repository with branches, as steps, forges and people change it: what `takeStep` does, but for text, keys and git. Files are merged as git
 * merges them: a file that both sides changed is a conflict.
 */
export class MergedMesh {
  readonly shape: MeshShape
  readonly branches = new Map<string, Branch>()
  readonly merges: Merge[] = []
  /** What was reverted last, while nothing was merged since. */
  #reverted: Merge | null = null
  /** What the history tells, by cluster, oldest first. */
  readonly changes = new Map<string, RecordChange[]>()
  readonly generationsEver = new Set<string>(['g1'])
  /** Laws that are broken by what is in Git. */
  readonly faults: string[] = []
  #main: ReadonlyMap<string, File>
  #keys = 0

  constructor(shape: MeshShape) {
    this.shape = shape
    const files = new Map<string, File>([['mesh', fileOf({ g1: 'g1' })]])
    for (const name of shape.names) {
      const record = adopted(name)
      files.set(`${name}/record`, recordFile(record)).set(`${name}/live`, fileOf(servedIn(record)))
    }
    this.#main = files
  }

  /** What a cluster's controller reads. */
  wanted(name: string): Wanted {
    const list = this.#read(`${name}/restarts`) as { readonly list: RestartList; readonly state: string } | null
    const record = this.record(name)
    return { live: this.#need(`${name}/live`) as Served, restarts: list?.list ?? null, state: list?.state ?? record.state }
  }

  record(name: string): ClusterRecord {
    return this.#need(`${name}/record`) as ClusterRecord
  }

  /** The ids that owners' files carry. */
  ownerIds(name: string): ReadonlyMap<string, RestartId | null> {
    return new Map(this.shape.workloads.map(({ id }) => [id, this.#read(`${name}/owner/${id}`) as RestartId | null]))
  }

  facts(): DecisionFacts {
    return {
      mesh: { mesh: 'shop', generations: Object.keys(this.#need('mesh') as Roots).map(generation) },
      clusters: this.shape.names.map((name): StepFacts => {
        const record = this.record(name)
        return {
          record,
          restarts: this.wanted(name).restarts,
          managed: this.shape.managed,
          past: pastOf(this.changes.get(name) ?? [], record),
        }
      }),
      usedGenerations: [...this.generationsEver],
      workloadCertificateHours: 24,
      now,
    }
  }

  /** Plans a step, and pushes the first pull request of it that is not merged, or all, stacked. @returns what was decided; `null`: refused. */
  plan(step: Step, testimony: Testimony, stack: boolean): Decision | null {
    const facts = this.facts()
    const decision = decided(step, facts, testimony)
    if (decision === null) return null
    const roots = this.#rootsFor(decision)
    if (roots === null) return null
    const sets = composeStep({ shape: this.shape, main: this.#main, facts, decision, roots })
    const pending = sets
      .map((set, index) => ({ set, index }))
      .filter(({ set }) => [...set].some(([path, file]) => this.#differs(path, file)))
    let writes: Files = new Map()
    for (const { set, index } of stack ? pending : pending.slice(0, 1)) {
      writes = new Map([...writes, ...set])
      this.branches.set(`${decision.id}#${index}`, { id: decision.id, writes, base: this.#present(writes) })
    }
    return decision
  }

  /** Merges a pull request. @returns whether it had no conflict. */
  merge(name: string): boolean {
    const branch = this.branches.get(name)
    if (branch === undefined) return false
    const ours = this.#present(branch.writes)
    const conflicts = [...branch.writes].filter(
      ([path, theirs]) => !same(ours.get(path), theirs) && !same(ours.get(path), branch.base.get(path)),
    )
    if (conflicts.length > 0) return false
    const changed = [...branch.writes].filter(([path, theirs]) => !same(ours.get(path), theirs))
    this.branches.delete(name)
    const after = new Map(changed)
    this.merges.push({ id: branch.id, before: this.#present(after), after, isReverted: false })
    this.#commit(after, false)
    this.#reverted = null
    return true
  }

  /** The newest merge that is not reverted, if `git revert` would have no conflict; `null` if there is none. */
  get newest(): { readonly follows: boolean; readonly brings: boolean; readonly states: ReadonlyMap<string, string> } | null {
    const merge = this.#newest()
    if (merge === null) return null
    const states = this.shape.names.flatMap((name): readonly (readonly [string, string])[] => {
      // A pull request that holds restarts alone belongs to the state that they are for.
      const part = merge.after.get(`${name}/live`) ?? merge.after.get(`${name}/restarts`)
      return part === undefined || part === null ? [] : [[name, (part.value as { readonly state: string }).state]]
    })
    return { follows: this.#reverted !== null && this.#reverted.id !== merge.id, brings: merge.after.has('mesh'), states: new Map(states) }
  }

  #newest(): Merge | null {
    const merge = this.merges.findLast(({ isReverted }) => !isReverted)
    return merge === undefined || [...merge.after].some(([path, file]) => this.#differs(path, file)) ? null : merge
  }

  /** `git revert` of the newest merge. Pull requests that were planned before are closed, as the documentation says. */
  revert(): void {
    const merge = this.#newest()
    if (merge === null) return
    this.branches.clear()
    merge.isReverted = true
    this.#commit(merge.before, true)
    this.#reverted = merge
  }

  /** `git revert` of the revert. */
  reapply(): void {
    const merge = this.#reverted
    if (merge === null) return
    this.branches.clear()
    merge.isReverted = false
    this.#commit(merge.after, true)
    this.#reverted = null
  }

  #commit(writes: Files, isRevert: boolean): void {
    for (const name of this.shape.names) this.#noteRecord(name, writes.get(`${name}/record`), isRevert)
    const mesh = writes.get('mesh')
    if (mesh !== undefined && mesh !== null && !isRevert) this.#noteRoots(mesh.value as Roots)
    const files = new Map(this.#main)
    for (const [path, file] of writes) {
      if (file === null) files.delete(path)
      else files.set(path, file)
    }
    this.#main = files
  }

  #noteRecord(name: string, file: File | null | undefined, isRevert: boolean): void {
    if (file === undefined || file === null) return
    const ids = (record: ClusterRecord): readonly RestartId[] => record.transitions.map(({ id }) => id)
    const [old, fresh] = [ids(this.record(name)), ids(file.value as ClusterRecord)]
    const changes = this.changes.get(name) ?? []
    const added = fresh.filter((id) => !old.includes(id))
    const ever = changes.flatMap((change) => change.added)
    const again = isRevert ? [] : added.filter((id) => ever.includes(id))
    this.faults.push(...again.map((id) => `${id} is used twice in ${name}`))
    this.changes.set(name, [...changes, { at: new Date(0), added, removed: old.filter((id) => !fresh.includes(id)) }])
  }

  #noteRoots(roots: Roots): void {
    const present = this.#need('mesh') as Roots
    for (const [id, root] of Object.entries(roots)) {
      if (present[id] === root) continue
      if (this.generationsEver.has(id)) this.faults.push(`the number ${id} is used twice`)
      this.generationsEver.add(id)
    }
  }

  /** The roots of the mesh once the step is merged; `null` if the branch of the step cannot be taken up again. */
  #rootsFor({ step, id, generation: brought }: Decision): Roots | null {
    const roots = this.#need('mesh') as Roots
    if (step !== 'stage' || roots[brought] !== undefined) return roots
    const branch = this.branches.get(`${id}#0`)
    if (branch === undefined) {
      this.#keys += 1
      return { ...roots, [brought]: `${brought}, key ${this.#keys}` }
    }
    const isStale = this.shape.names.some(
      (name) => branch.writes.has(`${name}/live`) && this.#differs(`${name}/live`, branch.base.get(`${name}/live`)),
    )
    return isStale ? null : (branch.writes.get('mesh')?.value as Roots)
  }

  #present(paths: Files): Files {
    return new Map([...paths.keys()].map((path) => [path, this.#main.get(path) ?? null]))
  }

  #differs(path: string, file: File | null | undefined): boolean {
    return !same(this.#main.get(path) ?? null, file)
  }

  #read(path: string): unknown {
    return this.#main.get(path)?.value ?? null
  }

  #need(path: string): unknown {
    const value = this.#read(path)
    if (value === null) throw new Error(`main has no ${path}`)
    return value
  }
}

function decided(step: Step, facts: DecisionFacts, testimony: Testimony): Decision | null {
  try {
    return decide(step, facts, testimony, null)
  } catch (error) {
    if (error instanceof RerootError && error.code === 'REFUSED') return null
    throw error
  }
}
