import { cacertsSite } from '../cacerts.ts'
import { istioChartOf } from '../istio-chart.ts'
import { isIstiod } from '../pod-owner.ts'
import { isUnder } from '../source-tree.ts'
import type { Destination } from '../types.ts'
import { commonFolder } from './cluster-paths.ts'
import { rootFile } from './definition.ts'
import type { Definition } from './definition.ts'
import { inCluster, pairsOf, secretName, withBuiltIn } from './known-clusters.ts'
import type { ClusterPair, KnownCluster } from './known-clusters.ts'
import type { Applied, Resolution } from './resolve.ts'

/** The Applications for one cluster. */
export interface DestinationGroup {
  readonly destination: Destination
  /** A name for the cluster; not yet a label, nor the only one of its kind. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly members: readonly Applied[]
  /** The Application that installs istiod, else one that delivers the Secret; `null`: neither. */
  readonly main: Applied | null
  /** Its Secret in Git. */
  readonly secret: Definition | null
  /** The folder that tells it from clusters with the same destination, each with an Argo CD of its own; `null` if it has the destination alone. */
  readonly folder: string | null
  /** All Applications that come from that folder. */
  readonly around: readonly Applied[]
  /** Applications for the same destination that are another cluster's. */
  readonly strangers: readonly Applied[]
}

/** The Applications by cluster. */
export function groupsOf({ applied, secrets }: Resolution): readonly DestinationGroup[] {
  const pairs = knownPairs(applied, secrets)
  const groups = new Map<string, { readonly destination: Destination; readonly members: Applied[] }>()
  for (const one of applied) {
    const destination = completed(one.application.destination, pairs)
    if (destination === null) continue
    const key = destination.server ?? `name ${destination.name ?? ''}`
    const known = groups.get(key)
    if (known === undefined) groups.set(key, { destination, members: [one] })
    else known.members.push(one)
  }
  return [...groups.values()].flatMap(({ destination, members }) => split(applied, groupOf(destination, members, secrets)))
}

/**
 * Names with their servers. The built-in ones are a pair only if an Application says `in-cluster`: a Secret that Git does not show may give the
 * built-in server another name.
 */
function knownPairs(applied: readonly Applied[], secrets: readonly KnownCluster[]): readonly ClusterPair[] {
  const says = applied.some(({ application: { destination } }) => destination.name === inCluster.name)
  return says ? withBuiltIn(secrets) : pairsOf(secrets)
}

function completed({ name, server }: Destination, pairs: readonly ClusterPair[]): Destination | null {
  if ((name === null) === (server === null)) return null // Argo CD refuses it
  const pair = pairs.find((one) => one.name === name || one.server === server)
  return pair === undefined ? { name, server } : { name: pair.name, server: pair.server }
}

function groupOf(destination: Destination, members: readonly Applied[], secrets: readonly KnownCluster[]): DestinationGroup {
  const secret = secrets.find(
    ({ name, server }) => (server !== null && server === destination.server) || (name !== null && name === destination.name),
  )
  const labels = Object.entries(secret?.labels ?? {}).filter(([key]) => key !== 'argocd.argoproj.io/secret-type')
  return {
    destination,
    name: destination.name ?? (secret === undefined ? null : secretName(secret)) ?? nameOfServer(destination.server ?? ''),
    labels: Object.fromEntries(labels),
    members,
    main: members.find(installsIstiod) ?? members.find(deliversSecret) ?? null,
    secret: secret?.definition ?? null,
    folder: null,
    around: members,
    strangers: [],
  }
}

/** The first part of a server's host name; of an IP address all of it. */
function nameOfServer(server: string): string {
  if (server === inCluster.server) return inCluster.name
  const host = /^[a-z]+:\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:]+)/i.exec(server)?.[1] ?? 'cluster'
  return /^\[|^[\d.]+$/.test(host) ? host : (host.split('.')[0] ?? host)
}

/** One Application twice, from two folders: each folder has an Argo CD of its own, which calls its own cluster by the same address. */
function split(all: readonly Applied[], group: DestinationGroup): readonly DestinationGroup[] {
  const { main, members } = group
  const same = members.filter(({ application }) => application.id === main?.application.id)
  const roots = [...new Set(same.map(rootOf))]
  if (roots.length < 2 || group.destination.server !== inCluster.server) return [group]
  const above = commonFolder(roots)
  const depth = above === '' ? 0 : above.split('/').length
  const folders = [
    ...new Set(
      roots.map((file) =>
        file
          .split('/')
          .slice(0, depth + 1)
          .join('/'),
      ),
    ),
  ]
  return folders.map((folder) => {
    const isOwn = (one: Applied): boolean => isUnder(rootOf(one), folder)
    const own = members.filter(isOwn)
    const name = (folder.split('/').at(-1) ?? folder).replace(/\.(ya?ml|json)$/, '')
    const control = own.find(installsIstiod) ?? own.find(deliversSecret) ?? null
    return {
      ...group,
      name,
      folder,
      members: own,
      main: control,
      around: all.filter(isOwn),
      strangers: members.filter((one) => !isOwn(one)),
    }
  })
}

function rootOf({ application }: Applied): string {
  return rootFile(application.definition)
}

function installsIstiod({ content }: Applied): boolean {
  return content.charts.some((chart) => istioChartOf(chart) === 'istiod') || content.resources.some(({ object }) => isIstiod(object))
}

function deliversSecret({ application, content }: Applied): boolean {
  const { id, label } = application
  const applier = { id, tool: 'Argo CD', label, namespace: null, prunes: false, replaces: false, undeliverable: () => null } as const
  return content.resources.some(({ object, manifest }) => cacertsSite(object, manifest, applier) !== null)
}
