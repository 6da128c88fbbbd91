import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cluster } from './cluster.ts'
import { defineAll } from './definitions.ts'
import { freePorts } from './ports.ts'
import { until } from './process.ts'
import type { Running } from './process.ts'

/** Flux in one cluster: the real source-controller and kustomize-controller. */
export interface Flux {
  /** Looks at the repository now, as `flux reconcile source git` does. */
  reconcile(): Promise<void>
  /** Tries one Kustomization again now, as `flux reconcile kustomization` does. */
  retry(name: string): Promise<void>
  /** Whether every Kustomization, or those named, is Ready at a commit. */
  isReady(commit: string, names?: readonly string[]): Promise<boolean>
  restart(): Promise<void>
}

/** Starts the controllers, whose namespace is `flux-system`. Nothing is synced yet. */
export async function startFlux(cluster: Cluster): Promise<Flux> {
  await cluster.kubectl(['create', 'namespace', 'flux-system'])
  const crds = [
    cluster.programs.asset('source-controller', 'crds'),
    cluster.programs.asset('kustomize-controller', 'crds'),
    cluster.programs.asset('source-controller', 'helm-crds'),
  ]
  for (const folder of crds) await defineAll(cluster, folder)
  const [storage, ...addresses] = (await freePorts(5)).map((port) => `127.0.0.1:${port}`) as [string, string, string, string, string]
  await mkdir(join(cluster.folder, 'artifacts'), { recursive: true })
  const start = (): readonly Running[] => [
    controller(cluster, 'source-controller', addresses.slice(0, 2), [
      `--storage-path=${join(cluster.folder, 'artifacts')}`,
      `--storage-addr=${storage}`,
      `--storage-adv-addr=${storage}`,
    ]),
    // Every 30 s by default; the order is the same, only the wait is shorter.
    controller(cluster, 'kustomize-controller', addresses.slice(2), ['--requeue-dependency=2s', '--no-remote-bases=true']),
  ]
  let running = start()
  return {
    reconcile: async () => request(cluster, 'gitrepository/flux-system'),
    retry: async (name) => request(cluster, `kustomization/${name}`),
    isReady: async (commit, names) => isReady(cluster, commit, names),
    async restart() {
      for (const one of running) await one.kill()
      running = start()
    },
  }
}

async function request(cluster: Cluster, object: string): Promise<void> {
  const at = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`
  await cluster.kubectl(['-n', 'flux-system', 'annotate', '--overwrite', object, at])
}

function controller(cluster: Cluster, name: string, [metrics = '', health = '']: readonly string[], more: readonly string[]): Running {
  return cluster.processes.start(
    name,
    cluster.programs.path(name),
    [
      ...['--enable-leader-election=false', '--watch-all-namespaces=true', '--log-level=info', '--events-addr='],
      ...[`--metrics-addr=${metrics}`, `--health-addr=${health}`, '--interval-jitter-percentage=0'],
      ...more,
    ],
    { env: { KUBECONFIG: cluster.kubeconfig, RUNTIME_NAMESPACE: 'flux-system', HOME: cluster.folder, TMPDIR: cluster.folder } },
  )
}

interface KustomizationStatus {
  readonly metadata: { readonly name: string; readonly generation: number }
  readonly status?: {
    readonly observedGeneration?: number
    readonly lastAppliedRevision?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
}

async function isReady(cluster: Cluster, commit: string, names?: readonly string[]): Promise<boolean> {
  const items = await cluster.list<KustomizationStatus>({ group: 'kustomize.toolkit.fluxcd.io', version: 'v1', plural: 'kustomizations' })
  const chosen = names === undefined ? items : items.filter(({ metadata }) => names.includes(metadata.name))
  return (
    chosen.length > 0 &&
    chosen.length >= (names?.length ?? 0) &&
    chosen.every(
      ({ metadata, status }) =>
        status?.observedGeneration === metadata.generation &&
        status.lastAppliedRevision?.endsWith(commit) === true &&
        status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true,
    )
  )
}

/** Waits for a commit to be applied by every Kustomization. */
export async function untilApplied(flux: Flux, commit: string, seconds: number, names?: readonly string[]): Promise<void> {
  await until(`Flux applies ${commit.slice(0, 10)}`, async () => flux.isReady(commit, names), { seconds, everyMilliseconds: 500 })
}
