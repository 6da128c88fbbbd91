import type { Finding } from '../base/index.ts'
import type { Discovery } from '../workloads/index.ts'

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
