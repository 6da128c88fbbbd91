import type { ArgocdControllerConfig, ClusterConfig } from './schema.ts'

type Destination = ArgocdControllerConfig['destination']

// argo-cd v3.5.1, pkg/apis/application/v1alpha1/types.go: KubernetesInternalAPIServerAddr, and the name that goes with it.
const builtIn = { name: 'in-cluster', server: 'https://kubernetes.default.svc' } as const

/**
 * Clusters that Argo CD would take for an earlier one, and so apply both clusters' objects to one. Clusters that each have an Argo CD of their own may
 * all be its `in-cluster`: then their Applications lie in folders of their own.
 */
export function sharedDestinations(clusters: readonly ClusterConfig[]): readonly { readonly index: number; readonly found: string }[] {
  return clusters.flatMap(({ controller, paths }, index) => {
    if (controller.type === 'flux') return []
    const { destination } = controller
    const earlier = clusters.slice(0, index).some((other) => {
      if (other.controller.type === 'flux' || !isSame(other.controller.destination, destination)) return false
      return !isBuiltIn(destination) || overlap(other.paths, paths)
    })
    return earlier ? [{ index, found: destination.name ?? destination.server ?? '' }] : []
  })
}

/** One of name and address is enough to be the same. */
function isSame(one: Destination, other: Destination): boolean {
  const [a, b] = [completed(one), completed(other)]
  return (a.name !== undefined && a.name === b.name) || (a.server !== undefined && a.server === b.server)
}

function completed(destination: Destination): Destination {
  return isBuiltIn(destination) ? { ...builtIn, ...destination } : destination
}

function isBuiltIn({ name, server }: Destination): boolean {
  return name === builtIn.name || server === builtIn.server
}

function overlap(paths: readonly string[], others: readonly string[]): boolean {
  return paths.some((path) => others.some((other) => `${path}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${path}/`)))
}
