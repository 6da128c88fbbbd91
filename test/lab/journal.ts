import { AppsV1Api, BatchV1Api, CoreV1Api } from '@kubernetes/client-node'
import type { V1ConfigMap, V1DaemonSet, V1Deployment, V1Job, V1Pod, V1Secret, V1StatefulSet } from '@kubernetes/client-node'
import type { Cluster } from './cluster.ts'
import { watch } from './emulator/watch.ts'
import { until } from './process.ts'

/** Something that a rotation changes in a cluster, when it was seen. */
export interface Entry {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly what: 'secret' | 'roots' | 'restart' | 'pod' | 'job-started' | 'job-complete'
  /** `Deployment/shop/cart`, a namespace, a Job's name. */
  readonly object: string
  /** The restart id, how many certificates the roots are, the state of the Secret, the name of a new pod of the workload. */
  readonly value: string
}

/** What watches saw, in their order. Between two watches there may be some milliseconds of doubt; waves are seconds apart. */
export interface Journal {
  readonly entries: readonly Entry[]
}

type Workload = V1Deployment | V1StatefulSet | V1DaemonSet

/** Writes down what happens to the Secret, to roots, to workloads and to reroot's Jobs. */
export async function keepJournal(cluster: Cluster, signal: AbortSignal): Promise<Journal> {
  const entries: Entry[] = []
  const last = new Map<string, string>()
  const pods = new Set<string>()
  const note = (what: Entry['what'], object: string, value: string): void => {
    const key = `${what} ${object}`
    // What never had a value is of no interest; what loses it is.
    if ((last.get(key) ?? '') === value) return
    last.set(key, value)
    entries.push({ at: Date.now(), what, object, value })
  }
  const { config } = cluster
  const core = config.makeApiClient(CoreV1Api)
  const apps = config.makeApiClient(AppsV1Api)
  const batch = config.makeApiClient(BatchV1Api)
  const named = (name: string): { readonly fieldSelector: string } => ({ fieldSelector: `metadata.name=${name}` })
  await watch<V1Secret>(
    config,
    '/api/v1/secrets?fieldSelector=metadata.name%3Dcacerts',
    async () => core.listSecretForAllNamespaces(named('cacerts')),
    signal,
    (secret, event) => {
      if (event === 'delete') note('secret', secret.metadata?.namespace ?? '', 'deleted')
      else note('secret', secret.metadata?.namespace ?? '', secret.metadata?.annotations?.['reroot.dev/state'] ?? 'by hand')
    },
  )
  await watch<V1ConfigMap>(
    config,
    '/api/v1/configmaps?fieldSelector=metadata.name%3Distio-ca-root-cert',
    async () => core.listConfigMapForAllNamespaces(named('istio-ca-root-cert')),
    signal,
    ({ metadata, data }) => note('roots', metadata?.namespace ?? '', String(data?.['root-cert.pem']?.match(/BEGIN CERT/g)?.length ?? 0)),
  )
  const restarted =
    (kind: string) =>
    (workload: Workload): void =>
      note(
        'restart',
        `${kind}/${workload.metadata?.namespace}/${workload.metadata?.name}`,
        workload.spec?.template.metadata?.annotations?.['reroot.dev/rotation'] ?? '',
      )
  await watch<V1Deployment>(
    config,
    '/apis/apps/v1/deployments',
    async () => apps.listDeploymentForAllNamespaces(),
    signal,
    restarted('Deployment'),
  )
  await watch<V1StatefulSet>(
    config,
    '/apis/apps/v1/statefulsets',
    async () => apps.listStatefulSetForAllNamespaces(),
    signal,
    restarted('StatefulSet'),
  )
  await watch<V1DaemonSet>(
    config,
    '/apis/apps/v1/daemonsets',
    async () => apps.listDaemonSetForAllNamespaces(),
    signal,
    restarted('DaemonSet'),
  )
  await watch<V1Pod>(
    config,
    '/api/v1/pods',
    async () => core.listPodForAllNamespaces(),
    signal,
    (pod, event) => {
      const workload = workloadOf(pod)
      // A pod is new once; its uid is no other's.
      if (event === 'add' && workload !== null && !pods.has(pod.metadata?.uid ?? '')) {
        pods.add(pod.metadata?.uid ?? '')
        entries.push({ at: Date.now(), what: 'pod', object: workload, value: pod.metadata?.name ?? '' })
      }
    },
  )
  await watch<V1Job>(
    config,
    '/apis/batch/v1/jobs',
    async () => batch.listJobForAllNamespaces(),
    signal,
    ({ metadata, status }) => {
      if (metadata?.labels?.['app.kubernetes.io/managed-by'] !== 'reroot') return
      note('job-started', metadata.name ?? '', 'started')
      if ((status?.succeeded ?? 0) > 0) note('job-complete', metadata.name ?? '', 'complete')
    },
  )
  return { entries }
}

