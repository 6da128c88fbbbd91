import { writeYaml } from '../src/base/index.ts'
import type { WorkloadId, WorkloadKind } from '../src/base/index.ts'
import { rootsName, rotationAnnotation } from './names.ts'

/** What `kubectl -f FILE` needs to find a live object, in any namespace. */
export interface Stub {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string }
}

/** The plural by which RBAC knows a kind. */
export const resourceOf: Readonly<Record<WorkloadKind, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
}

/** One file that names many objects: one call of kubectl handles all of them, across namespaces. */
export function renderStubs(stubs: readonly Stub[]): string {
  return writeYaml({ apiVersion: 'v1', kind: 'List', items: stubs })
}

export function workloadStub({ kind, namespace, name }: WorkloadId): Stub {
  return { apiVersion: 'apps/v1', kind, metadata: { name, namespace } }
}

/** The ConfigMap by which istiod shows a namespace its roots. */
export function rootsStub(namespace: string): Stub {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: rootsName, namespace } }
}

/** The part of a workload that restarts it, and nothing else. */
export function restartSpec(annotation: string, id: string): object {
  return { template: { metadata: { annotations: { [annotation]: id } } } }
}

/** The merge patch that restarts a workload. One that carries the id already stays as it is. */
export function restartPatch(id: string): string {
  return JSON.stringify({ spec: restartSpec(rotationAnnotation, id) })
}

/** Lists of at most `size`: one call's share, so that kubectl stays within its memory, and a ConfigMap of one below etcd's 1 MiB. */
export function shares<T>(items: readonly T[], size = 1000): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))
}
