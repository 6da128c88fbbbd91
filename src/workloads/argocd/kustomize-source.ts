import type { Finding, Place } from '../../base/index.ts'
import { withImageArguments } from '../images.ts'
import { kustomizationFilesIn, readKustomization } from '../kustomization-file.ts'
import type { Entry, Kustomization } from '../kustomization-file.ts'
import { buildKustomization } from '../kustomize.ts'
import type { Manifests } from '../manifest.ts'
import type { Report } from '../report.ts'
import type { Resource } from '../resource.ts'
import { resolvePath } from '../source-tree.ts'
import { asList, asMap, asText, textMap } from '../value.ts'
import type { Value, ValueMap } from '../value.ts'
import type { Application, ApplicationSource } from './application.ts'
import { environment } from './chart-values.ts'

/**
 * The objects of a source of type kustomize: the folder's kustomization, with the options of the Application written into it as Argo CD does
 * with `kustomize edit` (v3.5.1, util/kustomize/kustomize.go, Build).
 */
export function kustomizeResources(
  manifests: Manifests,
  application: Application,
  source: ApplicationSource,
  report: Report,
): readonly Resource[] {
  const folder = source.path ?? ''
  const own = readKustomization(manifests, folder, report)
  if (own === null) {
    if (kustomizationFilesIn(manifests, folder).length === 0) report.add(noKustomization(application, source))
    return []
  }
  const options = asMap(source.spec['kustomize'])
  const kustomization = options === null ? own : withOptions(manifests, own, options, application, source)
  return buildKustomization({ manifests, report, ksops: true }, kustomization, false)
}

/** Names and namespace replace those of the file; labels, annotations, patches and components go behind. */
function withOptions(
  manifests: Manifests,
  base: Kustomization,
  options: ValueMap,
  application: Application,
  source: ApplicationSource,
): Kustomization {
  const at = (field: string, index: number) => (): Place => application.place(...source.at, 'kustomize', field, index)
  const listed = base.components.map(({ value }) => value)
  const missingIsFine = options['ignoreMissingComponents'] === true
  const components = asList(options['components']).flatMap((entry, index): readonly Entry<string>[] => {
    const value = asText(entry)
    // `edit add component` passes over what is listed already.
    if (value === null || listed.includes(value)) return []
    if (missingIsFine && !manifests.tree.hasFolder(resolvePath(base.folder, value) ?? '..')) return []
    return [{ value, place: at('components', index) }]
  })
  const patches = asList(options['patches']).flatMap((entry, index): readonly Entry<ValueMap>[] => {
    const value = asMap(entry)
    return value === null ? [] : [{ value, place: at('patches', index) }]
  })
  return {
    ...base,
    fields: withFields(base.fields, options, (text) => environment(text, application, source)),
    addedComponents: components,
    patches: [...base.patches, ...patches],
  }
}

function withFields(before: ValueMap, options: ValueMap, filledIn: (text: string) => string): ValueMap {
  const fields: Record<string, Value> = { ...before }
  for (const field of ['namePrefix', 'nameSuffix', 'namespace']) {
    const value = asText(options[field])
    if (value !== null) fields[field] = value
  }
  const images = asList(options['images']).flatMap((image) => asText(image) ?? [])
  if (images.length > 0) fields['images'] = withImageArguments(asList(before['images']), images.map(filledIn))
  const labels = asMap(options['commonLabels'])
  if (labels !== null && Object.keys(labels).length > 0) {
    // RUN with kustomize 5.8.1: `edit add label` writes `commonLabels`; `--without-selector` writes an entry of `labels`.
    if (options['labelWithoutSelector'] === true)
      fields['labels'] = [...asList(before['labels']), { pairs: labels, includeTemplates: options['labelIncludeTemplates'] === true }]
    else fields['commonLabels'] = { ...textMap(before['commonLabels']), ...textMap(labels) }
  }
  const annotations = asMap(options['commonAnnotations'])
  if (annotations !== null) fields['commonAnnotations'] = { ...textMap(before['commonAnnotations']), ...textMap(annotations) }
  return fields
}

function noKustomization(application: Application, source: ApplicationSource): Finding {
  return {
    id: 'argocd/application',
    severity: 'error',
    place: application.place(...source.at, 'kustomize'),
    message: 'it asks for kustomize, but its folder has no kustomization file',
    expected: 'a kustomization.yaml',
    found: source.path === '' ? '(the repository’s root)' : (source.path ?? ''),
    remedy: 'add the file, or take spec.source.kustomize out of the Application',
  }
}

/** Files that a build of a folder may read, as far as bases and components go: enough to tell whether some word occurs in what it makes. */
export function filesReached(manifests: Manifests, folder: string): ReadonlySet<string> {
  return filesReachedFrom(manifests, [folder])
}

/** The same of several folders together. */
export function filesReachedFrom(manifests: Manifests, from: readonly string[]): ReadonlySet<string> {
  const files = new Set<string>()
  const folders = new Set<string>()
  // Not a call for each folder: bases may stand on each other by the thousand. The next to visit is the last.
  const waiting = from.filter((folder) => manifests.tree.hasFolder(folder))
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (manifests.tree.hasFile(at)) files.add(at)
    else if (manifests.tree.hasFolder(at) && !folders.has(at)) {
      folders.add(at)
      for (const entry of manifests.tree.entries(at)) if (!entry.folder) files.add(entry.path)
      for (const path of listedIn(manifests, at).toReversed()) waiting.push(path)
    }
  }
  return files
}

/** Paths that the kustomization of a folder lists, as far as they do not leave the repository. */
export function listedIn(manifests: Manifests, folder: string): readonly string[] {
  const [file] = kustomizationFilesIn(manifests, folder)
  const fields = asMap(file === undefined ? null : manifests.documents(file)[0]?.value)
  return ['resources', 'bases', 'components', 'generators'].flatMap((field) =>
    asList(fields?.[field]).flatMap((entry) => resolvePath(folder, asText(entry) ?? '..') ?? []),
  )
}
