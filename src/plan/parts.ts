import { dirname } from 'node:path/posix'
import { formatWorkloadId, groupBy, restartAnnotation } from '../base/index.ts'
import type { RestartId, RestartList } from '../rotation/index.ts'
import { componentFolder } from './delivery.ts'
import type { ChosenRestart } from './delivery.ts'
import { addListEntry, annotatePodTemplates, applySplices } from './edits/index.ts'

/** A part of a step that has to be merged as one. */
export interface Part {
  /** `null`: belongs to the mesh as a whole. */
  readonly cluster: string | null
  /** `secret` before `restarts` before `wave-…`: the order in which they are merged. */
  readonly name: string
  readonly write: ReadonlyMap<string, Uint8Array>
  readonly remove: readonly string[]
}

/** One pull request. */
export interface ChangeSet {
  readonly name: string
  readonly position: number
  readonly of: number
  readonly clusters: readonly string[]
  readonly write: ReadonlyMap<string, Uint8Array>
  readonly remove: readonly string[]
}

/** Renders a Component: charts do. */
export type ComponentText = (
  restarts: readonly {
    readonly kind: ChosenRestart['workload']['kind']
    readonly name: string
    readonly namespace: string | null
    readonly id: RestartId
  }[],
) => string

/**
 * The edits of owners' files that carry a step's restarts: by wave, so that unordered owners can be merged wave by wave. A file that
 * serves several waves belongs to the first of them.
 * @param read the file at the base; edits of one file add up.
 * @throws RerootError FILE_INVALID where an edit cannot be made safely.
 */
export function ownerParts(input: {
  readonly cluster: string
  readonly list: RestartList
  readonly restarts: readonly ChosenRestart[]
  readonly read: (path: string) => Uint8Array | null
  readonly component: ComponentText
}): readonly Part[] {
  const byWorkload = new Map(input.restarts.map((restart) => [formatWorkloadId(restart.workload), restart]))
  const byFile = groupBy(
    input.restarts.filter((restart) => restart.delivery === 'owner'),
    (restart) => restart.file,
  )
  const taken = new Set<string>()
  const parts: Part[] = []
  for (const wave of input.list.waves) {
    const write = new Map<string, Uint8Array>()
    for (const entry of wave.restarts) {
      const restart = byWorkload.get(formatWorkloadId(entry.workload))
      if (entry.delivery !== 'owner' || entry.file === null || restart === undefined || taken.has(entry.file)) continue
      for (const [path, bytes] of ownerEdit(byFile.get(entry.file) ?? [], input.list.id, input)) write.set(path, bytes)
      taken.add(entry.file)
    }
    if (write.size > 0) parts.push({ cluster: input.cluster, name: `wave-${wave.name}`, write, remove: [] })
  }
  return parts
}

/** All restarts that go into one file: a plain manifest, or the Component of one overlay. It is read and judged once. */
function ownerEdit(
  restarts: readonly ChosenRestart[],
  id: RestartId,
  { read, component }: { readonly read: (path: string) => Uint8Array | null; readonly component: ComponentText },
): ReadonlyMap<string, Uint8Array> {
  const write = new Map<string, Uint8Array>()
  const plain = restarts.filter(({ source }) => source.owner.kind === 'yaml').map(({ source }) => source.definition)
  for (const [file, sites] of groupBy(plain, (site) => site.file)) {
    const bytes = existing(read, file)
    const documents = sites.map(({ document }) => document)
    write.set(file, applySplices(bytes, annotatePodTemplates(bytes, file, documents, { key: restartAnnotation, value: id })))
  }
  const overlaid = restarts.flatMap(({ workload, source: { owner } }) =>
    owner.kind === 'kustomize' ? [{ kustomization: owner.kustomization, text: { kind: workload.kind, ...owner.component, id } }] : [],
  )
  for (const [file, of] of groupBy(overlaid, ({ kustomization }) => kustomization)) {
    const bytes = existing(read, file)
    const splices = addListEntry(bytes, file, 'components', componentFolder)
    if (splices.length > 0) write.set(file, applySplices(bytes, splices))
    const texts = of.map(({ text }) => text)
    write.set(`${dirname(file)}/${componentFolder}/kustomization.yaml`, new TextEncoder().encode(component(texts)))
  }
  return write
}

function existing(read: (path: string) => Uint8Array | null, path: string): Uint8Array {
  const bytes = read(path)
  if (bytes === null) throw new TypeError(`${path} was discovered, but cannot be read`)
  return bytes
}

/**
 * Puts parts into change sets. `auto` and `one`: as few as the order allows. `per-cluster`: each cluster's own. Parts of one name merge side
 * by side, `secret` before `restarts` before every `wave-…`.
 */
export function changeSets(
  parts: readonly Part[],
  pullRequests: 'auto' | 'one' | 'per-wave' | 'per-cluster',
  split: boolean,
): readonly ChangeSet[] {
  const names = [...new Set(parts.map((part) => part.name))].toSorted((one, other) => rank(one, parts) - rank(other, parts))
  const stages: Part[][] =
    split || pullRequests === 'per-wave' ? names.map((name) => parts.filter((part) => part.name === name)) : [[...parts]]
  const sets = pullRequests === 'per-cluster' ? stages.flatMap(byCluster) : stages
  const used = sets.filter((set) => set.some((part) => part.write.size + part.remove.length > 0))
  return used.map((set, index) => ({
    name: [...new Set(set.map((part) => part.name))].join('-and-').replace(/(-and-wave-.*)$/, '-and-waves'),
    position: index + 1,
    of: used.length,
    clusters: [...new Set(set.flatMap((part) => (part.cluster === null ? [] : [part.cluster])))],
    write: new Map(set.flatMap((part) => [...part.write])),
    remove: set.flatMap((part) => part.remove),
  }))
}

function rank(name: string, parts: readonly Part[]): number {
  if (name === 'secret') return -2
  if (name === 'restarts') return -1
  return parts.findIndex((part) => part.name === name)
}

/** What belongs to the mesh as a whole goes with the first cluster. */
function byCluster(parts: readonly Part[]): Part[][] {
  const clusters = [...new Set(parts.flatMap((part) => (part.cluster === null ? [] : [part.cluster])))]
  return clusters.map((cluster, index) => parts.filter((part) => part.cluster === cluster || (part.cluster === null && index === 0)))
}
