import { setMaxListeners } from 'node:events'
import { CoreV1Api } from '@kubernetes/client-node'
import type { V1ConfigMap, V1Namespace, V1Pod, V1Secret } from '@kubernetes/client-node'
import type { Cluster } from '../cluster.ts'
import { startCloud } from './cloud.ts'
import { Containers } from './containers.ts'
import type { Handshakes } from './handshakes.ts'
import { Istiod } from './istiod.ts'
import { startKubelet } from './kubelet.ts'
import type { PodWork, SetReady } from './kubelet.ts'
import { isIstiod, isMeshed } from './meshed.ts'
import { Proxy } from './proxy.ts'
import type { ProxyState, ProxyWorld } from './proxy.ts'
import { watch } from './watch.ts'

export interface MeshOptions {
  /** How long the kubelet takes to bring a changed Secret into a running istiod, the nth that has started (from 0). */
  readonly projectionMilliseconds?: (nth: number) => number
  /** From the start of a pod until it may be ready. */
  readonly startMilliseconds?: number
  readonly certificateHours?: number
  readonly renews?: boolean
}

/** One cluster's mesh: real istiods, and proxies that talk to each other all the time. */
export interface Mesh {
  readonly proxies: () => readonly ProxyState[]
  readonly istiods: () => readonly Istiod[]
  /** Requests for certificates that failed, with the reason. */
  readonly refused: () => readonly string[]
  /** Pods of reroot's Jobs that start from now on do nothing yet, as on a node that has to pull an image. @returns what lets them go on. */
  holdJobs(): () => void
  stop(): void
}

/** Runs the pods of a cluster, as README.md has it. */
export async function startMesh(cluster: Cluster, handshakes: Handshakes, options: MeshOptions = {}): Promise<Mesh> {
  const stopping = new AbortController()
  const { signal } = stopping
  // One for each watch.
  setMaxListeners(0, signal)
  const core = cluster.config.makeApiClient(CoreV1Api)
  const istiods = new Map<string, Istiod>()
  const proxies = new Map<string, Proxy>()
  const refused: string[] = []
  let started = 0
  let jobsHeld: Promise<void> = Promise.resolve()
  const namespaces = await watch<V1Namespace>(cluster.config, '/api/v1/namespaces', async () => core.listNamespace(), signal)
  const roots = await watch<V1ConfigMap>(
    cluster.config,
    '/api/v1/configmaps?fieldSelector=metadata.name%3Distio-ca-root-cert',
    async () => core.listConfigMapForAllNamespaces({ fieldSelector: 'metadata.name=istio-ca-root-cert' }),
    signal,
  )
  const secrets = await watch<V1Secret>(
    cluster.config,
    '/api/v1/secrets?fieldSelector=metadata.name%3Dcacerts',
    async () => core.listSecretForAllNamespaces({ fieldSelector: 'metadata.name=cacerts' }),
    signal,
    (secret, event) => {
      if (event === 'delete') return
      for (const istiod of istiods.values())
        if (istiod.pod.metadata?.namespace === secret.metadata?.namespace)
          setTimeout(() => void istiod.project(secret), options.projectionMilliseconds?.(istiod.nth) ?? 0)
    },
  )
  const world: ProxyWorld = {
    mountedRoots: (namespace) => roots.get('istio-ca-root-cert', namespace)?.data?.['root-cert.pem'] ?? null,
    anyIstiod() {
      const ready = [...istiods.values()].filter((istiod) => istiod.ready)
      return ready[Math.floor(Math.random() * ready.length)]?.address ?? null
    },
    token: async (pod) => token(core, pod, ['istio-ca']),
    certificateHours: options.certificateHours ?? 24,
    renews: options.renews ?? false,
  }
  const workFor = (pod: V1Pod, setReady: SetReady): PodWork => {
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {}
    if (pod.metadata?.ownerReferences?.some(({ kind }) => kind === 'Job') === true) return jobWork(cluster, core, pod, jobsHeld)
    if (isUnpullable(pod)) return nothing(null)
    if (isIstiod(pod)) {
      const istiod = new Istiod(cluster, pod, started++)
      istiods.set(uid, istiod)
      return istiodWork(
        istiod,
        () => secrets.get('cacerts', namespace) ?? null,
        setReady,
        () => istiods.delete(uid),
      )
    }
    if (!isMeshed(pod, namespaces.get(namespace)?.metadata?.labels ?? {})) return nothing('ready')
    const id = `${cluster.name}/${namespace}/${name}`
    const proxy = new Proxy(pod, world, ({ identity }) => identity !== null && handshakes.set(id, identity))
    proxies.set(uid, proxy)
    return {
      async run() {
        await proxy.start()
        return proxy.identity === null ? null : 'ready'
      },
      stop() {
        proxy.stop()
        handshakes.remove(id)
        proxies.delete(uid)
        refused.push(...proxy.failures)
        return Promise.resolve()
      },
    }
  }
  await startCloud(cluster, signal)
  await startKubelet(cluster, { workFor, startMilliseconds: options.startMilliseconds ?? 200, signal })
  return {
    proxies: () => [...proxies.values()].map((proxy) => proxy.state()),
    istiods: () => [...istiods.values()],
    refused: () => [...refused, ...[...proxies.values()].flatMap(({ failures }) => failures)],
    holdJobs() {
      let release = (): void => undefined
      jobsHeld = new Promise((resolve) => (release = resolve))
      return release
    },
    stop: () => stopping.abort(),
  }
}

/** A pod in which nothing happens. */
function nothing(outcome: 'ready' | 'succeeded' | null): PodWork {
  return { run: () => Promise.resolve(outcome), stop: () => Promise.resolve() }
}

/** reroot's Jobs are run for real; others end at once. */
function jobWork(cluster: Cluster, core: CoreV1Api, pod: V1Pod, held: Promise<void>): PodWork {
  if (pod.metadata?.labels?.['app.kubernetes.io/managed-by'] !== 'reroot') return nothing('succeeded')
  const containers = new Containers(cluster, core, pod)
  return {
    async run() {
      await held
      const outcome = await containers.run(await token(core, pod, []))
      return outcome === 'succeeded' ? outcome : null
    },
    stop() {
      containers.stop()
      return Promise.resolve()
    },
  }
}

function istiodWork(istiod: Istiod, secret: () => V1Secret | null, setReady: SetReady, gone: () => void): PodWork {
  return {
    async run() {
      await istiod.start(secret(), () => void setReady(istiod.ready, istiod.restarts))
      return null
    },
    async stop() {
      gone()
      await istiod.stop()
    },
  }
}

/** An image of this tag stands for one that cannot be pulled. */
function isUnpullable(pod: V1Pod): boolean {
  return pod.spec?.containers.some(({ image }) => image?.endsWith(':cannot-be-pulled') === true) === true
}

async function token(core: CoreV1Api, pod: V1Pod, audiences: string[]): Promise<string> {
  const { status } = await core.createNamespacedServiceAccountToken({
    name: pod.spec?.serviceAccountName ?? 'default',
    namespace: pod.metadata?.namespace ?? '',
    body: { spec: { audiences, expirationSeconds: 3600 } },
  })
  if (status === undefined) throw new Error(`no token for ${pod.metadata?.namespace}/${pod.metadata?.name}`)
  return status.token
}
