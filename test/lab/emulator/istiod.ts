import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { V1Pod, V1Secret } from '@kubernetes/client-node'
import { kubeconfigText } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import { freePorts } from '../ports.ts'
import type { Running } from '../process.ts'
import { Projection } from './projection.ts'

/** A real istiod, run for one pod. */
export class Istiod {
  readonly pod: V1Pod
  /** How many istiods have started before it in this cluster. */
  readonly nth: number
  /** Where it signs: the secure gRPC address. */
  address = ''
  ready = false
  restarts = 0
  readonly #cluster: Cluster
  readonly #projection: Projection
  readonly #folder: string
  #process: Running | null = null
  #stopped = false
  #writing: Promise<void> = Promise.resolve()

  constructor(cluster: Cluster, pod: V1Pod, nth: number) {
    this.#cluster = cluster
    this.pod = pod
    this.nth = nth
    this.#folder = join(cluster.folder, 'pods', `${pod.metadata?.name}`)
    this.#projection = new Projection(join(this.#folder, 'cacerts'))
  }

  /** Mounts the Secret as it is now, or nothing (`optional: true`), and runs istiod until `stop`; `changed` is told of each change of readiness. */
  async start(secret: V1Secret | null, changed: () => void): Promise<void> {
    await mkdir(join(this.#folder, 'cacerts'), { recursive: true })
    await writeFile(join(this.#folder, 'kubeconfig'), kubeconfigText('lab', this.#cluster.server, this.#cluster.token), { mode: 0o600 })
    if (secret !== null) await this.project(secret)
    void this.#runForEver(changed).catch((error: unknown) => {
      if (!this.#stopped) throw error
    })
  }

  /** The kubelet brings a changed Secret into the running pod. One that is deleted stays mounted as it was. */
  async project(secret: V1Secret): Promise<void> {
    const files = Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]))
    // A pod that has ended has no folder any more.
    this.#writing = this.#writing.then(async () => (this.#stopped ? undefined : this.#projection.write(files)))
    await this.#writing
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.ready = false
    await this.#process?.stop()
  }

  /** SIGKILL: the container restarts, and the pod stays. */
  async kill(): Promise<void> {
    await this.#process?.kill()
  }

  async #runForEver(changed: () => void): Promise<void> {
    while (!this.#stopped) {
      const { running, health } = await this.#run()
      const gone = new AbortController()
      void running.ended.then(() => gone.abort())
      await this.#watchHealth(health, gone.signal, changed)
      this.restarts += 1
      // As the kubelet's back-off, but shorter.
      if (gone.signal.aborted) await sleep(Math.min(250 * 2 ** this.restarts, 5000))
    }
  }

  async #run(): Promise<{ readonly running: Running; readonly health: string }> {
    const [http, grpc, secure, https, monitoring] = (await freePorts(5)) as readonly [number, number, number, number, number]
    const at = (port: number): string => `127.0.0.1:${port}`
    this.address = at(secure)
    const running = this.#cluster.processes.start(
      `pod-${this.pod.metadata?.name}`,
      this.#cluster.programs.path('pilot-discovery'),
      [
        'discovery',
        ...[
          '--kubeconfig',
          join(this.#folder, 'kubeconfig'),
          '--clusterID',
          'Kubernetes',
          '-n',
          'istio-system',
          '--shutdownDuration',
          '0s',
        ],
        ...['--httpAddr', at(http), '--grpcAddr', at(grpc), '--secureGRPCAddr', at(secure), '--httpsAddr', at(https)],
        ...['--monitoringAddr', at(monitoring)],
      ],
      {
        cwd: this.#folder,
        env: {
          ROOT_CA_DIR: this.#projection.folder,
          POD_NAMESPACE: 'istio-system',
          POD_NAME: this.pod.metadata?.name ?? '',
          INJECT_ENABLED: 'false',
          ...plainEnvironment(this.pod),
        },
      },
    )
    this.#process = running
    return { running, health: `http://${at(http)}/ready` }
  }

  async #watchHealth(health: string, gone: AbortSignal, changed: () => void): Promise<void> {
    while (!gone.aborted && !this.#stopped) {
      const ready = await fetch(health, { signal: AbortSignal.timeout(2000) }).then(
        (answer) => answer.ok,
        () => false,
      )
      this.#become(ready && !gone.aborted, changed)
      await sleep(ready ? 1000 : 200)
    }
    this.#become(false, changed)
  }

  #become(ready: boolean, changed: () => void): void {
    if (ready === this.ready || this.#stopped) return
    this.ready = ready
    changed()
  }
}

/** Variables that the chart sets and that decide how istiod treats its CA. */
function plainEnvironment(pod: V1Pod): Record<string, string> {
  const env = pod.spec?.containers[0]?.env ?? []
  const wanted = /^(ISTIO_MULTIROOT_MESH|REVISION|DEFAULT_WORKLOAD_CERT_TTL|MAX_WORKLOAD_CERT_TTL|TRUST_DOMAIN)$/
  return Object.fromEntries(
    env.filter(({ name, value }) => wanted.test(name) && value !== undefined).map(({ name, value }) => [name, value ?? '']),
  )
}

async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
}
