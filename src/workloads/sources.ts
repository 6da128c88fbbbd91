import { parseYamlFile } from '../base/index.ts'
import { keptKey } from './inventory.ts'
import type { Inventory } from './inventory.ts'
import { isUnder, repositoryPath } from './source-tree.ts'
import type { Files } from './source-tree.ts'
import type { Site } from './types.ts'
import { asMap, asText, valueAt } from './value.ts'
import type { ValueMap } from './value.ts'

/** An object of Flux, as a file has it: nothing is built. */
export interface FluxObject {
  readonly object: ValueMap
  readonly site: Site
  lineOf(...path: readonly string[]): number
}

// Parsing every file would take seconds; what Flux reads says so in its apiVersion.
const groups = ['source.toolkit.fluxcd.io', 'kustomize.toolkit.fluxcd.io', 'fluxcd.controlplane.io']

/** Reads the objects of Flux in files below some folders. Files that are no YAML are passed over: a build reports them. */
export function readFluxObjects(files: Files, folders: readonly string[]): readonly FluxObject[] {
  return files.list().flatMap((file) => {
    if (!/\.(ya?ml|json)$/.test(file) || !folders.some((folder) => isUnder(file, folder))) return []
    const bytes = files.read(file)
    if (bytes === null || !groups.some((group) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(group))) return []
    return parseYamlFile(bytes, file).documents.flatMap((document) => {
      const object = asMap(document.value)
      if (object === null || !groups.some((group) => (asText(object['apiVersion']) ?? '').startsWith(`${group}/`))) return []
      return [
        {
          object,
          site: { file, document: document.index, line: document.lineOf([]) },
          lineOf: (...path: readonly string[]) => document.lineOf(path),
        },
      ]
    })
  })
}

/**
 * The `spec.ignore` of the source that a cluster builds from, as its file has it; `null` if it has none, or Git does not show it. What a build makes of
 * it counts more, but needs the files first.
 */
export function sourceIgnoreOf(
  files: Files,
  cluster: { readonly paths: readonly string[]; readonly source: { readonly kind: string; readonly name: string } },
): string | null {
  const folders = cluster.paths.map(repositoryPath)
  const source = readFluxObjects(files, folders).find(
    ({ object }) =>
      object['kind'] === cluster.source.kind &&
      valueAt(object, 'metadata', 'name') === cluster.source.name &&
      valueAt(object, 'spec', 'ignore') !== undefined,
  )
  return asText(valueAt(source?.object, 'spec', 'ignore'))
}

/** The `spec.ignore` of the cluster's source as Flux applies it; `null` if it has none, `undefined` if no Kustomization applies the source. */
export function builtSourceIgnore(
  { kept }: Pick<Inventory, 'kept'>,
  { kind, name }: { readonly kind: string; readonly name: string },
): string | null | undefined {
  const found =
    kept.get(keptKey('source.toolkit.fluxcd.io', kind, 'flux-system', name)) ??
    [...kept.values()].find(({ object, name: its }) => object['kind'] === kind && its === name)
  return found === undefined ? undefined : asText(valueAt(found.object, 'spec', 'ignore'))
}
