import type { Finding } from '../../base/index.ts'
import { istioChartOf, istioReleaseOf } from '../istio-chart.ts'
import { isIstiod } from '../pod-owner.ts'
import { namespaceOf } from '../resource.ts'
import { isUnder } from '../source-tree.ts'
import { textMap, valueAt } from '../value.ts'
import { holdsOnlyArgocdsOwn } from './argocds-own.ts'
import type { Reading } from './content.ts'
import { rootFile } from './definition.ts'
import type { DestinationGroup } from './destination-groups.ts'
import { destinationJudge } from './known-clusters.ts'
import { ownNamespace } from './own-namespace.ts'
import type { Applied, Resolution } from './resolve.ts'

/** Applications that may be for a cluster with a control plane: nothing connects the name of one with the server of the other. */
export interface UntoldGroup {
  readonly group: DestinationGroup
  /** The cluster that it may be. */
  readonly cluster: DestinationGroup
  /** Those that hold more than Argo CD's own things. At least one. */
  readonly members: readonly Applied[]
}

export function untoldGroups(reading: Reading, resolution: Resolution, groups: readonly DestinationGroup[]): readonly UntoldGroup[] {
  return groups.flatMap((cluster) => {
    const { main } = cluster
    if (main === null) return []
    const judge = destinationJudge(cluster.destination, resolution.secrets)
    const namespace = ownNamespace(resolution, cluster, main)
    // What comes from the folder of a cluster with an Argo CD of its own is for no cluster of another folder.
    const elsewhere = groups.flatMap(({ folder }) => (folder === null || folder === cluster.folder ? [] : [folder]))
    return groups.flatMap((group) => {
      if (group === cluster || judge(group.destination) !== 'unknown' || sameControlPlane(group, cluster)) return []
      const members = group.members.filter(
        (one) =>
          !elsewhere.some((folder) => isUnder(rootFile(one.application.definition), folder)) &&
          !holdsOnlyArgocdsOwn(reading, one.application, namespace),
      )
      return members.length === 0 ? [] : [{ group, cluster, members }]
    })
  })
}

/** Two groups that install the same istiod are two clusters: one would take it from the other. Of one with the istiod and one with the Secret that is not known. */
function sameControlPlane(a: DestinationGroup, b: DestinationGroup): boolean {
  const others = new Set(b.members.flatMap(controlPlanes))
  return a.members.flatMap(controlPlanes).some((one) => others.has(one))
}

function controlPlanes({ application, content }: Applied): readonly string[] {
  const charts = content.charts.filter((chart) => istioChartOf(chart) === 'istiod').map((chart) => istioReleaseOf(chart, 'istiod'))
  const plain = content.resources.flatMap(({ object }) =>
    isIstiod(object)
      ? [
          {
            namespace: namespaceOf(object) ?? application.targetNamespace ?? '',
            revision: textMap(valueAt(object, 'metadata', 'labels'))['istio.io/rev'] ?? 'default',
          },
        ]
      : [],
  )
  return [...charts, ...plain].map(({ namespace, revision }) => `${namespace}/${revision || 'default'}`)
}

/** The Applications that may be a cluster's, beside those that are. */
export function untoldOf(untold: readonly UntoldGroup[], cluster: DestinationGroup): readonly Applied[] {
  return untold.filter((one) => one.cluster === cluster).flatMap(({ members }) => members)
}

/** @returns `null` if it is no cluster that was found, or surely another. */
export function untoldFinding(untold: readonly UntoldGroup[], group: DestinationGroup): Finding | null {
  const mine = untold.filter((one) => one.group === group)
  const [first] = mine.flatMap(({ members }) => members)
  if (first === undefined) return null
  const count = new Set(mine.flatMap(({ members }) => members)).size
  const others = count === 1 ? '' : `, and ${count - 1} more Applications`
  const { name, server } = group.destination
  const clusters = [...new Set(mine.map(({ cluster: { destination } }) => destination.name ?? destination.server ?? ''))].toSorted()
  return {
    id: 'argocd/destination',
    severity: 'error',
    place: first.application.place('spec', 'destination'),
    message: `whether it applies to ${clusters.join(' or ')} cannot be told${others}`,
    expected: 'name and server of each cluster, or its cluster Secret in Git (without credentials)',
    found: name === null ? `server ${server ?? ''}` : `name ${name}`,
    remedy:
      'add the cluster Secret without its credentials to Git; or state both in reroot.yaml: clusters[].controller.destination: { name: …, server: … } (`argocd cluster list`)',
  }
}
