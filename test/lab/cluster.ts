import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CustomObjectsApi, KubeConfig } from '@kubernetes/client-node'
import { execa } from 'execa'
import { freePorts } from './ports.ts'
import { goSettings, ProcessGroup, until } from './process.ts'
import type { Running } from './process.ts'
import type { Programs } from './programs/build.ts'

/** A control plane without nodes: etcd, API server, controllers, scheduler. */
export interface Cluster {
  readonly name: string
  readonly folder: string
  readonly server: string
  /** Of `system:masters`. */
  readonly token: string
  readonly kubeconfig: string
  readonly config: KubeConfig
  readonly processes: ProcessGroup
  readonly programs: Programs
  /** kubectl as the administrator. @throws with stderr. */
  kubectl(args: readonly string[], input?: string): Promise<string>
  /** Custom resources of one kind, in all namespaces. Asked again and again, and so without a process for each time. */
  list<T>(kind: { readonly group: string; readonly version: string; readonly plural: string }): Promise<readonly T[]>
  /** Stops the API server as a crash would, and starts it again on the same port. */
  restartApiServer(): Promise<void>
  stop(): Promise<void>
}

/** Starts a cluster on loopback; ready in a few seconds. */
export async function startCluster(programs: Programs, parent: string, name: string): Promise<Cluster> {
  const folder = join(parent, name)
  await mkdir(join(folder, 'pki'), { recursive: true })
  const processes = new ProcessGroup(folder)
  const [client, peer, secure] = (await freePorts(3)) as readonly [number, number, number]
  const token = randomBytes(16).toString('hex')
  const server = `https://127.0.0.1:${secure}`
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigText(name, server, token), { mode: 0o600 })
  await writeKeys(folder, token)

  const etcd = startEtcd(processes, programs, folder, client, peer)
  await until('etcd', async () => (await fetch(`http://127.0.0.1:${client}/health`)).ok, { seconds: 20, of: etcd })
  const startApi = (): Running => startApiServer(processes, programs, folder, client, secure)
  let api = startApi()
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const custom = config.makeApiClient(CustomObjectsApi)
  const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
    const { stdout } = await execa(programs.path('kubectl'), args, {
      env: { ...goSettings, KUBECONFIG: kubeconfig, HOME: folder },
      ...(input === undefined ? {} : { input }),
    })
    return stdout
  }
  const ready = async (): Promise<boolean> => (await kubectl(['get', '--raw', '/readyz'])) === 'ok'
  await until('the API server', ready, { seconds: 30, everyMilliseconds: 500, of: api })
  startControllers(processes, programs, folder, kubeconfig)
  return {
    name,
    folder,
    server,
    token,
    kubeconfig,
    config,
    processes,
    programs,
    kubectl,
    async list<T>(kind: { readonly group: string; readonly version: string; readonly plural: string }) {
      const { items } = (await custom.listClusterCustomObject(kind)) as { readonly items: readonly T[] }
      return items
    },
    async restartApiServer() {
      await api.kill()
      api = startApi()
      // Beside three scenarios it may take a while.
      await until('the API server', ready, { seconds: 120, of: api })
    },
    stop: async () => processes.stopAll(),
  }
}

async function writeKeys(folder: string, token: string): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  await writeFile(join(folder, 'pki/sa.key'), privateKey, { mode: 0o600 })
  await writeFile(join(folder, 'pki/sa.pub'), publicKey)
  await writeFile(join(folder, 'pki/tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 })
}

function startEtcd(processes: ProcessGroup, programs: Programs, folder: string, client: number, peer: number): Running {
  const [clients, peers] = [client, peer].map((port) => `http://127.0.0.1:${port}`) as [string, string]
  return processes.start('etcd', programs.path('etcd'), [
    ...['--data-dir', join(folder, 'etcd')],
    ...['--listen-client-urls', clients, '--advertise-client-urls', clients],
    ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `default=${peers}`],
    '--unsafe-no-fsync',
  ])
}

function startApiServer(processes: ProcessGroup, programs: Programs, folder: string, etcd: number, port: number): Running {
  return processes.start('kube-apiserver', programs.path('kube-apiserver'), [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    ...[`--secure-port=${port}`, '--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none'],
    `--cert-dir=${join(folder, 'pki/apiserver')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    ...[`--service-account-key-file=${join(folder, 'pki/sa.pub')}`, `--service-account-signing-key-file=${join(folder, 'pki/sa.key')}`],
    // istiod asks whether a token is for this audience.
    '--api-audiences=https://kubernetes.default.svc,istio-ca',
    ...[`--token-auth-file=${join(folder, 'pki/tokens.csv')}`, '--authorization-mode=RBAC'],
    ...['--service-cluster-ip-range=10.0.0.0/20', '--allow-privileged=true', '--enable-priority-and-fairness=false'],
    // No pod is reached by a network, so no webhook of a chart could answer; the emulator mounts tokens itself.
    '--disable-admission-plugins=ServiceAccount,MutatingAdmissionWebhook,ValidatingAdmissionWebhook',
  ])
}

function startControllers(processes: ProcessGroup, programs: Programs, folder: string, kubeconfig: string): void {
  const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0']
  processes.start('kube-controller-manager', programs.path('kube-controller-manager'), [
    ...common,
    `--service-account-private-key-file=${join(folder, 'pki/sa.key')}`,
    '--use-service-account-credentials=false',
    '--controllers=*,-nodeipam,-node-route-controller,-cloud-node-lifecycle-controller,-service-lb-controller,' +
      // Pods have no addresses that anybody calls.
      '-endpoints-controller,-endpointslice-controller,-endpointslice-mirroring-controller',
  ])
  processes.start('kube-scheduler', programs.path('kube-scheduler'), [
    ...common,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    // It may look at a pod just before its claim is bound, and miss that: then it would look again in five minutes.
    '--pod-max-in-unschedulable-pods-duration=5s',
  ])
}

/** A kubeconfig for one user. The API server's certificate is its own, made anew at each start on this machine's loopback address. */
export function kubeconfigText(name: string, server: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  })
}
