import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Reader } from '../support/example.ts'
import { installKsops } from '../support/ksops.ts'
import type { Cluster } from './cluster.ts'
import { defineAll } from './definitions.ts'
import { freePorts } from './ports.ts'
import type { Running } from './process.ts'

/** Argo CD: the real application controller, ApplicationSet controller and repo-server. */
export interface Argocd {
  /** Looks at the repository now, as a webhook of the forge would make it do. */
  refresh(): Promise<void>
  /** Whether Applications (all, if none is named) are Synced at the commit, Healthy, and at rest. */
  isReady(commit: string, names?: readonly string[]): Promise<boolean>
  /** Every Application, a line each, for messages. */
  describe(): Promise<string>
  /** Phase of the last operation of an Application: `Running`, `Succeeded`, `Failed`, `Error`. */
  phase(name: string): Promise<string>
  /** As `argocd app sync NAME --prune` does; of some of its objects, with `--resource`. */
  sync(name: string, resources?: readonly object[]): Promise<void>
  /** The controllers are killed, and started again. */
  restart(): Promise<void>
}

/** Starts Argo CD in one cluster, which also is the one that it calls by its built-in address, and registers clusters with it by name. */
export async function startArgocd(hub: Cluster, clusters: readonly Cluster[], unseals: Reader): Promise<Argocd> {
  const folder = join(hub.folder, 'argocd')
  installKsops(join(folder, 'bin'))
  await defineAll(hub, hub.programs.asset('argocd', 'crds'))
  await hub.kubectl(['create', 'namespace', 'argocd'])
  await hub.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: await settings(hub, clusters) }))

  const [redis, repo, ...others] = (await freePorts(9)) as [number, number, ...number[]]
  const env = {
    KUBECONFIG: hub.kubeconfig,
    HOME: folder,
    TMPDIR: folder,
    XDG_CONFIG_HOME: folder,
    PATH: [join(folder, 'bin'), ...hub.programs.folders, process.env['PATH'] ?? ''].join(':'),
    SOPS_AGE_KEY_FILE: unseals.file,
    ARGOCD_GPG_ENABLED: 'false',
    ARGOCD_FAKE_IN_CLUSTER: 'true',
    REDIS_SERVER: `127.0.0.1:${redis}`,
    // Every 2 s by default: nothing here is stale for so long.
    ARGOCD_SYNC_WAVE_DELAY: '1',
  }
  const start = (program: string, args: readonly string[]): Running =>
    hub.processes.start(program, hub.programs.path(program), args, { env })
  hub.processes.start('redis', 'redis-server', ['--port', String(redis), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'])
  const at = (index: number): string => `127.0.0.1:${others[index]}`
  start('argocd-repo-server', [
    '--disable-tls',
    '--port',
    String(repo),
    '--address',
    '127.0.0.1',
    '--metrics-port',
    String(others[0]),
    '--metrics-address',
    '127.0.0.1',
    '--redis',
    `127.0.0.1:${redis}`,
  ])
  const server = ['--repo-server', `127.0.0.1:${repo}`, '--repo-server-plaintext', '--redis', `127.0.0.1:${redis}`]
  const controllers = (): readonly Running[] => [
    start('argocd-application-controller', [
      ...server,
      '--namespace',
      'argocd',
      '--kubeconfig',
      hub.kubeconfig,
      '--metrics-port',
      String(others[1]),
      '--status-processors',
      '4',
      '--operation-processors',
      '4',
    ]),
    start('argocd-applicationset-controller', [
      ...['--argocd-repo-server', `127.0.0.1:${repo}`, '--repo-server-plaintext', '--namespace', 'argocd', '--kubeconfig', hub.kubeconfig],
      ...['--metrics-addr', at(2), '--probe-addr', at(3), '--webhook-addr', at(4), '--enable-leader-election=false'],
    ]),
  ]
  let running = controllers()
  return {
    refresh: async () => {
      const named = (await applications(hub)).filter(readsRepository).map(({ metadata }) => `applications.argoproj.io/${metadata.name}`)
      if (named.length > 0) await hub.kubectl(['-n', 'argocd', 'annotate', '--overwrite', ...named, 'argocd.argoproj.io/refresh=normal'])
      await hub.kubectl([
        '-n',
        'argocd',
        'annotate',
        '--overwrite',
        'applicationsets.argoproj.io',
        '--all',
        'argocd.argoproj.io/application-set-refresh=true',
      ])
    },
    isReady: async (commit, names) => isReady(await applications(hub), commit, names),
    async describe() {
      const lines = (await applications(hub)).map(
        ({ metadata, status }) =>
          `${metadata.name} ${status?.sync?.status} ${status?.health?.status} ${status?.sync?.revision?.slice(0, 8)} ${status?.operationState?.phase}: ${status?.operationState?.message ?? ''} ${JSON.stringify(status?.conditions ?? [])}`,
      )
      return lines.join('\n')
    },
    async phase(name) {
      const found = (await applications(hub)).find(({ metadata }) => metadata.name === name)
      return found?.status?.operationState?.phase ?? ''
    },
    async sync(name, resources) {
      const operation = { sync: { prune: true, ...(resources === undefined ? {} : { resources }) }, retry: { limit: 0 } }
      await hub.kubectl(['-n', 'argocd', 'patch', `application/${name}`, '--type=merge', '-p', JSON.stringify({ operation })])
    },
    async restart() {
      for (const one of running) await one.kill()
      running = controllers()
    },
  }
}

interface ApplicationSource {
  readonly chart?: string
}

interface ApplicationStatus {
  readonly metadata: { readonly name: string }
  readonly operation?: object
  readonly spec: { readonly source?: ApplicationSource; readonly sources?: readonly ApplicationSource[] }
  readonly status?: {
    readonly sync?: { readonly status?: string; readonly revision?: string; readonly revisions?: readonly string[] }
    readonly health?: { readonly status?: string }
    readonly operationState?: { readonly phase?: string; readonly message?: string }
    readonly conditions?: readonly object[]
  }
}

async function applications(hub: Cluster): Promise<readonly ApplicationStatus[]> {
  return hub.list<ApplicationStatus>({ group: 'argoproj.io', version: 'v1alpha1', plural: 'applications' })
}

/** A push concerns only who reads the repository, not who only installs a chart. */
function readsRepository({ spec }: ApplicationStatus): boolean {
  return [...(spec.sources ?? []), ...(spec.source === undefined ? [] : [spec.source])].some(({ chart }) => chart === undefined)
}

function isReady(all: readonly ApplicationStatus[], commit: string, names?: readonly string[]): boolean {
  const chosen = names === undefined ? all : all.filter(({ metadata }) => names.includes(metadata.name))
  return (
    chosen.length > 0 &&
    chosen.length >= (names?.length ?? 0) &&
    chosen.every(({ operation, spec, status }) => {
      const revisions = [status?.sync?.revision, ...(status?.sync?.revisions ?? [])]
      const current = spec.source?.chart !== undefined || revisions.includes(commit)
      const rests = operation === undefined && status?.operationState?.phase !== 'Running'
      return current && rests && status?.sync?.status === 'Synced' && status.health?.status === 'Healthy'
    })
  )
}

async function settings(hub: Cluster, clusters: readonly Cluster[]): Promise<readonly object[]> {
  // As it is installed: what it does not watch, and which changes are none to it.
  const installed = parse(await readFile(join(hub.programs.asset('argocd', 'config'), 'argocd-cm.yaml'), 'utf8')) as {
    readonly data: object
  }
  const labels = { 'app.kubernetes.io/part-of': 'argocd' }
  const configMap = (name: string, data: object = {}): object => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'argocd', labels }, data },
  })
  const secret = (name: string, stringData: object, more: object = labels): object => ({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'argocd', labels: more }, stringData },
  })
  return [
    configMap('argocd-cm', {
      ...installed.data,
      // Its default. Whoever pushes lets it look at once, as a webhook would.
      'timeout.reconciliation': '180s',
      'timeout.reconciliation.jitter': '0s',
      'kustomize.buildOptions': '--enable-alpha-plugins --enable-exec',
    }),
    ...['argocd-rbac-cm', 'argocd-gpg-keys-cm', 'argocd-ssh-known-hosts-cm', 'argocd-tls-certs-cm', 'argocd-cmd-params-cm'].map((name) =>
      configMap(name),
    ),
    secret('argocd-secret', { 'server.secretkey': 'not used: nobody logs in' }),
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'default', namespace: 'argocd' },
      spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }], clusterResourceWhitelist: [{ group: '*', kind: '*' }] },
    },
    ...clusters.map(({ name, server, token }) =>
      secret(
        `cluster-${name}`,
        { name, server, config: JSON.stringify({ bearerToken: token, tlsClientConfig: { insecure: true } }) },
        { 'argocd.argoproj.io/secret-type': 'cluster' },
      ),
    ),
  ]
}
