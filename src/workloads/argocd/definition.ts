import { sha256 } from '../../base/index.ts'
import type { Place, YamlPath } from '../../base/index.ts'
import { lineAt } from '../line-at.ts'
import type { Manifest, Manifests } from '../manifest.ts'
import { isClusterSecret } from '../manifest.ts'
import { groupVersion, nameOf, namespaceOf } from '../resource.ts'
import { asText } from '../value.ts'
import type { ValueMap } from '../value.ts'

/** An object that Argo CD acts on, as it would see it in its cluster. */
export interface Definition {
  readonly kind: 'Application' | 'ApplicationSet' | 'AppProject' | 'cluster' | 'argocd-cm' | 'pipeline'
  readonly object: ValueMap
  readonly manifest: Manifest
  /** The Application that applies it, or the ApplicationSet that makes it; `null`: somebody applies it by hand. */
  readonly parent: Definition | null
  /** Its own namespace; that of the Application that applies it, if it names none. */
  readonly namespace: string
  /** The kustomization by which somebody applies it, if that is not its own file. */
  readonly appliedBy?: string
}

/** @returns what an object is to Argo CD; `null` if nothing. */
export function kindOf(object: ValueMap): Definition['kind'] | null {
  const { group } = groupVersion(asText(object['apiVersion']) ?? '')
  const kind = asText(object['kind'])
  if (group === 'argoproj.io' && (kind === 'Application' || kind === 'ApplicationSet' || kind === 'AppProject')) return kind
  if (group === 'kargo.akuity.io' && (kind === 'Stage' || kind === 'PromotionTask' || kind === 'ClusterPromotionTask')) return 'pipeline'
  if (group === '' && kind === 'ConfigMap' && nameOf(object) === 'argocd-cm') return 'argocd-cm'
  return group === '' && isClusterSecret(object) ? 'cluster' : null
}

export function definitionOf(object: ValueMap, manifest: Manifest, parent: Definition | null, namespace: string): Definition | null {
  const kind = kindOf(object)
  return kind === null ? null : { kind, object, manifest, parent, namespace: namespaceOf(object) ?? namespace }
}

/** Where the object is written. Several definitions have one site where overlays change one file, or an ApplicationSet makes them. */
export function siteKey({ site }: Manifest): string {
  return [site.file, site.document, site.item ?? ''].join('\0')
}

/** The file that somebody applies, from which a definition comes. */
export function rootFile(definition: Definition): string {
  let root = definition
  while (root.parent !== null) root = root.parent
  return root.appliedBy ?? root.manifest.site.file
}

/** Tells definitions apart: whatever differs in content, site or origin is another. */
export function definitionKey(definition: Definition): string {
  const { parent } = definition
  const origin = parent === null ? '' : `${parent.kind} ${parent.namespace}/${nameOf(parent.object)}`
  const content = JSON.stringify(definition.object)
  // Keys are kept, and Applications of one set share what is long in them.
  return [origin, definition.namespace, siteKey(definition.manifest), content.length <= 1000 ? content : sha256(content)].join('\0')
}

/** In words: `Application argocd/istiod`. */
export function labelOf({ kind, object, namespace }: Definition): string {
  return `${kind === 'pipeline' ? (asText(object['kind']) ?? '') : kind} ${namespace}/${nameOf(object)}`
}

/** The line of a part of a definition; of a generated Application, the line in its template. */
export function placeOf(manifests: Manifests, definition: Definition, ...path: YamlPath): Place {
  const { site } = definition.manifest
  const made = definition.kind === 'Application' && definition.parent?.kind === 'ApplicationSet'
  const inObject = [...(made && path.length > 0 ? ['spec', 'template'] : []), ...path]
  return { file: site.file, line: lineAt(manifests, site, inObject), object: labelOf(definition) }
}
