import { formatWorkloadId, groupBy } from '../base/index.ts'
import type { ClusterConfig } from '../mesh/index.ts'
import type { Step } from '../rotation/index.ts'
import type { ArgocdApplicationFacts, ControllerId, Discovery, FluxKustomizationFacts, Workload } from '../workloads/index.ts'
import { applicationName } from './layout.ts'

/** The Flux Kustomization of reroot's that is ready once the control plane serves the step. Others may depend on it. */
export const controlPlaneKustomization = 'mesh-ca-control-plane'

/** Whether what a workload's owner applies comes after the Secret and the control plane, in one commit; and why, or why not. */
export interface Order {
  readonly ordered: boolean
  readonly why: string
}

/** The order that a cluster's own controller keeps. */
export function orderOf(cluster: ClusterConfig, discovery: Discovery, step: Step): (workload: Workload) => Order {
  return cluster.controller.type === 'flux' ? fluxOrder(cluster.controller.namespace, discovery) : argocdOrder(cluster, discovery, step)
}

function fluxOrder(namespace: string, discovery: Discovery): (workload: Workload) => Order {
  const kustomizations = discovery.controllers.filter((controller) => controller.type === 'flux')
  const after = controllersAfterControlPlane(kustomizations, `${namespace}/${controlPlaneKustomization}`)
  return ({ owner }) =>
    owner.controller !== null && after.has(owner.controller)
      ? { ordered: true, why: `${owner.controller} depends on ${controlPlaneKustomization}` }
      : { ordered: false, why: `${owner.controller} does not depend on ${controlPlaneKustomization}` }
}

/**
 * Sync waves order what one Application applies, and no Application waits for another in one commit (facts/gitops.md 1.4). So the order is
 * kept only where one Application delivers the Secret, istiod and the workload, in rising waves. No gate of ours stands in between: in the phased steps
 * a rolled-out istiod is enough, since its answer to a certificate request holds the roots; `replace` needs the ConfigMaps as well.
 */
function argocdOrder(cluster: ClusterConfig, discovery: Discovery, step: Step): (workload: Workload) => Order {
  const byId = new Map(discovery.controllers.filter((one) => one.type === 'argocd').map((one) => [one.id, one]))
  const site = discovery.cacerts.find((one) => one.site.file === cluster.cacerts.file)
  const secret =
    cluster.cacerts.managed === 'in-place' && site !== undefined
      ? { by: site.controller, wave: site.syncWave }
      : { by: `${cluster.controller.namespace}/${applicationName(cluster.name)}`, wave: 0 }
  const istiods = discovery.workloads.filter((workload) => workload.role === 'control-plane')
  return (workload) => {
    const { controller } = workload.owner
    const others = [secret.by, ...istiods.map((istiod) => istiod.owner.controller), controller]
    if (new Set(others).size > 1 || controller === null) return { ordered: false, why: notOne(secret.by, istiods, workload) }
    return inOne(byId.get(controller), secret.wave, istiods, workload, step)
  }
}

function notOne(secret: ControllerId, istiods: readonly Workload[], { owner }: Workload): string {
  const owners = [secret, ...istiods.map((istiod) => istiod.owner.controller), owner.controller]
  const names = [...new Set(owners.map((id) => id ?? 'nobody in Git'))]
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)} do not wait for each other`
}

function inOne(
  application: ArgocdApplicationFacts | undefined,
  secretWave: number,
  istiods: readonly Workload[],
  workload: Workload,
  step: Step,
): Order {
  const because = (why: string): Order => ({ ordered: false, why })
  if (application === undefined) return because('its Application is not in Git')
  const { id } = application
  if (step === 'replace') return because(`between the sync waves of ${id} nothing waits for the new root in every namespace`)
  if (application.outOfSyncOnly) return because(`${id} syncs with ApplyOutOfSyncOnly, so that a retry passes over a wave that failed`)
  const before =
    workload.role === 'control-plane'
      ? [{ what: 'the Secret', wave: secretWave }]
      : istiods.map((istiod) => ({ what: formatWorkloadId(istiod.id), wave: istiod.syncWave }))
  const late = before.find(({ wave }) => wave >= workload.syncWave)
  return late === undefined
    ? { ordered: true, why: `${id} applies the Secret, istiod and it in rising sync waves` }
    : because(`in ${id} its sync wave (${workload.syncWave}) does not come after that of ${late.what} (${late.wave})`)
}

/**
 * Controllers that apply a commit only after reroot's control-plane Kustomization has applied the same commit and found it healthy:
 * dependsOn, transitively, over Kustomizations that wait. Flux compares revisions only where both read the same source (facts/gitops.md 4.1).
 */
function controllersAfterControlPlane(controllers: readonly FluxKustomizationFacts[], anchor: ControllerId): ReadonlySet<ControllerId> {
  const byId = new Map(controllers.map((controller) => [controller.id, controller]))
  const anchorNamespace = anchor.split('/')[0] // reroot's own Kustomizations read a source of their own namespace
  const links = [...byId.values()]
    .filter(({ suspended }) => !suspended)
    .flatMap((controller) => controller.dependsOn.map((dependency) => ({ controller, dependency })))
  const dependents = groupBy(links, ({ dependency }) => dependency)
  const after = new Set(
    (dependents.get(anchor) ?? []).flatMap(({ controller }) => (controller.source.namespace === anchorNamespace ? [controller.id] : [])),
  )
  // The set grows while it is gone through.
  for (const id of after) {
    const before = byId.get(id)
    if (before?.wait !== true) continue
    for (const { controller } of dependents.get(id) ?? []) if (sameSource(before, controller)) after.add(controller.id)
  }
  return after
}

function sameSource(one: FluxKustomizationFacts | undefined, other: FluxKustomizationFacts): boolean {
  return (
    one !== undefined &&
    one.source.kind === other.source.kind &&
    one.source.name === other.source.name &&
    one.source.namespace === other.source.namespace
  )
}
