import type { Finding } from '../base/index.ts'
import { assumedKustomization, isFluxKustomization, isOwn, kustomizationFor, readFluxKustomization } from './flux-kustomization.ts'
import type { FluxKustomization } from './flux-kustomization.ts'
import { emptyInventory, takeInventory } from './inventory.ts'
import type { Inventory } from './inventory.ts'
import { buildKustomization } from './kustomize.ts'
import type { Manifests } from './manifest.ts'
import { makeReport } from './report.ts'
import type { Report } from './report.ts'
import type { Resource } from './resource.ts'
import { substitute, variablesOf } from './substitution.ts'
import type { Controller, ControllerId } from './types.ts'
import { asMap, textMap, valueAt, withValueAt } from './value.ts'

/** The cluster whose Kustomizations are followed. */
export interface WalkedCluster {
  readonly name: string
  readonly paths: readonly string[]
  readonly source: { readonly kind: string; readonly name: string }
  /** reroot's own folder. */
  readonly ignore: string
}

/** Follows Flux's Kustomizations from a cluster's paths, each once, and takes the facts of what they apply. */
export function walk(manifests: Manifests, cluster: WalkedCluster, report: Report): { readonly inventory: Inventory; readonly controllers: readonly Controller[] } {
  const inventory = emptyInventory()
  const controllers = new Map<ControllerId, Controller>()
  const waiting: Waiting[] = cluster.paths.map((path) => rootOf(manifests, cluster, path, report))

  // Every entry is taken once, or twice where it waits for a ConfigMap.
  for (let index = 0; index < waiting.length; index++) {
    const entry = waiting[index]
    if (entry === undefined) break
    const { flux, deferred } = entry
    const known = controllers.get(flux.controller.id)
    if (known !== undefined && !deferred) {
      if (known.site.file !== flux.controller.site.file || known.site.document !== flux.controller.site.document) report.add(twice(cluster.name, flux, known))
      continue
    }
    controllers.set(flux.controller.id, flux.controller)
    if (!deferred && missesVariables(flux, inventory)) {
      waiting.push({ ...entry, deferred: true })
      continue
    }
    if (!isFollowed(flux, cluster, report)) continue
    const before = inventory.kustomizations.length
    const resources = entry.built ?? build(manifests, flux, inventory, report)
    takeInventory(inventory, flux, resources, isOwn(flux, cluster.ignore) ? flux.controller.path : cluster.ignore, report)
    for (const resource of inventory.kustomizations.slice(before)) waiting.push({ flux: readFluxKustomization(manifests, resource), deferred: false, built: null })
  }
  return { inventory, controllers: [...controllers.values()] }
}

interface Waiting {
  readonly flux: FluxKustomization
  /** It has waited for a ConfigMap of `substituteFrom` once. */
  readonly deferred: boolean
  /** What it applies, if that is known already. */
  readonly built: readonly Resource[] | null
}

function build(manifests: Manifests, flux: FluxKustomization, inventory: Inventory, report: Report): readonly Resource[] {
  const target = kustomizationFor(manifests, flux, report)
  if (target === null) return []
  const built = buildKustomization({ manifests, report }, target.kustomization, target.generated)
  const variables = variablesOf(flux.spec, (name) => inventory.configMaps.get(`${flux.controller.namespace}/${name}`) ?? null)
  const labels = textMap(valueAt(flux.spec, 'commonMetadata', 'labels'))
  return built.map((resource) => {
    let { object } = resource
    if (variables !== null) object = substitute(object, variables.values)
    if (Object.keys(labels).length > 0) object = withValueAt(object, ['metadata', 'labels'], (before) => ({ ...asMap(before), ...labels }))
    return { ...resource, object }
  })
}

function missesVariables({ spec, controller }: FluxKustomization, inventory: Inventory): boolean {
  return (variablesOf(spec, (name) => inventory.configMaps.get(`${controller.namespace}/${name}`) ?? null)?.missing.length ?? 0) > 0
}

