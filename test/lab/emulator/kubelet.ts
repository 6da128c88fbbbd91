import { CoordinationV1Api, CoreV1Api, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node'
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import type { Cluster } from '../cluster.ts'
import { watch } from './watch.ts'

/** What a pod is for its kubelet. */
export interface PodWork {
  /** Resolves when the pod is ready to serve, or, for a Job's, when it has ended; `null`: it is stopped. */
  run(): Promise<'ready' | 'succeeded' | null>
  /** Told of by the work itself, after it was ready once. */
  stop(): Promise<void>
}

/** Tells whether a pod that is running is ready; for an istiod that restarts. */
export type SetReady = (ready: boolean, restarts?: number) => Promise<void>

export interface KubeletOptions {
  readonly workFor: (pod: V1Pod, setReady: SetReady) => PodWork
  /** From the start of a container until its probe is asked. */
  readonly startMilliseconds: number
  readonly signal: AbortSignal
}

const nodeName = 'emulated'

/**
 * The one node of a cluster, and its kubelet: runs what is scheduled, reports it, and lets go of what is deleted. kwok would report every pod as ready
 * at once; here a pod is ready when what it stands for is.
 */
export async function startKubelet(cluster: Cluster, options: KubeletOptions): Promise<void> {
  const core = cluster.config.makeApiClient(CoreV1Api)
  await registerNode(cluster, core, options.signal)
  const running = new Map<string, { readonly work: PodWork; ending: boolean }>()
  // What a pod stands for must not outlive the lab: its folder goes.
  options.signal.addEventListener('abort', () => {
    for (const { work } of running.values()) void work.stop()
  })
  const seen = (pod: V1Pod): void => {
    const uid = pod.metadata?.uid ?? ''
    const known = running.get(uid)
    if (pod.metadata?.deletionTimestamp !== undefined) {
      if (known === undefined || known.ending) {
        if (known === undefined && pod.spec?.nodeName === nodeName) void finalize(core, pod)
        return
      }
      known.ending = true
      void known.work
        .stop()
        .then(async () => finalize(core, pod))
        .then(() => running.delete(uid))
      return
    }
    if (known !== undefined || pod.spec?.nodeName !== nodeName || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed')
      return
    const report = new Reporter(core, pod)
    const work = options.workFor(pod, async (ready, restarts) => report.running(ready, restarts))
    running.set(uid, { work, ending: false })
    void runPod(work, report, options)
  }
  await watch<V1Pod>(
    cluster.config,
    '/api/v1/pods',
    async () => core.listPodForAllNamespaces(),
    options.signal,
    (pod, event) => {
      if (event !== 'delete') {
        seen(pod)
        return
      }
      const known = running.get(pod.metadata?.uid ?? '')
      running.delete(pod.metadata?.uid ?? '')
      if (known !== undefined && !known.ending) void known.work.stop()
    },
  )
}

async function runPod(work: PodWork, report: Reporter, { startMilliseconds }: KubeletOptions): Promise<void> {
  await report.running(false)
  await new Promise((resolve) => setTimeout(resolve, startMilliseconds))
  const outcome = await work.run()
  if (outcome === 'ready') await report.running(true)
  if (outcome === 'succeeded') await report.succeeded()
}

/** Writes a pod's status. */
class Reporter {
  static #addresses = 0
  readonly #core: CoreV1Api
  readonly #pod: V1Pod
  readonly #address: string
  readonly #startedAt = new Date()
  #writing: Promise<unknown> = Promise.resolve()

  constructor(core: CoreV1Api, pod: V1Pod) {
    this.#core = core
    this.#pod = pod
    Reporter.#addresses += 1
    this.#address = `10.244.${Reporter.#addresses >> 8}.${Reporter.#addresses & 255}`
  }

  async running(ready: boolean, restarts = 0): Promise<void> {
    await this.#write('Running', ready, restarts, { running: { startedAt: this.#startedAt } })
  }

  async succeeded(): Promise<void> {
    const finishedAt = new Date()
    await this.#write('Succeeded', false, 0, {
      terminated: { exitCode: 0, reason: 'Completed', startedAt: this.#startedAt, finishedAt },
    })
  }

  async #write(phase: string, ready: boolean, restartCount: number, state: V1ContainerStatus['state']): Promise<void> {
    const { metadata, spec } = this.#pod
    const status = (name: string, image = ''): V1ContainerStatus => ({
      ...{ name, image, imageID: '', ready, started: true, restartCount },
      ...(state === undefined ? {} : { state }),
    })
    const condition = (type: string, holds: boolean): object => ({
      ...{ type, status: holds ? 'True' : 'False', lastTransitionTime: new Date() },
      ...(phase === 'Succeeded' && !holds ? { reason: 'PodCompleted' } : {}),
    })
    const body = {
      status: {
        phase,
        hostIP: '10.0.0.1',
        podIP: this.#address,
        podIPs: [{ ip: this.#address }],
        startTime: this.#startedAt,
        conditions: [condition('Initialized', true), condition('ContainersReady', ready), condition('Ready', ready)],
        containerStatuses: (spec?.containers ?? []).map(({ name, image }) => status(name, image)),
      },
    }
    // In order: a later word must not be overtaken by an earlier one.
    const to = { name: metadata?.name ?? '', namespace: metadata?.namespace ?? '', body }
    const before = this.#writing
    this.#writing = (async () => {
      await before
      await retrying(async () => this.#core.patchNamespacedPodStatus(to, strategicMerge))
    })()
    await this.#writing
  }
}

export const strategicMerge = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch)

