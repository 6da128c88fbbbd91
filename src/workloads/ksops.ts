import { parseYamlFile } from '../base/index.ts'
import type { Kustomization } from './kustomization-file.ts'
import type { Manifest, Manifests } from './manifest.ts'
import type { Report } from './report.ts'
import { groupVersion, makeResource } from './resource.ts'
import type { Resource } from './resource.ts'
import { resolvePath } from './source-tree.ts'
import { asList, asMap, asText, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/** Whether an object is a generator of KSOPS (v4.5.1, `viaduct.ai/v1`, kind ksops), which unseals what it names. */
export function isKsops(value: Value): boolean {
  const object = asMap(value)
  return object?.['kind'] === 'ksops' && groupVersion(asText(object['apiVersion']) ?? '').group === 'viaduct.ai'
}

/**
 * What the KSOPS generators of a kustomization make: under `files` each sealed document as it is, with its metadata; under `secretFrom` a Secret
 * with the metadata that is given there (facts: gitops.md §5.1). Paths are those of the kustomization's folder.
 */
export function ksopsResources(kustomization: Kustomization, manifests: Manifests, report: Report): readonly Resource[] {
  return asList(kustomization.fields['generators']).flatMap((entry, index) => {
    const place = kustomization.place('generators', index)
    const site = { file: place.file ?? kustomization.file, document: 0, line: place.line ?? 1 }
    return generatorsOf(entry, kustomization.folder, manifests).flatMap((generator) => [
      ...asList(generator['files']).flatMap((file) => unsealed(asText(file) ?? '', kustomization, manifests, report)),
      ...asList(generator['secretFrom']).map((written) => {
        const object = { apiVersion: 'v1', kind: 'Secret', metadata: asMap(valueAt(written, 'metadata')) ?? {} }
        return marked({ object, site, sealed: false, documents: 1 }, kustomization, 'secretFrom')
      }),
    ])
  })
}

/** The documents that an entry of `generators` names, or holds. */
function generatorsOf(entry: Value, folder: string, manifests: Manifests): readonly ValueMap[] {
  const written = asText(entry) ?? ''
  const file = resolvePath(folder, written)
  const documents =
    file !== null && manifests.tree.hasFile(file)
      ? manifests.documents(file)
      : parseYamlFile(new TextEncoder().encode(written), '').documents
  return documents.flatMap((document) => {
    const object = asMap(document.value)
    return object !== null && isKsops(object) ? [object] : []
  })
}

function unsealed(written: string, kustomization: Kustomization, manifests: Manifests, report: Report): readonly Resource[] {
  const file = resolvePath(kustomization.folder, written)
  if (file === null || !manifests.tree.hasFile(file)) {
    report.add({
      id: 'workloads/missing-file',
      severity: 'error',
      place: kustomization.place('generators'),
      message: 'a KSOPS generator names a file that does not exist',
      expected: 'a file of this repository, from the folder of the kustomization',
      found: written,
      remedy: 'correct the path so that `kustomize build` succeeds',
    })
    return []
  }
  return manifests.objects(file).map((manifest) => marked(manifest, kustomization, 'files'))
}

function marked(manifest: Manifest, { file }: Kustomization, from: 'files' | 'secretFrom'): Resource {
  return makeResource({ ...manifest, ksops: { kustomization: file, from } })
}
