import type { Finding } from '../base/index.ts'
import { cacertsSite } from './cacerts.ts'
import { isReplaced, appliedWave } from './applier.ts'
import type { Applier } from './applier.ts'
import type { ChartInstall } from './chart-install.ts'
import { isFluxKustomization } from './flux-kustomization.ts'
import { lifetimesOfObject } from './lifetime-settings.ts'
import type { LifetimeSetting } from './lifetime-settings.ts'
import { takeNamespace } from './namespace-definition.ts'
import type { NamespaceDefinition } from './namespace-definition.ts'
import { survived, withoutProbe } from './probe.ts'
import { operatedKind } from './operators.ts'
import { makesPods, readPodOwner } from './pod-owner.ts'
import type { PodOwner } from './pod-owner.ts'
import { badName } from './object-name.ts'
import type { Report } from './report.ts'
import { groupVersion, isClusterScoped, nameOf, namespaceOf } from './resource.ts'
import type { Resource } from './resource.ts'
import { isUnder } from './source-tree.ts'
import { hasVariable } from './substitution.ts'
import { isMachine } from './virtual-machine.ts'
import type { CacertsSite, ControllerId, Owner, Site } from './types.ts'
import { asText, textMap, valueAt, withValueAt } from './value.ts'
import type { ValueMap } from './value.ts'

/** An object whose meaning needs others: a HelmRelease and its sources, a Gateway, an operator's CR. */
export interface KeptObject {
  readonly object: ValueMap
  readonly namespace: string
  readonly name: string
  readonly controller: ControllerId
  readonly site: Site
}

/** Everything that one cluster's Flux or Argo CD applies, as facts. Filled build by build. */
export interface Inventory {
  readonly pods: PodOwner[]
  readonly namespaces: Map<string, NamespaceDefinition>
  readonly cacerts: CacertsSite[]
  /** By `kind namespace/name`. */
  readonly kept: Map<string, KeptObject>
  /** Of which an operator makes pods. */
  readonly operated: KeptObject[]
  /** That stand for virtual machines. */
  readonly machines: KeptObject[]
  /** By `namespace/name`: the data. */
  readonly configMaps: Map<string, ValueMap>
  /** Settings on which it depends how long certificates live, with the object of each: `kind namespace/name`. */
  readonly lifetimes: { readonly setting: LifetimeSetting; readonly object: string; readonly site: Site }[]
  /** Flux Kustomizations that a build has made. */
  readonly kustomizations: Resource[]
  /** Who applies what, to notice two owners. */
  readonly owners: Map<string, { readonly applier: Applier; readonly site: Site }>
  /** Charts that Applications install. */
  readonly charts: ChartInstall[]
  /** Findings that do not count if the namespace turns out to be outside of the mesh: what is applied there is not in Git. */
  readonly unseen: { readonly namespace: string; readonly finding: Finding }[]
}

const keptKinds = new Set([
  ...['HelmRelease', 'HelmChart', 'HelmRepository', 'OCIRepository', 'GitRepository', 'Bucket', 'Gateway', 'GatewayClass'],
  ...['IstioOperator', 'Istio', 'ZTunnel', 'IstioRevisionTag', 'MutatingWebhookConfiguration', 'Canary'],
])

export function emptyInventory(): Inventory {
  return {
    pods: [],
    namespaces: new Map(),
    cacerts: [],
    kept: new Map(),
    operated: [],
    machines: [],
    configMaps: new Map(),
    lifetimes: [],
    kustomizations: [],
    owners: new Map(),
    charts: [],
    unseen: [],
  }
}

/**
 * Takes the facts from what a Kustomization or an Application applies.
 * @param ignore reroot's own folder: of what is written there only the Secret is of interest.
 */
export function takeInventory(
  inventory: Inventory,
  applier: Applier,
  resources: readonly Resource[],
  ignore: string,
  report: Report,
): void {
  for (const resource of resources) {
    const { manifest } = resource
    const object = withNamespace(withoutProbe(resource), applier.namespace)
    const secret = cacertsSite(object, manifest, applier)
    if (secret !== null) inventory.cacerts.push(secret)
    if (ignore !== '' && isUnder(manifest.site.file, ignore)) continue
    if (isFluxKustomization(object)) inventory.kustomizations.push({ ...resource, object })
    else takeObject(inventory, object, { resource, applier, survived: survived(resource), report })
  }
}

interface Taking {
  readonly resource: Resource
  readonly applier: Applier
  readonly survived: boolean
  readonly report: Report
}

