import { Construct } from 'constructs'
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js'
import type { WorkloadId, WorkloadKind } from '../src/base/index.ts'
import { workloadKinds } from '../src/base/index.ts'
import { commonLabels, rootsName } from './names.ts'
import { resourceOf } from './objects.ts'

/** What a gate may do to what it waits for. */
export const watchVerbs: readonly string[] = ['get', 'list', 'watch']

export interface AccessProps {
  /** Of the ServiceAccount, and of every role and binding. */
  readonly name: string
  /** Where the Job runs. */
  readonly istioNamespace: string
  /** Rules by namespace. */
  readonly rules: ReadonlyMap<string, readonly k8s.PolicyRule[]>
  /** Reads `istio-ca-root-cert` in every namespace: a public certificate that every pod of the mesh mounts anyway. */
  readonly readsRoots: boolean
}

/** A ServiceAccount that may do what its Job does, to the objects that it names, in their namespaces. */
export class Access extends Construct {
  readonly serviceAccount: string

  constructor(scope: Construct, id: string, props: AccessProps) {
    super(scope, id)
    this.serviceAccount = props.name
    const subjects = [{ kind: 'ServiceAccount', name: props.name, namespace: props.istioNamespace }]
    const metadata = { name: props.name, labels: commonLabels }
    new k8s.KubeServiceAccount(this, 'account', { metadata: { ...metadata, namespace: props.istioNamespace } })

    for (const [namespace, rules] of props.rules) {
      new k8s.KubeRole(this, `role-${namespace}`, { metadata: { ...metadata, namespace }, rules: [...rules] })
      new k8s.KubeRoleBinding(this, `binding-${namespace}`, {
        metadata: { ...metadata, namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: props.name },
        subjects,
      })
    }
    if (!props.readsRoots) return
    new k8s.KubeClusterRole(this, 'cluster-role', {
      metadata,
      rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [rootsName], verbs: ['get'] }],
    })
    new k8s.KubeClusterRoleBinding(this, 'cluster-binding', {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: props.name },
      subjects,
    })
  }
}

/** All the rules of several, by namespace. */
export function joinRules(...parts: readonly ReadonlyMap<string, readonly k8s.PolicyRule[]>[]): Map<string, readonly k8s.PolicyRule[]> {
  const rules = new Map<string, readonly k8s.PolicyRule[]>()
  for (const [namespace, added] of parts.flatMap((part) => [...part])) rules.set(namespace, [...(rules.get(namespace) ?? []), ...added])
  return rules
}

/** Rules for the named workloads, each in its namespace. RBAC lets a list or watch of one name pass under `resourceNames`. */
export function workloadRules(workloads: readonly WorkloadId[], verbs: readonly string[]): Map<string, k8s.PolicyRule[]> {
  const rules = new Map<string, k8s.PolicyRule[]>()
  for (const namespace of [...new Set(workloads.map((workload) => workload.namespace))].toSorted()) {
    const named = (kind: WorkloadKind): string[] =>
      workloads.filter((workload) => workload.namespace === namespace && workload.kind === kind).map((workload) => workload.name)
    const kinds = workloadKinds.filter((kind) => named(kind).length > 0)
    rules.set(
      namespace,
      kinds.map((kind) => ({
        apiGroups: ['apps'],
        resources: [resourceOf[kind]],
        resourceNames: named(kind).toSorted(),
        verbs: [...verbs],
      })),
    )
  }
  return rules
}
