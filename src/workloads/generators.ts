import type { Place, YamlPath } from '../base/index.ts'
import type { Kustomization } from './kustomization-file.ts'
import type { Manifests } from './manifest.ts'
import type { Report } from './report.ts'
import { makeResource } from './resource.ts'
import type { Resource } from './resource.ts'
import { resolvePath } from './source-tree.ts'
import type { Site } from './types.ts'
import { asList, asMap, asText, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/** The annotation, of our own, by which what a generator made is told. */
export const generatedMark = 'kustomize.config.k8s.io/generated'

/** An object that a kustomization generates, and what becomes of one that is there already. */
export interface Generated {
  readonly resource: Resource
  /** `create` is what no `behavior` means, too. */
  readonly behavior: 'create' | 'merge' | 'replace'
  place(): Place
}

/**
 * The ConfigMaps and Secrets that a kustomization generates, under their names without the hash of their content: nothing here needs the hash,
 * and HelmReleases refer to them by that name in Git. Content is kept of ConfigMaps only.
 */
export function generatedObjects(kustomization: Kustomization, manifests: Manifests, report: Report): readonly Generated[] {
  const of = (field: 'configMapGenerator' | 'secretGenerator', kind: string): Generated[] =>
    asList(kustomization.fields[field]).flatMap((entry, index) => {
      const args = asMap(entry)
      const name = asText(args?.['name'])
      if (args === null || name === null) return []
      const namespace = asText(args['namespace'])
      // The kustomization's own options are for all, and those of an entry go over them.
      const options = [kustomization.fields['generatorOptions'], args['options']]
      const entries = (which: 'labels' | 'annotations'): ValueMap =>
        Object.assign({}, ...options.map((one) => asMap(asMap(one)?.[which]))) as ValueMap
      const metadata = {
        name,
        ...(namespace === null ? {} : { namespace }),
        labels: entries('labels'),
        annotations: { ...entries('annotations'), [generatedMark]: 'true' },
      }
      const place = (...path: YamlPath): Place => kustomization.place(field, index, ...path)
      const data = kind === 'ConfigMap' ? { data: contentOf({ args, folder: kustomization.folder, manifests, report, place }) } : {}
      const { behavior } = args
      return [
        {
          resource: makeResource({
            object: { apiVersion: 'v1', kind, metadata, ...data },
            site: siteOf(kustomization, place()),
            sealed: false,
            documents: 1,
          }),
          behavior: behavior === 'merge' || behavior === 'replace' ? behavior : 'create',
          place,
        },
      ]
    })
  return [...of('configMapGenerator', 'ConfigMap'), ...of('secretGenerator', 'Secret')]
}

function siteOf(kustomization: Kustomization, place: Place): Site {
  return { file: place.file ?? kustomization.file, document: 0, line: place.line ?? 1 }
}

/** What `merge` and `replace` make of an object that is there (api v0.21.1, resmap/reswrangler.go, appendReplaceOrMerge). */
export function absorbed(old: ValueMap, made: ValueMap, behavior: 'merge' | 'replace'): ValueMap {
  const both = (field: string, ...at: readonly string[]): ValueMap => ({
    ...asMap(valueAt(old, ...at, field)),
    ...asMap(valueAt(made, ...at, field)),
  })
  const metadata = { ...asMap(old['metadata']), labels: both('labels', 'metadata'), annotations: both('annotations', 'metadata') }
  return {
    ...made,
    metadata,
    ...(behavior === 'merge' && (made['data'] !== undefined || old['data'] !== undefined) ? { data: both('data') } : {}),
  }
}

interface Reading {
  readonly args: ValueMap
  readonly folder: string
  readonly manifests: Manifests
  readonly report: Report
  place(...path: YamlPath): Place
}

/** kustomize's order is that of its loader (kv/kv.go); a key that comes twice is refused there. */
function contentOf(reading: Reading): ValueMap {
  const { args } = reading
  const data: Record<string, Value> = {}
  const env = asText(args['env'])
  const envs = [
    ...asList(args['envs']).map((entry, index) => [entry, ['envs', index]] as const),
    ...(env === null ? [] : [[env, ['env']] as const]),
  ]
  for (const [entry, path] of envs) Object.assign(data, variablesIn(textOf(reading, asText(entry) ?? '', path) ?? ''))
  for (const literal of asList(args['literals'])) {
    const text = asText(literal) ?? ''
    const at = text.indexOf('=')
    if (at > 0) data[text.slice(0, at)] = withoutQuotes(text.slice(at + 1))
  }
  asList(args['files']).forEach((entry, index) => {
    const text = asText(entry) ?? ''
    const at = text.indexOf('=')
    const written = text.slice(at + 1)
    const content = textOf(reading, written, ['files', index])
    if (content !== null) data[at > 0 ? text.slice(0, at) : (written.split('/').at(-1) ?? written)] = content
  })
  return data
}

function textOf({ folder, manifests, report, place }: Reading, written: string, path: YamlPath): string | null {
  const file = resolvePath(folder, written)
  const bytes = file === null ? null : manifests.tree.read(file)
  if (bytes !== null) return new TextDecoder().decode(bytes)
  report.add({
    id: 'workloads/missing-file',
    severity: 'error',
    place: place(...path),
    message: 'a file that a ConfigMap is generated from is not there',
    expected: 'a file of this repository',
    found: written,
    remedy: 'correct the path so that `kustomize build` succeeds, or add the file',
  })
  return null
}

/** Lines of `KEY=value`. Without `=`, kustomize takes an empty value. */
function variablesIn(text: string): ValueMap {
  const data: Record<string, Value> = {}
  for (const line of text.split(/\r?\n/).map((one) => one.trimStart())) {
    const at = line.indexOf('=')
    if (line !== '' && !line.startsWith('#')) data[at === -1 ? line : line.slice(0, at)] = at === -1 ? '' : line.slice(at + 1)
  }
  return data
}

function withoutQuotes(text: string): string {
  return /^(['"])[^]*\1$/.test(text) && text.length > 1 ? text.slice(1, -1) : text
}