function takeObject(inventory: Inventory, object: ValueMap, taking: Taking): void {
  const kind = asText(object['kind']) ?? ''
  const { site } = taking.resource.manifest
  const pods = makesPods(object)
  for (const setting of lifetimesOfObject(object))
    inventory.lifetimes.push({ setting, object: `${kind} ${namespaceOf(object) ?? 'default'}/${nameOf(object)}`, site })
  if (!pods && !keptKinds.has(kind) && kind !== 'Namespace' && kind !== 'ConfigMap') {
    takeCustom(inventory, object, taking)
    return
  }
  const name = nameOf(object)
  const written = namespaceOf(object)
  if (hasVariable(name) || hasVariable(written ?? '')) {
    taking.report.add(variableFinding(object, taking, `${written ?? '(no namespace)'}/${name}`))
    return
  }
  const bad = pods || kind === 'Namespace' ? badName(kind, written, name, site) : null
  if (bad !== null) {
    taking.report.add(bad)
    return
  }
  const labels = textMap(valueAt(object, ...(kind === 'Namespace' ? [] : ['spec', 'template']), 'metadata', 'labels'))
  const open = Object.entries(labels).find(([key, value]) => /istio/.test(key) && hasVariable(value))
  if (open !== undefined) taking.report.add(variableFinding(object, taking, open.join('=')))
  if (kind === 'Namespace') {
    takeNamespace(inventory.namespaces, name, { labels, site, controller: taking.applier.id, managed: false }, taking.report)
    return
  }
  if (written === null && !isClusterScoped(object) && kind !== 'GatewayClass')
    taking.report.add(namespaceFinding(object, site, taking.applier))
  const namespace = written ?? 'default'
  if (kind === 'ConfigMap') {
    inventory.configMaps.set(`${namespace}/${name}`, { ...textMap(object['data']) })
    return
  }
  // Istio and the Gateway API both have a Gateway. A workload of an old group is that of the new one.
  const key = pods ? `${kind} ${namespace}/${name}` : objectKey(object, namespace, name)
  if (!claim(inventory, key, taking)) return
  const { applier } = taking
  if (!pods) inventory.kept.set(key, { object, namespace, name, controller: applier.id, site })
  else {
    const sync = { wave: appliedWave(object, applier.tool), replaced: isReplaced(object, applier) }
    inventory.pods.push(readPodOwner(object, namespace, ownerOf(object, taking), site, sync))
  }
}

/** Without a namespace it is of the whole cluster, or is not applied. */
function takeCustom(inventory: Inventory, object: ValueMap, { applier, resource }: Taking): void {
  const namespace = namespaceOf(object)
  const list =
    namespace === null ? null : isMachine(object) ? inventory.machines : operatedKind(object) === null ? null : inventory.operated
  if (namespace === null || list === null) return
  list.push({ object, namespace, name: nameOf(object), controller: applier.id, site: resource.manifest.site })
}

function objectKey(object: ValueMap, namespace: string, name: string): string {
  return keptKey(groupVersion(String(object['apiVersion'])).group, String(object['kind']), namespace, name)
}

/** How {@link Inventory.kept} names an object. */
export function keptKey(group: string, kind: string, namespace: string, name: string): string {
  return `${kind}${group === '' ? '' : `.${group}`} ${namespace}/${name}`
}

/** @returns whether nobody else applies it; two controllers on one object undo each other's work. */
function claim(inventory: Inventory, key: string, { resource, applier, report }: Taking): boolean {
  const { site } = resource.manifest
  const other = inventory.owners.get(key)
  if (other === undefined) {
    inventory.owners.set(key, { applier, site })
    return true
  }
  report.add({
    id: 'workloads/two-owners',
    severity: 'error',
    place: { file: site.file, line: site.line, object: key },
    message: `${applier.label} applies what ${other.applier.label} applies too`,
    expected: 'one owner for each object',
    found: `also from ${other.site.file}:${other.site.line}`,
    remedy: 'take it out of one of the two: whichever applies last removes the other’s fields',
  })
  return false
}

function ownerOf(object: ValueMap, taking: Taking): Owner {
  const owner = ownerInGit(taking)
  const why = taking.applier.undeliverable(object)
  return why === null || owner.kind === 'elsewhere' || owner.kind === 'chart' ? owner : { ...owner, undeliverable: why }
}

function ownerInGit({ resource, applier, survived }: Taking): Owner {
  const { view } = resource
  const controller = applier.id
  if (view === null) {
    if (survived) return { kind: 'yaml', controller }
    return { kind: 'yaml', controller, undeliverable: 'a patch removes annotations that are set in its file' }
  }
  const component = { name: view.name, namespace: view.namespace }
  const owner = { kind: 'kustomize', controller, kustomization: view.kustomization, component } as const
  if (view.ambiguous) return { ...owner, undeliverable: `several resources answer to ${view.name}, so that a patch by name fails` }
  return survived ? owner : { ...owner, undeliverable: 'a patch behind the components removes annotations that are set by one' }
}

/** Argo CD gives namespaced objects that name none the namespace of the Application's destination. */
export function withNamespace(object: ValueMap, namespace: string | null): ValueMap {
  if (namespace === null || namespaceOf(object) !== null || isClusterScoped(object) || object['kind'] === 'GatewayClass') return object
  return withValueAt(object, ['metadata', 'namespace'], () => namespace)
}

function variableFinding(object: ValueMap, { resource, applier }: Taking, found: string): Finding {
  const { site } = resource.manifest
  return {
    id: 'workloads/variable',
    severity: 'error',
    place: { file: site.file, line: site.line, object: `${String(object['kind'])} ${nameOf(object)}` },
    message: 'a name, a namespace or a label of Istio holds a variable that nothing in Git gives a value',
    expected:
      applier.tool === 'Flux'
        ? 'a value in spec.postBuild.substitute, or in a ConfigMap of substituteFrom that Git shows'
        : 'the value itself: Argo CD fills in no variables of manifests',
    found,
    remedy: 'give the variable its value in Git, or write the name out',
  }
}

function namespaceFinding(object: ValueMap, site: Site, { tool }: Applier): Finding {
  const [kind, field] = tool === 'Flux' ? ['Kustomization', 'targetNamespace'] : ['Application', 'destination.namespace']
  return {
    id: 'workloads/namespace-missing',
    severity: groupVersion(asText(object['apiVersion']) ?? '').group === '' ? 'info' : 'error',
    place: { file: site.file, line: site.line, object: `${String(object['kind'])} ${nameOf(object)}` },
    message: `it has no namespace, and its ${kind} sets none: ${tool} cannot apply it`,
    expected: `metadata.namespace, or ${field} of the ${kind}`,
    found: 'neither',
    remedy: 'add the namespace',
  }
}
