import type { V1Pod } from '@kubernetes/client-node'

/**
 * Whether istiod's webhook would have put a sidecar into the pod (facts/istio.md 4.1). Written from that table alone, so that it can disagree with
 * reroot's own reading.
 */
export function isMeshed(pod: V1Pod, namespaceLabels: Readonly<Record<string, string>>): boolean {
  if (pod.spec?.hostNetwork === true || neverInjected.has(pod.metadata?.namespace ?? '')) return false
  const labels = pod.metadata?.labels ?? {}
  const asked = labels['sidecar.istio.io/inject'] ?? pod.metadata?.annotations?.['sidecar.istio.io/inject']
  const namespace = namespaceLabels['istio-injection']
  if (namespace === 'enabled') return asked !== 'false'
  if (namespace !== undefined) return false
  if (namespaceLabels['istio.io/rev'] !== undefined || labels['istio.io/rev'] !== undefined) return asked !== 'false'
  return asked === 'true'
}

const neverInjected = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'])

/** Whether the pod is an istiod. */
export function isIstiod(pod: V1Pod): boolean {
  return pod.metadata?.labels?.['app'] === 'istiod'
}
