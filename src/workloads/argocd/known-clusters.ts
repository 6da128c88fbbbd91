import { withoutTrailing } from '../../base/index.ts'
import { normalName } from './names.ts'
import type { Destination } from '../types.ts'
import { asText, textMap, valueAt } from '../value.ts'
import type { ValueMap } from '../value.ts'
import type { Definition } from './definition.ts'
import { nameOf } from '../resource.ts'

/** A cluster that Argo CD knows, as Git or `reroot.yaml` shows it. */
export interface KnownCluster extends Destination {
  /** `null`: nobody states them. */
  readonly labels: Readonly<Record<string, string>> | null
  readonly annotations: Readonly<Record<string, string>>
  /** Its Secret in Git, if there is one. */
  readonly definition: Definition | null
}

/** The cluster that Argo CD itself runs in, which needs no Secret (v3.5.1, KubernetesInClusterName, KubernetesInternalAPIServerAddr). */
export const inCluster = { name: 'in-cluster', server: 'https://kubernetes.default.svc' } as const

/** Reads a cluster Secret. Sealed values are not known; labels and annotations are never sealed. */
export function clusterOfSecret(definition: Definition): KnownCluster {
  const { object } = definition
  const server = fieldOf(object, 'server')
  return {
    name: fieldOf(object, 'name'),
    server: server === null ? null : withoutTrailing(server, '/'),
    labels: textMap(valueAt(object, 'metadata', 'labels')),
    annotations: textMap(valueAt(object, 'metadata', 'annotations')),
    definition,
  }
}

function fieldOf(secret: ValueMap, field: string): string | null {
  const plain = asText(valueAt(secret, 'stringData', field))
  const encoded = asText(valueAt(secret, 'data', field))
  const text = plain ?? (encoded === null || encoded.startsWith('ENC[') ? null : Buffer.from(encoded, 'base64').toString('utf8'))
  return text === null || text.startsWith('ENC[') ? null : text
}

/** A name for a cluster of which Git shows only the Secret. */
export function secretName({ definition }: KnownCluster): string | null {
  return definition === null ? null : normalName(nameOf(definition.object))
}

/** Which cluster a destination means. */
export type Whose = 'this' | 'other' | 'unknown'

/**
 * Makes the test whether a destination is a given cluster. Names and servers of one cluster are told from cluster Secrets in Git. What is built in tells
 * only half: whoever is called `in-cluster` has the built-in server, but a cluster Secret that Git does not show may give that server another name
 * (v3.5.1, util/db/cluster.go, GetClusterServersByName). A server or name that nothing connects with the cluster is another only if both of the
 * cluster's own are known.
 */
export function destinationJudge(given: Destination, known: readonly KnownCluster[]): (destination: Destination) => Whose {
  const names = new Set<string>(given.name === null ? [] : [given.name])
  const servers = new Set<string>(given.server === null ? [] : [given.server])
  const pairs = pairsOf(known)
  for (const { name, server } of pairs) {
    if (!names.has(name) && !servers.has(server)) continue
    names.add(name)
    servers.add(server)
  }
  const knowsName = names.size > 0
  const builtInIsFree = !pairs.some(({ server }) => server === inCluster.server)
  if (builtInIsFree && names.has(inCluster.name)) servers.add(inCluster.server)
  // If nobody renamed it. If somebody did, Argo CD refuses an Application that still says `in-cluster`.
  if (builtInIsFree && servers.has(inCluster.server)) names.add(inCluster.name)
  const otherNames = new Set([inCluster.name, ...pairs.map(({ name }) => name)])
  const otherServers = new Set(pairs.map(({ server }) => server))
  return ({ name, server }) => {
    if ((name !== null && names.has(name)) || (server !== null && servers.has(server))) return 'this'
    if (name !== null) return knowsName || otherNames.has(name) ? 'other' : 'unknown'
    if (server === null) return 'unknown'
    return servers.size > 0 || otherServers.has(server) ? 'other' : 'unknown'
  }
}

/** Every name with its server, as far as both are known. The built-in name gives way to a Secret for the built-in server. */
export function withBuiltIn(known: readonly KnownCluster[]): readonly ClusterPair[] {
  const pairs = pairsOf(known)
  return pairs.some(({ server }) => server === inCluster.server) ? pairs : [...pairs, inCluster]
}

/** A cluster's name with its server. */
export interface ClusterPair {
  readonly name: string
  readonly server: string
}

/** Every name with its server, as far as cluster Secrets in Git show both. */
export function pairsOf(known: readonly KnownCluster[]): readonly ClusterPair[] {
  return known.flatMap(({ name, server }) => (name === null || server === null ? [] : [{ name, server }]))
}
