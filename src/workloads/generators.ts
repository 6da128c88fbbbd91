import type { Kustomization } from './kustomization-file.ts'
import type { Manifests } from './manifest.ts'
import { makeResource } from './resource.ts'
import type { Resource } from './resource.ts'
import { resolvePath } from './source-tree.ts'
import { asList, asMap, asText, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/** The `kind` that a Secret made by a `secretGenerator` is told by. */
export const generatedMark = 'kustomize.config.k8s.io/generated'

/**
 * The ConfigMaps and Secrets that a kustomization generates, under their names without the hash of their content: nothing here needs the hash,
 * and HelmReleases refer to them by that name in Git. Content is kept of ConfigMaps only.
 */
export function generatedObjects(kustomization: Kustomization, manifests: Manifests): readonly Resource[] {
  const of = (field: 'configMapGenerator' | 'secretGenerator', kind: string): Resource[] =>
    asList(kustomization.fields[field]).flatMap((entry, index) => {
      const args = asMap(entry)
      const name = asText(args?.['name'])
      if (args === null || name === null) return []
      const namespace = asText(args['namespace'])
      const labels = asMap(valueAt(args, 'options', 'labels')) ?? {}
      const metadata = { name, ...(namespace === null ? {} : { namespace }), labels, annotations: { [generatedMark]: 'true' } }
      const data = kind === 'ConfigMap' ? { data: contentOf(args, kustomization.folder, manifests) } : {}
      const place = kustomization.place(field, index)
      const site = { file: place.file ?? kustomization.file, document: 0, line: place.line ?? 1 }
      return [makeResource({ object: { apiVersion: 'v1', kind, metadata, ...data }, site, sealed: false, documents: 1 })]
    })
  return [...of('configMapGenerator', 'ConfigMap'), ...of('secretGenerator', 'Secret')]
}

function contentOf(args: ValueMap, folder: string, manifests: Manifests): ValueMap {
  const data: Record<string, Value> = {}
  for (const literal of asList(args['literals'])) {
    const text = asText(literal) ?? ''
    const at = text.indexOf('=')
    if (at > 0) data[text.slice(0, at)] = text.slice(at + 1)
  }
  for (const entry of asList(args['files'])) {
    const text = asText(entry) ?? ''
    const at = text.indexOf('=')
    const written = text.slice(at + 1)
    const file = resolvePath(folder, written)
    const bytes = file === null ? null : manifests.tree.read(file)
    if (bytes !== null) data[at > 0 ? text.slice(0, at) : (written.split('/').at(-1) ?? written)] = new TextDecoder().decode(bytes)
  }
  return data
}