// What of a Kustomization's spec changes what it builds.
const shaping = ['targetNamespace', 'namePrefix', 'nameSuffix', 'patches', 'patchesStrategicMerge', 'patchesJson6902', 'components', 'postBuild', 'commonMetadata']

/** The Kustomization of a path that the cluster starts from. It is found among what it applies itself, as `flux bootstrap` leaves it. */
function rootOf(manifests: Manifests, cluster: WalkedCluster, path: string, report: Report): Waiting {
  const assumed = assumedKustomization(path, cluster.source)
  const first = makeReport()
  const built = build(manifests, assumed, emptyInventory(), first)
  const own = built
    .filter(({ object }) => isFluxKustomization(object))
    .map((resource) => readFluxKustomization(manifests, resource))
    .find(({ controller }) => controller.path === assumed.controller.path && isOwnSource(controller, cluster))
  if (own !== undefined && shaping.some((field) => own.spec[field] !== undefined)) return { flux: own, deferred: false, built: null }
  for (const finding of first.all()) report.add(finding)
  if (own === undefined) report.add(assumption(cluster, path, assumed))
  return { flux: own ?? assumed, deferred: false, built }
}

function isOwnSource({ source }: Controller, cluster: WalkedCluster): boolean {
  return source.kind === cluster.source.kind && source.name === cluster.source.name
}

/** Whether what a Kustomization applies to this cluster is in this repository; else that is reported. */
function isFollowed(flux: FluxKustomization, cluster: WalkedCluster, report: Report): boolean {
  const { controller, spec } = flux
  const finding = (id: Finding['id'], severity: Finding['severity'], at: string, message: string, expected: string, found: string, remedy: string): void => {
    report.add({ id, severity, place: { cluster: cluster.name, ...flux.place('spec', at), object: `Kustomization ${controller.id}` }, message, expected, found, remedy })
  }
  const { source } = controller
  if (valueAt(spec, 'kubeConfig') !== undefined) {
    finding('flux/remote-cluster', 'warning', 'kubeConfig', 'it applies to another cluster, and is not followed', 'a Kustomization of this cluster', 'spec.kubeConfig', 'list the other cluster in reroot.yaml with its own paths, if it is in the mesh')
    return false
  }
  if (!isOwnSource(controller, cluster)) {
    const namespace = valueAt(spec, 'targetNamespace')
    const names = typeof namespace === 'string' ? namespace : 'name'
    finding('workloads/foreign-source', 'error', 'sourceRef', 'what it applies is not in this repository, so its workloads are unknown', `${cluster.source.kind} ${cluster.source.name}`, `${source.kind} ${source.name}`, `name the namespaces of its meshed workloads in reroot.yaml: restarts.namespaces: [${names}]`)
    return false
  }
  if (controller.suspended) {
    finding('flux/suspended', 'warning', 'suspend', 'it is suspended: what it holds is not applied until it is resumed', 'spec.suspend: false', 'spec.suspend: true', 'resume it before the rotation, or let its workloads be restarted by a Job: restarts.rules with delivery: job')
  }
  return true
}

function assumption(cluster: WalkedCluster, path: string, { controller }: FluxKustomization): Finding {
  return {
    id: 'flux/no-kustomization',
    severity: 'info',
    place: { cluster: cluster.name, file: path },
    message: `Git does not show the Kustomization that syncs this path; it is taken to be ${controller.id}, without patches or variables`,
    expected: 'gotk-sync.yaml of `flux bootstrap` below the path',
    found: 'none',
    remedy: 'nothing, if flux-operator or another tool makes it so; else correct clusters[].paths in reroot.yaml',
  }
}

function twice(cluster: string, { controller }: FluxKustomization, first: Controller): Finding {
  return {
    id: 'flux/duplicate',
    severity: 'error',
    place: { cluster, file: controller.site.file, line: controller.site.line, object: `Kustomization ${controller.id}` },
    message: 'two manifests define one Kustomization',
    expected: 'one definition',
    found: `also in ${first.site.file}:${first.site.line}`,
    remedy: 'remove one of the two',
  }
}
