import type { Finding } from '../base/index.ts'
import type { ClusterConfig } from '../mesh/index.ts'
import type { Discovery } from '../workloads/index.ts'

/** A ztunnel whose version nobody states may be one that reads only the first root of the bundle (ztunnel #1510). */
export function unknownZtunnel(discovery: Discovery, stated: string | null): readonly Finding[] {
  const found = discovery.workloads.find((workload) => workload.role === 'ztunnel')
  if (found === undefined || stated !== null) return []
  return [
    {
      id: 'mesh/ztunnel',
      severity: 'error',
      place: { cluster: discovery.cluster, file: found.definition.file, line: found.definition.line, object: 'DaemonSet ztunnel' },
      message: 'there is a ztunnel, but reroot.yaml does not say of which version',
      expected: 'clusters[].istio.ztunnel: 1.24.6, 1.25.3, 1.26.0 or later',
      found: 'null',
      remedy: 'state its version in reroot.yaml: clusters[].istio.ztunnel',
    },
  ]
}

/** Without a restart istiod may never take up the Secret, while everything else waits for it or goes on without it. */
export function missingControlPlane(discovery: Discovery): readonly Finding[] {
  if (discovery.workloads.some((workload) => workload.role === 'control-plane')) return []
  return [
    {
      id: 'restart/control-plane',
      severity: 'error',
      place: { cluster: discovery.cluster, object: 'istiod' },
      message: 'no istiod was found, so the control plane would not be restarted',
      expected: 'an istiod in Git, or its Deployments in reroot.yaml',
      found: 'neither',
      remedy:
        'state the names of its Deployments in reroot.yaml: clusters[].istio.istiod: [istiod] (`kubectl get deployments -A -l app=istiod`)',
    },
  ]
}

/**
 * Secrets, gates and Jobs go where `istio.namespace` says; istiod would see none of them in another namespace. The live Secret is the witness, where it
 * names its namespace; and every istiod that Git shows.
 * @param sealed the namespace that the live Secret names in the clear; `null`: none. Where a kustomization sets another, that counts.
 * @param place of `istio.namespace` in `reroot.yaml`.
 */
export function wrongNamespace(
  { istio, cacerts }: Pick<ClusterConfig, 'istio' | 'cacerts'>,
  { cluster, cacerts: sites, workloads }: Pick<Discovery, 'cluster' | 'cacerts' | 'workloads'>,
  sealed: string | null,
  place: () => { readonly file: string; readonly line: number },
): readonly Finding[] {
  const secret = sites.find(({ site }) => site.file === cacerts.file)?.namespace ?? sealed
  const istiods = workloads.filter(({ role }) => role === 'control-plane')
  const elsewhere = istiods.some(({ id }) => id.namespace === istio.namespace) ? [] : [...new Set(istiods.map(({ id }) => id.namespace))]
  const [namespace, witness] =
    secret !== null && secret !== istio.namespace
      ? [secret, `the live Secret (${cacerts.file}) is in ${secret}`]
      : [elsewhere.join(' or '), `istiod is in ${elsewhere.join(', ')}, and none is in ${istio.namespace}`]
  if (namespace === '') return []
  const { file, line } = place()
  return [
    {
      id: 'mesh/namespace',
      severity: 'error',
      place: { cluster, file, line, object: 'istio.namespace' },
      message: `istio.namespace is not where the control plane is: ${witness}`,
      expected: namespace,
      found: istio.namespace,
      remedy: `correct clusters[].istio.namespace in ${file}`,
    },
  ]
}
