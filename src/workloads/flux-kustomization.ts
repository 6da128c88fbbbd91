import type { Place, YamlPath } from '../base/index.ts'
import { withFluxImages } from './images.ts'
import { kustomizationFilesIn, makeKustomization, readKustomization } from './kustomization-file.ts'
import type { Entry, Kustomization } from './kustomization-file.ts'
import { lineAt } from './line-at.ts'
import type { Manifests } from './manifest.ts'
import type { Report } from './report.ts'
import { groupVersion, nameOf, namespaceOf } from './resource.ts'
import type { Resource } from './resource.ts'
import { isUnder, repositoryPath, resolvePath } from './source-tree.ts'
import type { FluxKustomizationFacts, Site } from './types.ts'
import { asList, asMap, asText, textMap, valueAt, withValueAt } from './value.ts'
import type { ValueMap } from './value.ts'

/** A Flux Kustomization: what the order of things depends on, and its spec. */
export interface FluxKustomization {
  readonly controller: FluxKustomizationFacts
  readonly spec: ValueMap
  /** Line of a part of it, for findings. */
  place(...path: YamlPath): Place
}

export const kustomizeGroup = 'kustomize.toolkit.fluxcd.io'

export function isFluxKustomization(object: ValueMap): boolean {
  return object['kind'] === 'Kustomization' && groupVersion(asText(object['apiVersion']) ?? '').group === kustomizeGroup
}

/** Reads a Flux Kustomization that a build has made. */
export function readFluxKustomization(manifests: Manifests, resource: Resource): FluxKustomization {
  const { object, manifest } = resource
  const spec = asMap(object['spec']) ?? {}
  const namespace = namespaceOf(object) ?? 'default'
  const { site } = manifest
  return {
    controller: {
      type: 'flux',
      id: `${namespace}/${nameOf(object)}`,
      name: nameOf(object),
      namespace,
      site,
      path: repositoryPath(asText(spec['path']) ?? ''),
      source: {
        kind: asText(valueAt(spec, 'sourceRef', 'kind')) ?? '',
        name: asText(valueAt(spec, 'sourceRef', 'name')) ?? '',
        namespace: asText(valueAt(spec, 'sourceRef', 'namespace')) ?? namespace,
      },
      // With a readyExpr Flux evaluates only that, and compares no revisions: it orders nothing within a commit (facts: gitops.md 4.1).
      dependsOn: asList(spec['dependsOn'])
        .filter((entry) => valueAt(entry, 'readyExpr') === undefined)
        .map((entry) => `${asText(valueAt(entry, 'namespace')) ?? namespace}/${asText(valueAt(entry, 'name')) ?? ''}`),
      wait: spec['wait'] === true,
      suspended: spec['suspend'] === true,
      decryption:
        asText(valueAt(spec, 'decryption', 'provider')) === 'sops'
          ? { secret: asText(valueAt(spec, 'decryption', 'secretRef', 'name')) }
          : null,
    },
    spec,
    place: (...path) => ({ file: site.file, line: lineAt(manifests, site, path) }),
  }
}

/** The Kustomization of a path that Git does not show: what `flux bootstrap` makes. */
export function assumedKustomization(
  path: string,
  { source, paths }: { readonly source: { readonly kind: string; readonly name: string }; readonly paths: readonly string[] },
): FluxKustomization {
  const site: Site = { file: path === '' ? '.' : path, document: 0, line: 1 }
  const id = `flux-system/${source.name}`
  return {
    controller: {
      type: 'flux',
      // Several paths have several Kustomizations, and only one of them can have this name.
      id: paths.length === 1 ? id : `${id} (${site.file})`,
      name: source.name,
      namespace: 'flux-system',
      site,
      path: repositoryPath(path),
      source: { ...source, namespace: 'flux-system' },
      dependsOn: [],
      wait: false,
      suspended: false,
      decryption: null,
    },
    spec: {},
    place: () => ({ file: site.file }),
  }
}

/**
 * The kustomization that Flux builds for a Kustomization object: the folder's own, or one generated over its manifests, with the object's spec
 * written into it (github.com/fluxcd/pkg/kustomize v1.35.4, GenerateManifest).
 * @returns `null` if there is nothing to build, which is reported.
 */
export function kustomizationFor(
  manifests: Manifests,
  flux: FluxKustomization,
  report: Report,
): { readonly kustomization: Kustomization; readonly generated: boolean } | null {
  const { path } = flux.controller
  if (!manifests.tree.hasFolder(path)) {
    report.add({
      id: 'flux/path-missing',
      severity: 'error',
      place: { ...flux.place('spec', 'path'), object: `Kustomization ${flux.controller.id}` },
      message: 'the folder that this Kustomization builds does not exist: .sourceignore may hide it, and Flux leaves symbolic links out',
      expected: 'a folder of this repository',
      found: path === '' ? '(the repository’s root)' : path,
      remedy: 'correct spec.path',
    })
    return null
  }
  const own = readKustomization(manifests, path, report)
  if (own === null && kustomizationFilesIn(manifests, path).length > 0) return null // empty, or reported
  const kustomization = own ?? generated(manifests, path, report)
  return { kustomization: withSpec(manifests, kustomization, flux), generated: own === null }
}