/** Lets go of a pod that was deleted. */
async function finalize(core: CoreV1Api, pod: V1Pod): Promise<void> {
  const { name = '', namespace = '', uid } = pod.metadata ?? {}
  const body = { gracePeriodSeconds: 0, preconditions: uid === undefined ? {} : { uid } }
  await retrying(async () => core.deleteNamespacedPod({ name, namespace, body }))
}

/** Again while the API server is away; an object that is gone is no matter. */
async function retrying(act: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    try {
      await act()
      return
    } catch (error) {
      const code = (error as { readonly code?: unknown }).code
      if (code === 404 || code === 409) return
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

async function registerNode(cluster: Cluster, core: CoreV1Api, signal: AbortSignal): Promise<void> {
  const room = { cpu: '1000', memory: '1000Gi', pods: '5000', 'ephemeral-storage': '1000Gi' }
  await core.createNode({
    body: {
      metadata: {
        name: nodeName,
        labels: {
          ...{ 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': nodeName },
          ...{ 'topology.kubernetes.io/zone': 'a', 'topology.kubernetes.io/region': 'lab' },
        },
      },
    },
  })
  const leases = cluster.config.makeApiClient(CoordinationV1Api)
  const heartbeat = async (): Promise<void> => {
    const now = new Date()
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '', lastHeartbeatTime: now }]
    await core
      .patchNodeStatus({ name: nodeName, body: { status: { allocatable: room, capacity: room, conditions } } }, strategicMerge)
      .catch(() => undefined)
    const lease = {
      metadata: { name: nodeName, namespace: 'kube-node-lease' },
      spec: { holderIdentity: nodeName, leaseDurationSeconds: 40, renewTime: micro(now) },
    }
    const at = { name: nodeName, namespace: 'kube-node-lease' }
    await leases
      .patchNamespacedLease(
        { ...at, body: lease, fieldManager: 'kubelet', force: true },
        setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
      )
      .catch(() => undefined)
  }
  await heartbeat()
  await core.patchNode({ name: nodeName, body: { spec: { taints: null } } }, setHeaderOptions('Content-Type', PatchStrategy.MergePatch))
  const timer = setInterval(() => void heartbeat(), 10_000)
  signal.addEventListener('abort', () => clearInterval(timer))
}

/** A MicroTime. */
function micro(date: Date): never {
  return date.toISOString().replace('Z', '000Z') as never
}
