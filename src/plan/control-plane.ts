import type { Finding } from '../base/index.ts'
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
