import { RerootError } from '../../base/index.ts'
import { faultOf } from '../../mesh/index.ts'
import type { SyncedCluster } from '../../workloads/index.ts'

/**
 * Gives clusters the names that people chose.
 * @param names by what tells the cluster: the name that it would get, its name or server in Argo CD, or the path that Flux syncs.
 * @throws RerootError USAGE for what is no name, for what tells no cluster or several, and if two clusters would have one name.
 */
export function withChosenNames(found: readonly SyncedCluster[], names: ReadonlyMap<string, string>): readonly SyncedCluster[] {
  const chosen = new Map<SyncedCluster, string>()
  for (const [key, name] of names) {
    const fault = faultOf('cluster', name)
    if (fault !== null)
      throw new RerootError('USAGE', `--name ${JSON.stringify(name)}: it ${fault}`, { hint: `write --name ${key}=prod-eu` })
    const [cluster, ...others] = found.filter((one) => keysOf(one).includes(key))
    if (cluster === undefined || others.length > 0) {
      throw new RerootError('USAGE', `--name ${key}=${name}: ${cluster === undefined ? 'no such cluster' : 'several clusters are meant'}`, {
        hint: `name one of: ${found.map(shown).join(', ')}`,
      })
    }
    chosen.set(cluster, name)
  }
  const named = found.map((one) => renamed(one, chosen.get(one) ?? one.name))
  const twice = named.find(({ name }, index) => named.findIndex((one) => one.name === name) !== index)
  if (twice === undefined) return named
  throw new RerootError('USAGE', `two clusters would be called ${twice.name}`, {
    hint: `name one of them with --name, by what tells it from the other: ${found.map(shown).join(', ')}`,
  })
}

/** What the name was made of, if nobody gave the cluster one; `null` if somebody did. */
export function guessedFrom(found: SyncedCluster): string | null {
  if (found.type === 'flux' || found.destination.name !== null) return null
  const { server } = found.destination
  if (server === null) return null
  const label = server.toLowerCase().replace(/[^a-z0-9-]+/g, '-')
  return found.name === builtInName || label.includes(found.name.replace(/-\d$/, '')) ? server : null
}

// Argo CD's own name for the cluster in which it runs (v3.5.1, KubernetesInClusterName).
const builtInName = 'in-cluster'

function keysOf(cluster: SyncedCluster): readonly (string | null)[] {
  return cluster.type === 'flux' ? [cluster.name, cluster.path] : [cluster.name, cluster.destination.name, cluster.destination.server]
}

function shown(cluster: SyncedCluster): string {
  const more = [...new Set(keysOf(cluster).slice(1))].filter((key) => key !== null && key !== cluster.name)
  return more.length === 0 ? cluster.name : `${cluster.name} (${more.join(', ')})`
}

/** The file with reroot's Application carries the cluster's name. */
function renamed(cluster: SyncedCluster, name: string): SyncedCluster {
  if (cluster.name === name || cluster.type === 'flux' || cluster.register === null) return { ...cluster, name }
  const file = cluster.register.file.replace(new RegExp(`mesh-ca-${cluster.name}\\.yaml$`), `mesh-ca-${name}.yaml`)
  return { ...cluster, name, register: { ...cluster.register, file } }
}
