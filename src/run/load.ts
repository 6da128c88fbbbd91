import { formatWorkloadId, parseWorkloadId, RerootError, sha256 } from '../base/index.ts'
import type { Finding, WorkloadId } from '../base/index.ts'
import { parseConfig, rotationHindrances } from '../mesh/index.ts'
import type { ClusterConfig, Config } from '../mesh/index.ts'
import { parseBundle } from '../pki/index.ts'
import type { Certificate } from '../pki/index.ts'
import { layoutOf } from '../plan/index.ts'
import type { ClusterLayout, Layout } from '../plan/index.ts'
import type { Files } from '../ports.ts'
import { readClusterRecord, readMeshRecord, readRestartList, rootBundleText } from '../rotation/index.ts'
import type { ClusterRecord, MeshRecord, RestartList } from '../rotation/index.ts'
import { discover } from '../workloads/index.ts'
import type { DiscoveredController, Discovery, MeshRole, Workload } from '../workloads/index.ts'

/** One cluster, as the repository shows it. */
export interface LoadedCluster {
  readonly config: ClusterConfig
  readonly layout: ClusterLayout
  readonly record: ClusterRecord
  readonly restarts: RestartList | null
}

/** The mesh, as the repository shows it. */
export interface Loaded {
  readonly files: Files
  readonly layout: Layout
  readonly config: Config
  /** `reroot.yaml` as people wrote it, for the lines of findings. */
  readonly written: Uint8Array
  readonly mesh: MeshRecord
  readonly extraRoots: readonly Certificate[]
  readonly clusters: readonly LoadedCluster[]
}

/**
 * Reads `reroot.yaml` and the record.
 * @param directory reroot's directory in the repository.
 * @param config another `reroot.yaml` to take instead of the repository's (`--config`).
 * @throws RerootError with every problem of every file, CONFIG_INVALID or RECORD_INVALID.
 */
export function load(files: Files, directory: string, config: Uint8Array | null = null): Loaded {
  const layout = layoutOf(directory)
  const written = config ?? files.read(layout.config)
  if (written === null) {
    throw new RerootError('CONFIG_INVALID', `there is no ${layout.config} in this folder`, {
      hint: 'check out, in full, the branch that the controllers read; or name reroot’s directory with --directory. Without it: run `reroot init` and merge its pull request',
    })
  }
  const parsed = parseConfig(written, layout.config)
  const mesh = orError(() => readMeshRecord(required(files, layout.mesh), layout.mesh))
  if (mesh instanceof RerootError) {
    const more = parsed.clusters.map(({ name }) => orError(() => readCluster(files, layout.cluster(name), null)))
    throw asOne([mesh, ...more.filter((one) => one instanceof RerootError)])
  }
  const extraRoots = parsed.extraRoots.flatMap((path) => readRoots(files, path))
  const clusters = together(parsed.clusters.map((cluster) => () => loadCluster(files, layout, cluster, mesh, extraRoots)))
  return { files, layout, config: parsed, written, mesh, extraRoots, clusters }
}

function loadCluster(
  files: Files,
  layout: Layout,
  config: ClusterConfig,
  mesh: MeshRecord,
  extraRoots: readonly Certificate[],
): LoadedCluster {
  const own = layout.cluster(config.name)
  const { record, restarts } = readCluster(files, own, mesh)
  const text = rootBundleText(mesh, record.phase, extraRoots, record.adoptedRootBundle)
  const bundle = sha256(text)
  if (text === record.adoptedRootBundle) refuseOtherExtraRoots(config.name, own.record, text, mesh, extraRoots)
  if (bundle !== record.rootBundle) {
    const finding: Finding = {
      id: 'record/bundle',
      severity: 'error',
      place: { cluster: config.name, file: own.record },
      message: 'the trusted roots and the extra roots do not give the bundle of the record',
      expected: record.rootBundle,
      found: bundle,
      remedy: 'take mesh.yaml, record.yaml and the files of extraRoots back to where they were; extra roots cannot change after init',
    }
    throw new RerootError('RECORD_INVALID', `${own.record} does not fit the certificates`, { hint: finding.remedy, findings: [finding] })
  }
  return { config, layout: own, record, restarts }
}

/**
 * The bytes that were taken over hold the extra roots, whatever the configuration says; the next bundle holds those that it names.
 * @throws RerootError RECORD_INVALID if they are not the same: the next step would trust others than now, and nobody would have asked for it.
 */
function refuseOtherExtraRoots(cluster: string, file: string, bundle: string, mesh: MeshRecord, extraRoots: readonly Certificate[]): void {
  const adopted = mesh.generations[0]?.certificate
  const held = new Map(parseBundle(bundle).map((root) => [root.fingerprint, root.subject]))
  const named = new Map([...(adopted === undefined ? [] : [adopted]), ...extraRoots].map((root) => [root.fingerprint, root.subject]))
  const unnamed = [...held].flatMap(([fingerprint, subject]) => (named.has(fingerprint) ? [] : [`${subject} is not named`]))
  const unheld = [...named].flatMap(([fingerprint, subject]) => (held.has(fingerprint) ? [] : [`${subject} is not in the bundle`]))
  const [difference] = [...unnamed, ...unheld]
  if (difference === undefined) return
  const finding: Finding = {
    id: 'record/bundle',
    severity: 'error',
    place: { cluster, file },
    message: 'extraRoots are not those of the bundle that was taken over',
    expected: [...held.values()].join('; '),
    found: [...unnamed, ...unheld].join('; '),
    remedy: 'take extraRoots and their files back to what they were: they cannot change after init',
  }
  throw new RerootError('RECORD_INVALID', `${file} does not fit the certificates`, { hint: finding.remedy, findings: [finding] })
}

