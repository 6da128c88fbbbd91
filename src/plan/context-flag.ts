import type { ClusterConfig } from '../mesh/index.ts'

/**
 * What `kubectl`, `istioctl` and `flux` are told so that they talk to a cluster, with a space before it. Of a mesh of one cluster the reader's own
 * context is taken to be it; but under Argo CD that may be where Argo CD runs.
 * @param clusterCount how many clusters the reader may have a context of.
 */
export function contextFlag(name: string, controller: ClusterConfig['controller'], clusterCount: number): string {
  return clusterCount > 1 || controller.type === 'argocd' ? ` --context ${name}` : ''
}