/** What Flux generates for a folder without a kustomization: every manifest below it, and sub-folders that have one as they are. */
function generated(manifests: Manifests, folder: string, report: Report): Kustomization {
  const resources: string[] = []
  const visit = (at: string): void => {
    const entries = manifests.tree.entries(at)
    if (
      reportChart(
        at,
        entries.map((entry) => entry.name),
        report,
      )
    )
      return
    for (const entry of entries) {
      const fromFolder = folder === '' ? entry.path : entry.path.slice(folder.length + 1)
      if (!entry.folder && /\.ya?ml$/.test(entry.name)) resources.push(fromFolder)
      else if (entry.folder && kustomizationFilesIn(manifests, entry.path).length > 0) resources.push(fromFolder)
      else if (entry.folder) visit(entry.path)
    }
  }
  visit(folder)
  const file = folder === '' ? 'kustomization.yaml' : `${folder}/kustomization.yaml`
  return makeKustomization(file, folder, { resources }, (_field, index) => {
    const resource = typeof index === 'number' ? resources[index] : undefined
    return { file: resource === undefined ? folder : [folder, resource].filter((part) => part !== '').join('/'), line: 1 }
  })
}

function reportChart(folder: string, names: readonly string[], report: Report): boolean {
  if (!names.includes('Chart.yaml')) return false
  report.add({
    id: 'workloads/chart-folder',
    severity: 'error',
    place: { file: `${folder}/Chart.yaml`, line: 1 },
    message: 'Flux reads this folder as plain manifests, but it holds a Helm chart',
    expected: 'Kubernetes manifests',
    found: 'Chart.yaml',
    remedy: 'list the chart’s folder in .sourceignore, or move it out of the path: Flux refuses the whole path because of it',
  })
  return true
}

/** Writes the object's spec into the kustomization, as Flux does: names and namespace replace, patches and components go behind. */
function withSpec(manifests: Manifests, base: Kustomization, { spec, place }: FluxKustomization): Kustomization {
  const fields: Record<string, unknown> = { ...base.fields }
  for (const [from, to] of [
    ['targetNamespace', 'namespace'],
    ['namePrefix', 'namePrefix'],
    ['nameSuffix', 'nameSuffix'],
  ] as const) {
    if (typeof spec[from] === 'string') fields[to] = spec[from]
  }
  if (spec['images'] !== undefined) fields['images'] = withFluxImages(asList(fields['images']), asList(spec['images']))
  const entries = <T>(field: string, convert: (value: unknown) => T | null): Entry<T>[] =>
    asList(spec[field]).flatMap((value, index) => {
      const converted = convert(value)
      return converted === null ? [] : [{ value: converted, place: () => place('spec', field, index) }]
    })
  const missingIsFine = spec['ignoreMissingComponents'] === true
  const components = entries('components', asText).filter(
    ({ value }) => !missingIsFine || manifests.tree.hasFolder(resolvePath(base.folder, value) ?? '..'),
  )
  const withoutPath = (value: unknown): ValueMap | null => {
    const map = asMap(value)
    return map === null ? null : { patch: map['patch'], target: map['target'] }
  }
  return {
    ...base,
    fields,
    addedComponents: components,
    mergePatches: [...base.mergePatches, ...entries('patchesStrategicMerge', asMap)],
    patches: [...base.patches, ...entries('patches', withoutPath)],
    jsonPatches: [
      ...base.jsonPatches,
      ...entries('patchesJson6902', (value) => {
        const map = asMap(value)
        return map === null ? null : { patch: JSON.stringify(map['patch']), target: map['target'] }
      }),
    ],
  }
}

/** The labels and annotations that Flux sets on all that a Kustomization applies (kustomize-controller v1.9.4, SetCommonMetadata): not in templates. */
export function withCommonMetadata(object: ValueMap, { spec }: FluxKustomization): ValueMap {
  let made = object
  for (const field of ['labels', 'annotations']) {
    const common = textMap(valueAt(spec, 'commonMetadata', field))
    if (Object.keys(common).length > 0) made = withValueAt(made, ['metadata', field], (before) => ({ ...asMap(before), ...common }))
  }
  return made
}

/** Whether a Kustomization builds from reroot's own folder. */
export function isOwn(flux: FluxKustomization, ignore: string): boolean {
  const folder = repositoryPath(ignore)
  return folder !== '' && isUnder(flux.controller.path, folder)
}