/** The files of one cluster. @param mesh `null`: it cannot be read itself. */
function readCluster(files: Files, own: ClusterLayout, mesh: MeshRecord | null): Pick<LoadedCluster, 'record' | 'restarts'> {
  const record = orError(() => readClusterRecord(required(files, own.record), own.record, mesh))
  const bytes = files.read(own.restarts)
  const known = record instanceof RerootError ? null : record
  const restarts = bytes === null ? null : orError(() => readRestartList(bytes, own.restarts, known))
  const errors = [record, restarts].filter((one) => one instanceof RerootError)
  if (record instanceof RerootError || restarts instanceof RerootError) throw asOne(errors)
  return { record, restarts }
}

function readRoots(files: Files, path: string): readonly Certificate[] {
  const bytes = files.read(path)
  if (bytes === null)
    throw new RerootError('CONFIG_INVALID', `extraRoots names ${path}, which does not exist`, {
      hint: 'correct extraRoots, or add the file',
    })
  return rootsIn(bytes, path)
}

/** The certificates of a PEM file of roots. @throws RerootError CONFIG_INVALID if it is anything else. */
export function rootsIn(bytes: Uint8Array, path: string): readonly Certificate[] {
  try {
    const roots = parseBundle(new TextDecoder().decode(bytes))
    if (roots.length > 0) return roots
    throw new TypeError('it holds no certificate')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new RerootError('CONFIG_INVALID', `${path} is not a file of root certificates: ${why}`, {
      hint: 'give a PEM file with nothing but certificates',
      cause,
    })
  }
}

function required(files: Files, path: string): Uint8Array {
  const bytes = files.read(path)
  if (bytes !== null) return bytes
  throw new RerootError('RECORD_INVALID', `${path} is missing`, {
    hint: `take it back from git history: \`git log --diff-filter=D -- ${path}\` names the commit that removed it`,
  })
}

/** Runs all, and throws one error with the problems of all that failed. */
function together<T>(tasks: readonly (() => T)[]): readonly T[] {
  const results: T[] = []
  const errors: RerootError[] = []
  for (const task of tasks) {
    const result = orError(task)
    if (result instanceof RerootError) errors.push(result)
    else results.push(result)
  }
  if (errors.length > 0) throw asOne(errors)
  return results
}

function orError<T>(task: () => T): T | RerootError {
  try {
    return task()
  } catch (error) {
    if (error instanceof RerootError) return error
    throw error
  }
}

/** One error with the problems of all. */
function asOne(errors: readonly RerootError[]): RerootError {
  const [first = never(), ...rest] = errors
  if (rest.length === 0) return first
  return new RerootError(first.code, errors.map((error) => error.message).join('; '), {
    hint: [...new Set(errors.map((error) => error.hint))].join('\n'),
    findings: errors.flatMap((error) => error.findings),
  })
}

function never(): never {
  throw new TypeError('there is no error to report')
}

/** What one cluster's controller applies. */
export function discoverCluster(loaded: Pick<Loaded, 'files' | 'layout' | 'config'>, cluster: Pick<LoadedCluster, 'config'>): Discovery {
  const discovery = discover(loaded.files, {
    name: cluster.config.name,
    paths: cluster.config.paths,
    controller: discoveredController(cluster.config.controller, loaded.config.git.branch),
    istio: { namespace: cluster.config.istio.namespace, revisions: cluster.config.istio.revisions },
    namespaces: new Map(cluster.config.namespaces.map(({ name, labels }) => [name, labels])),
    covered: { namespaces: loaded.config.restarts.namespaces, workloads: statedIds(cluster.config).map(([id]) => id) },
    ignore: `${loaded.layout.directory}/`,
  })
  return { ...discovery, workloads: [...statedWorkloads(discovery, cluster.config, loaded.layout.config), ...discovery.workloads] }
}

function discoveredController(controller: ClusterConfig['controller'], branch: string): DiscoveredController {
  if (controller.type === 'flux') return { type: 'flux', source: controller.source }
  const { namespace, repoURL, labels, destination } = controller
  return {
    type: 'argocd',
    namespace,
    repoURL,
    branch,
    labels,
    destination: { name: destination.name ?? null, server: destination.server ?? null },
  }
}

/** Workloads that `reroot.yaml` states, because nobody in this repository defines them; what Git shows counts more. */
function statedWorkloads(discovery: Discovery, cluster: ClusterConfig, file: string): readonly Workload[] {
  const known = new Set(discovery.workloads.map((workload) => formatWorkloadId(workload.id)))
  return statedIds(cluster).flatMap(([id, role, rule]): Workload[] => {
    if (known.has(formatWorkloadId(id))) return []
    const common = { hindrance: null, carried: null, syncWave: 0, replaced: false } as const
    const definition = { file, document: 0, line: 1 }
    return [{ id, cluster: cluster.name, role, rule, owner: { kind: 'elsewhere', controller: null }, definition, ...common }]
  })
}

function statedIds(cluster: ClusterConfig): readonly (readonly [WorkloadId, MeshRole, rule: string])[] {
  const { namespace, istiod } = cluster.istio
  return [
    ...istiod.map((name) => [{ kind: 'Deployment', namespace, name }, 'control-plane', 'clusters[].istio.istiod states it'] as const),
    ...cluster.workloads.flatMap(({ workload, role }) => {
      const id = parseWorkloadId(workload)
      return id === null ? [] : [[id, role, 'clusters[].workloads states it'] as const]
    }),
  ]
}

/** Findings of the configuration and of Istio's versions that stand against any rotation. */
export function meshFindings(loaded: Loaded): readonly Finding[] {
  return loaded.clusters.flatMap((cluster) => rotationHindrances(cluster.config, loaded.layout.config))
}
