import type { ClusterConfig } from '../mesh/index.ts'
import type { ClusterStory, Story } from './pull-request.ts'

/**
 * What `kubectl`, `istioctl` and `flux` are told so that they talk to a cluster, with a space before it. Of a mesh of one cluster the reader's own
 * context is taken to be it; but under Argo CD that may be where Argo CD runs.
 * @param clusterCount how many clusters the reader may have a context of.
 */
export function contextFlag(name: string, controller: ClusterConfig['controller'], clusterCount: number): string {
  return clusterCount > 1 || controller.type === 'argocd' ? ` --context ${name}` : ''
}

/**
 * Shell lines that do the same in each cluster: a loop, if there are several.
 * @param contexts of the clusters; empty: the reader's own.
 * @param lines of one cluster, with its context as a flag and as the beginning of a name.
 */
export function inEachContext(contexts: readonly string[], lines: (flag: string, name: string) => readonly string[]): readonly string[] {
  const [only, ...more] = contexts
  if (only === undefined) return lines('', '')
  if (more.length === 0) return lines(` --context ${only}`, '')
  return [`for context in ${contexts.join(' ')}; do`, ...lines(' --context "$context"', '$context ').map((line) => `  ${line}`), 'done']
}

/** The contexts of clusters of a pull request; none: the reader's own. */
export function contextsOf(clusters: readonly ClusterStory[], story: Story): readonly string[] {
  return clusters.flatMap((cluster) => (contextOf(cluster, story) === '' ? [] : [cluster.name]))
}

/** The flag of the one cluster, or a word to put its name for. */
export function contextOfAny(clusters: readonly ClusterStory[], story: Story): string {
  const [only, ...more] = clusters
  return only === undefined || more.length > 0 ? ' --context CLUSTER' : contextOf(only, story)
}

/** The flag of a cluster of a pull request. */
export function contextOf({ name, controller }: ClusterStory, { clusters }: Story): string {
  return contextFlag(name, controller, clusters.length)
}
