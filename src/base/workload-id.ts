/** The kinds whose pods a restart patch replaces. */
export const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const
export type WorkloadKind = (typeof workloadKinds)[number]

/** The annotation on a pod template that a restart sets. Its value is a restart id, never a time: applying it twice restarts once. */
export const restartAnnotation = 'reroot.dev/rotation'

/** A workload in a cluster, by the name that it has there. */
export interface WorkloadId {
  readonly kind: WorkloadKind
  readonly namespace: string
  readonly name: string
}

export function formatWorkloadId(id: WorkloadId): string {
  return `${id.kind}/${id.namespace}/${id.name}`
}

/** @returns `null` if the text is not `Kind/namespace/name` of a kind that reroot restarts. */
export function parseWorkloadId(text: string): WorkloadId | null {
  const [kind, namespace, name, ...rest] = text.split('/')
  if (rest.length > 0 || namespace === undefined || name === undefined || namespace === '' || name === '') return null
  if (!workloadKinds.includes(kind as WorkloadKind)) return null
  return { kind: kind as WorkloadKind, namespace, name }
}
