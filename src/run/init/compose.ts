import { dirname } from 'node:path/posix'
import { RerootError } from '../../base/index.ts'
import { configSchemaText, parseConfig } from '../../mesh/index.ts'
import type { Config } from '../../mesh/index.ts'
import { addListEntry, applySplices, creationRules, insertCreationRules, scaffoldConfig, stateFile } from '../../plan/index.ts'
import type { Layout, Scaffold } from '../../plan/index.ts'
import type { Certificate } from '../../pki/index.ts'
import type { Files } from '../../ports.ts'
import { writeClusterRecord, writeMeshRecord } from '../../rotation/index.ts'
import type { ClusterRecord, MeshRecord } from '../../rotation/index.ts'
import { kustomizationPaths } from '../../workloads/index.ts'
import { loadCharts } from '../charts.ts'
import { inPlaceStateWave } from '../live-secret.ts'
import { clusterProps } from '../render-cluster.ts'
import type { FoundCluster } from './find.ts'
import type { Recipients } from './recipients.ts'
import { clustersToRule } from './seal.ts'

/** What `init` will commit, before anything is sealed. */
export interface InitComposition {
  readonly config: Config
  readonly write: Map<string, Uint8Array>
}

/** Composes the files of `init` but for the sealed Secrets. */
export async function composeInit(input: {
  readonly files: Files
  readonly layout: Layout
  readonly scaffold: Scaffold
  readonly clusters: readonly FoundCluster[]
  readonly mesh: MeshRecord
  readonly records: ReadonlyMap<string, ClusterRecord>
  readonly recipients: Recipients
  readonly extraRoots: readonly Certificate[]
}): Promise<InitComposition> {
  const { files, layout, scaffold, mesh, records, recipients } = input
  const charts = await loadCharts()
  const text = scaffoldConfig(scaffold)
  const config = parseConfig(encode(text), layout.config)
  const write = new Map<string, Uint8Array>([
    [layout.config, encode(text)],
    [layout.schema, encode(configSchemaText())],
    [layout.mesh, encode(writeMeshRecord(mesh))],
  ])
  const rules = creationRules(layout, recipients.custodians, clustersToRule(files, layout, recipients.clusters))
  write.set('.sops.yaml', insertCreationRules(files.read('.sops.yaml'), rules))

  const current = (path: string): Uint8Array | null => write.get(path) ?? files.read(path)
  for (const cluster of config.clusters) {
    const record = records.get(cluster.name)
    const found = input.clusters.find(({ sync }) => sync.name === cluster.name)
    if (record === undefined || found === undefined) throw new TypeError(`init lost the cluster ${cluster.name}`)
    const own = layout.cluster(cluster.name)
    write.set(own.record, encode(writeClusterRecord(record)))
    const props = clusterProps({
      config,
      mesh,
      extraRoots: input.extraRoots,
      cluster: { config: cluster, layout: own },
      record,
      restarts: null,
    })
    for (const [path, content] of charts.renderCluster(props)) write.set(path, encode(content))
    write.set(cluster.controller.register, encode(charts.renderRegister(props)))
    listInKustomization(cluster.controller.register, current, write)
    if (cluster.cacerts.managed === 'in-place') {
      const state = stateFile(cluster.cacerts.file)
      write.set(state, encode(charts.renderState(props, inPlaceStateWave(files, { config: cluster }))))
      const ksops = found.cacerts?.ksops ?? null
      if (ksops === null) listBeside(state, cluster.cacerts.file, current, write)
      else listWhereUnsealed(state, ksops, current, write)
    }
  }
  return { config, write }
}

/** A folder with a kustomization applies only what it lists. */
function listInKustomization(path: string, current: (path: string) => Uint8Array | null, write: Map<string, Uint8Array>): void {
  const file = kustomizationIn(dirname(path), current)
  if (file !== null) addResource(file, path.slice(dirname(path).length + 1), current, write)
}

/**
 * Puts a file beside another one into the kustomization that lists the other: in its folder, or above it.
 * @throws RerootError REFUSED if a kustomization above does not list the other by name: then nobody knows what applies it.
 */
function listBeside(path: string, beside: string, current: (path: string) => Uint8Array | null, write: Map<string, Uint8Array>): void {
  for (let folder = dirname(beside); ; folder = dirname(folder)) {
    const file = kustomizationIn(folder, current)
    const inside = (one: string): string => (folder === '.' ? one : one.slice(folder.length + 1))
    if (file !== null) {
      if (lists(current(file) ?? new Uint8Array(), file, inside(beside))) {
        addResource(file, inside(path), current, write)
        return
      }
      throw new RerootError('REFUSED', `${file} does not list ${inside(beside)}, so nobody knows what applies the Secret`, {
        hint: 'list the sealed Secret under `resources` of the kustomization beside it, and run init again',
      })
    }
    if (folder === '.') return
  }
}

/**
 * Puts a file into the kustomization by which KSOPS unseals the Secret, so that one Application applies both.
 * @throws RerootError REFUSED if the file is not below that kustomization: kustomize reads nothing from outside.
 */
function listWhereUnsealed(
  path: string,
  kustomization: string,
  current: (path: string) => Uint8Array | null,
  write: Map<string, Uint8Array>,
): void {
  const folder = dirname(kustomization)
  const inside = folder === '.' ? path : path.slice(folder.length + 1)
  if (folder === '.' || path.startsWith(`${folder}/`)) {
    addResource(kustomization, inside, current, write)
    return
  }
  throw new RerootError('REFUSED', `${kustomization} unseals a Secret from outside of its folder, so nothing can be applied beside it`, {
    hint: 'move the sealed Secret into the folder of that kustomization, or below it, and run init again',
  })
}

function kustomizationIn(folder: string, current: (path: string) => Uint8Array | null): string | null {
  return kustomizationPaths(folder === '.' ? '' : folder).find((file) => current(file) !== null) ?? null
}

function addResource(file: string, entry: string, current: (path: string) => Uint8Array | null, write: Map<string, Uint8Array>): void {
  const bytes = current(file) ?? new Uint8Array()
  const splices = addListEntry(bytes, file, 'resources', entry)
  if (splices.length > 0) write.set(file, applySplices(bytes, splices))
}

function lists(bytes: Uint8Array, file: string, entry: string): boolean {
  return addListEntry(bytes, file, 'resources', entry).length === 0
}

/** A file of the user's is never replaced. @throws RerootError REFUSED with every file that is in the way. */
export function refuseOverwriting(files: Files, composition: InitComposition, edited: readonly string[]): void {
  const inTheWay = [...composition.write.keys()].filter(
    (path) => files.read(path) !== null && !edited.includes(path) && !/(^|\/)(kustomization\.ya?ml|Kustomization)$/.test(path),
  )
  if (inTheWay.length === 0) return
  throw new RerootError('REFUSED', `files are in the way: ${inTheWay.join(', ')}`, {
    hint: 'move them, or choose another place with --directory',
  })
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
