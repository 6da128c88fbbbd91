import type { Manifest } from './manifest.ts'
import type { SharedEntry } from './shared-entries.ts'
import { asMap, asText, valueAt } from './value.ts'
import type { ValueMap } from './value.ts'

/** What kustomize knows an object by. The namespace is the effective one: `default` for none, a placeholder for cluster-scoped kinds. */
export interface ResourceId {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** An object on its way through a build. `object` is replaced, never changed in place: bases are shared. */
export interface Resource {
  object: ValueMap
  /** Ids that it had before, oldest first: patches find it by these too. */
  former: readonly ResourceId[]
  /** What a Component at the end of the overlay's own list sees. */
  view: OverlayView | null
  shared: readonly SharedEntry[]
  /** The outermost map of the pod template that is there for the probe alone (probe.ts). */
  madeByProbe: 'metadata' | 'annotations' | null
  /** A patch deleted it. */
  deleted: boolean
  readonly manifest: Manifest
}

export interface OverlayView {
  /** The overlay's kustomization file. */
  readonly kustomization: string
  readonly name: string
  readonly namespace: string | null
  /** Another resource answers to the same id, so that a name-bound patch fails. */
  readonly ambiguous: boolean
}

// kyaml v0.21.1, openapi.go: what IsClusterScoped is certain of. Custom resources count as namespaced.
const clusterScopedKinds = new Set([
  ...['APIService', 'CSIDriver', 'CSINode', 'CertificateSigningRequest', 'ClusterRole', 'ClusterRoleBinding', 'ComponentStatus'],
  ...['CustomResourceDefinition', 'FlowSchema', 'IngressClass', 'MutatingWebhookConfiguration', 'Namespace', 'Node', 'PersistentVolume'],
  ...['PodSecurityPolicy', 'PriorityClass', 'PriorityLevelConfiguration', 'RuntimeClass', 'StorageClass', 'VolumeAttachment'],
  ...['ValidatingWebhookConfiguration'],
])
const notNamespaced = '_non_namespaceable_'

export function makeResource(manifest: Manifest): Resource {
  return { object: manifest.object, former: [], view: null, shared: [], madeByProbe: null, deleted: false, manifest }
}

export function groupVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

export function isClusterScoped(object: ValueMap): boolean {
  const { group } = groupVersion(asText(object['apiVersion']) ?? '')
  return clusterScopedKinds.has(asText(object['kind']) ?? '') && (group === '' || group.endsWith('.k8s.io') || group === 'policy')
}

/** The id of an object as it stands. */
export function idOf(object: ValueMap): ResourceId {
  const namespace = asText(valueAt(object, 'metadata', 'namespace'))
  return {
    ...groupVersion(asText(object['apiVersion']) ?? ''),
    kind: asText(object['kind']) ?? '',
    namespace: isClusterScoped(object) ? notNamespaced : (namespace ?? 'default'),
    name: nameOf(object),
  }
}

export function nameOf(object: ValueMap): string {
  return asText(asMap(object['metadata'])?.['name']) ?? ''
}

export function namespaceOf(object: ValueMap): string | null {
  return asText(asMap(object['metadata'])?.['namespace'])
}

/**
 * Ids that a patch may name: the former ones and the present one, each once.
 * @param first how many of the former ones to leave out.
 */
export function idsOf(resource: Resource, first = 0): readonly string[] {
  const { group, version } = groupVersion(asText(resource.object['apiVersion']) ?? '')
  const keys = resource.former.slice(first).map((id) => idKey({ ...id, group, version }))
  return [...new Set([...keys, idKey(idOf(resource.object))])]
}

export function idKey(id: ResourceId): string {
  return `${id.group}/${id.version}/${id.kind}/${id.namespace}/${id.name}`
}

/** Keeps the present id among the former ones, as kustomize does before a change of name or namespace. */
export function rememberId(resource: Resource): void {
  const id = idOf(resource.object)
  const last = resource.former.at(-1)
  if (last === undefined || idKey(last) !== idKey(id)) resource.former = [...resource.former, id]
}
