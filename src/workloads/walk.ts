import { fluxApplier } from './applier.ts'
import { assumption, hidden, isFollowed, isOwnSource, tooLong, twice } from './followed.ts'
import {
  assumedKustomization,
  isFluxKustomization,
  isOwn,
  kustomizationFor,
  readFluxKustomization,
  withCommonMetadata,
} from './flux-kustomization.ts'
import type { FluxKustomization } from './flux-kustomization.ts'
import { emptyInventory, takeInventory } from './inventory.ts'
import type { Inventory } from './inventory.ts'
import { buildKustomization } from './kustomize.ts'
import { readManifests } from './manifest.ts'
import type { Manifests } from './manifest.ts'
import { Queue } from './queue.ts'
import type { Waiting } from './queue.ts'
import { makeDraft, makeReport } from './report.ts'
import type { Report } from './report.ts'
import type { Resource } from './resource.ts'
import { readTree } from './source-tree.ts'
import type { Files, SourceTree } from './source-tree.ts'
import { builtSourceIgnore, sourceIgnoreOf } from './sources.ts'
import { makeRoom, substitute, variablesOf } from './substitution.ts'
import type { Room } from './substitution.ts'
import type { ControllerId, FluxKustomizationFacts } from './types.ts'

/** The cluster whose Kustomizations are followed. */
export interface WalkedCluster {
  readonly name: string
  readonly paths: readonly string[]
  readonly source: { readonly kind: string; readonly name: string }
  /** reroot's own folder. */
  readonly ignore: string
}

/** Follows Flux's Kustomizations from a cluster's paths, each once, and takes the facts of what they apply. */
export function walkFlux(files: Files, cluster: WalkedCluster, report: Report): Walked {
  const written = sourceIgnoreOf(files, cluster)
  const draft = makeDraft()
  const first = walkTree(readTree(files, written), cluster, draft)
  // A patch may change what the source leaves out, and so what there is to walk.
  const built = builtSourceIgnore(first.inventory, cluster.source)
  if (built === undefined || built === written) {
    draft.handOver(report)
    return first
  }
  return walkTree(readTree(files, built), cluster, report)
}

interface Walked {
  readonly manifests: Manifests
  readonly inventory: Inventory
  readonly controllers: readonly FluxKustomizationFacts[]
}

function walkTree(tree: SourceTree, cluster: WalkedCluster, report: Report): Walked {
  const manifests = readManifests(tree, report)
  if (tree.hides(`${cluster.ignore}/clusters/${cluster.name}/flux.yaml`)) report.add(hidden(cluster))
  return { manifests, ...follow(manifests, cluster, report) }
}

function follow(manifests: Manifests, cluster: WalkedCluster, report: Report): Pick<Walked, 'inventory' | 'controllers'> {
  const inventory = emptyInventory()
  const controllers = new Map<ControllerId, FluxKustomizationFacts>()
  const roots = cluster.paths.map((path) => rootOf(manifests, cluster, path, report))
  const room = makeRoom()
  const queue = new Queue(roots, inventory.configMaps)

  for (let entry = queue.next(); entry !== null; entry = queue.next()) {
    const { flux, assumed } = entry
    if (assumed !== null) {
      if ([...controllers.values()].some((one) => one.path === flux.controller.path && isOwnSource(one, cluster))) continue
      for (const finding of assumed.findings) report.add(finding)
    }
    const known = controllers.get(flux.controller.id)
    if (known !== undefined && known !== flux.controller) {
      if (known.site.file !== flux.controller.site.file || known.site.document !== flux.controller.site.document)
        report.add(twice(cluster.name, flux, known))
      continue
    }
    controllers.set(flux.controller.id, flux.controller)
    if (queue.putsOff(entry)) continue
    if (!isFollowed(flux, cluster, report)) continue
    const before = inventory.kustomizations.length
    const resources = entry.built ?? build(manifests, flux, inventory, report, room)
    takeInventory(inventory, fluxApplier(flux), resources, isOwn(flux, cluster.ignore) ? flux.controller.path : cluster.ignore, report)
    for (const resource of inventory.kustomizations.slice(before))
      queue.add({ flux: readFluxKustomization(manifests, resource), assumed: null, built: null })
  }
  return { inventory, controllers: [...controllers.values()] }
}

function build(manifests: Manifests, flux: FluxKustomization, inventory: Inventory, report: Report, room: Room): readonly Resource[] {
  const target = kustomizationFor(manifests, flux, report)
  if (target === null) return []
  const built = buildKustomization({ manifests, report }, target.kustomization, target.generated)
  const variables = variablesOf(flux.spec, (name) => inventory.configMaps.get(`${flux.controller.namespace}/${name}`) ?? null)
  return built.map((resource) => {
    const object = variables === null ? resource.object : substitute(resource.object, variables, room)
    if (room.lacked) report.add(tooLong(resource))
    room.lacked = false
    return { ...resource, object: withCommonMetadata(object, flux) }
  })
}

// What of a Kustomization's spec changes what it builds.
const shaping = [
  'targetNamespace',
  'namePrefix',
  'nameSuffix',
  'patches',
  'patchesStrategicMerge',
  'patchesJson6902',
  'components',
  'images',
  'postBuild',
  'commonMetadata',
]

/** The Kustomization of a path that the cluster starts from. It is found among what it applies itself, as `flux bootstrap` leaves it. */
function rootOf(manifests: Manifests, cluster: WalkedCluster, path: string, report: Report): Waiting {
  const assumed = assumedKustomization(path, cluster)
  const first = makeReport()
  const built = build(manifests, assumed, emptyInventory(), first, makeRoom())
  const shown = built
    .filter(({ object }) => isFluxKustomization(object))
    .map((resource) => readFluxKustomization(manifests, resource))
    .filter(({ controller }) => isOwnSource(controller, cluster))
  const own = shown.find(({ controller }) => controller.path === assumed.controller.path)
  if (own === undefined) {
    const findings = [...first.all(), assumption(cluster, path, assumed)]
    return { flux: assumed, assumed: { findings, leadsTo: shown.map(({ controller }) => controller.path) }, built }
  }
  if (shaping.some((field) => own.spec[field] !== undefined)) return { flux: own, assumed: null, built: null }
  for (const finding of first.all()) report.add(finding)
  return { flux: own, assumed: null, built }
}