/** `Deployment/shop/cart` of one of its pods; `null` for a Job's. */
function workloadOf({ metadata }: V1Pod): string | null {
  const [owner] = metadata?.ownerReferences ?? []
  if (owner === undefined || owner.kind === 'Job') return null
  const [kind, name] = owner.kind === 'ReplicaSet' ? ['Deployment', owner.name.replace(/-[^-]+$/, '')] : [owner.kind, owner.name]
  return `${kind}/${metadata?.namespace}/${name}`
}

/**
 * What is wrong with the order of a step: the Secret, then the control plane, its gate, then the rest; and nobody restarts before the roots of the step
 * are in its namespace.
 * @param id the restart id.
 * @param state what the Secret becomes: `g1-steady` by `g2-abandoned`.
 * @param roots how many certificates `root-cert.pem` has in this step.
 */
export function disorder({ entries }: Journal, id: string, state: string, roots: number): readonly string[] {
  const problems: string[] = []
  const first = entries.findIndex((entry) => entry.what === 'restart' && entry.value === id)
  const secret = entries.slice(0, first).findLast((entry) => entry.what === 'secret')
  const restarts = entries.filter((entry) => entry.what === 'restart' && entry.value === id)
  const isPlane = ({ object }: Entry): boolean => object.startsWith('Deployment/istio-system/istiod')
  const gate = entries.find(
    (entry) => entry.what === 'job-complete' && entry.object.startsWith(`mesh-ca-${jobName(id)}-control-plane-gate`),
  )
  if (secret?.value !== state)
    problems.push(`the Secret was ${secret?.value ?? 'not there'} when the first workload was restarted, not ${state}`)
  if (!restarts.some(isPlane)) problems.push('the control plane was not restarted')
  if (gate === undefined) problems.push('the gate of the control plane was never complete')
  for (const entry of restarts) {
    const { object, at } = entry
    if (isPlane(entry)) continue
    if (gate !== undefined && at < gate.at) problems.push(`${object} was restarted before the gate of the control plane`)
    const present = entries.findLast((one) => one.what === 'roots' && one.object === object.split('/')[1] && one.at <= at)
    if (present?.value !== String(roots)) problems.push(`${object} was restarted while its namespace had ${present?.value ?? 'no'} roots`)
  }
  return problems
}

/** A restart id in the name of an object. */
export function jobName(id: string): string {
  return id.replaceAll('.', '-')
}

/** The workloads that got a restart id, each as often as its template changed to it. */
export function restartsOf({ entries }: Journal, id: string): readonly string[] {
  return entries.flatMap(({ what, value, object }) => (what === 'restart' && value === id ? [object] : [])).toSorted()
}

/** How many pods each workload has got since a moment. */
export function podsSince({ entries }: Journal, since: number): ReadonlyMap<string, number> {
  const pods = new Map<string, number>()
  for (const { what, object, at } of entries) if (what === 'pod' && at >= since) pods.set(object, (pods.get(object) ?? 0) + 1)
  return pods
}

/** Waits for something to be written down. @throws with the last lines, if it is not in time. */
export async function untilSeen(journal: Journal, what: Entry['what'], value: string, object: RegExp = /^/, seconds = 300): Promise<void> {
  const seen = (): Promise<boolean> =>
    Promise.resolve(journal.entries.some((entry) => entry.what === what && entry.value === value && object.test(entry.object)))
  await until(`${what} ${value} ${object.source}`, seen, { seconds }).catch((error: unknown) => {
    throw new Error(
      `${String(error)}\n${journal.entries
        .slice(-20)
        .map((one) => JSON.stringify(one))
        .join('\n')}`,
    )
  })
}
