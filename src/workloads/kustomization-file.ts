import type { Place, YamlPath } from '../base/index.ts'
import type { Manifests } from './manifest.ts'
import type { Report } from './report.ts'
import { asList, asMap, asText } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/** A text or a map that a kustomization lists, and where it stands. */
export interface Entry<T> {
  readonly value: T
  /** Its line is looked up only when a finding needs it. */
  place(): Place
}

/** A kustomization as kustomize acts on it: read from its file, or made by Flux. */
export interface Kustomization {
  /** For messages and owners: its file, or the folder that Flux generates one for. */
  readonly file: string
  readonly folder: string
  readonly component: boolean
  readonly fields: ValueMap
  readonly resources: readonly Entry<string>[]
  readonly components: readonly Entry<string>[]
  /** Components that a Flux Kustomization adds behind the file's own. */
  readonly addedComponents: readonly Entry<string>[]
  readonly mergePatches: readonly Entry<Value>[]
  readonly patches: readonly Entry<ValueMap>[]
  readonly jsonPatches: readonly Entry<ValueMap>[]
  place(...path: YamlPath): Place
}

// konfig.RecognizedKustomizationFileNames
const fileNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

// types.Kustomization of api v0.21.1. Go reads keys in any case, and refuses unknown ones.
const knownFields = [
  ...['apiVersion', 'kind', 'metadata', 'openapi', 'namePrefix', 'nameSuffix', 'namespace', 'commonLabels', 'labels', 'commonAnnotations'],
  ...['patchesStrategicMerge', 'patchesJson6902', 'patches', 'images', 'imageTags', 'replacements', 'replicas', 'vars', 'sortOptions'],
  ...['resources', 'components', 'crds', 'bases', 'configMapGenerator', 'secretGenerator', 'helmGlobals', 'helmCharts'],
  ...['helmChartInflationGenerator', 'generatorOptions', 'configurations', 'generators', 'transformers', 'validators', 'buildMetadata'],
]
const canonical = new Map(knownFields.map((field) => [field.toLowerCase(), field]))

/** Where the kustomization of a folder may be. */
export function kustomizationPaths(folder: string): readonly string[] {
  return fileNames.map((name) => (folder === '' ? name : `${folder}/${name}`))
}

/** Whether kustomize takes a file of this path for a kustomization. */
export function isKustomizationPath(file: string): boolean {
  return fileNames.includes(file.slice(file.lastIndexOf('/') + 1))
}

/** The kustomization files of a folder: usually one or none; kustomize refuses several. */
export function kustomizationFilesIn(manifests: Manifests, folder: string): readonly string[] {
  return kustomizationPaths(folder).filter((path) => manifests.tree.hasFile(path))
}

/** Reads the kustomization of a folder. @returns `null` if there is none, or it cannot be read, which is reported. */
export function readKustomization(manifests: Manifests, folder: string, report: Report): Kustomization | null {
  const [file, ...more] = kustomizationFilesIn(manifests, folder)
  if (file === undefined) return null
  if (more.length > 0)
    report.add(invalid({ file, line: 1 }, 'a folder has several kustomization files', 'one kustomization file', [file, ...more].join(', ')))

  const [document, ...others] = manifests.documents(file)
  if (document === undefined) return null
  const place = (...path: YamlPath): Place => ({ file, line: manifests.lineOf(file, document.site.document, path) })
  const written = asMap(document.value)
  if (written === null || others.length > 0) {
    report.add(
      invalid(
        place(),
        'a kustomization file must hold one map',
        'one YAML document',
        others.length > 0 ? `${others.length + 1} documents` : 'no map',
      ),
    )
    return null
  }
  return makeKustomization(file, folder, canonicalFields(written, place, report), place)
}

/** A kustomization of given fields: what Flux writes into a folder that has none. */
export function makeKustomization(file: string, folder: string, fields: ValueMap, place: (...path: YamlPath) => Place): Kustomization {
  const entries = (field: string): readonly Entry<Value>[] =>
    asList(fields[field]).map((value, index) => ({ value, place: () => place(field, index) }))
  const texts = (field: string): readonly Entry<string>[] =>
    entries(field).flatMap((entry) => {
      const value = asText(entry.value)
      return value === null ? [] : [{ value, place: entry.place }]
    })
  const maps = (field: string): readonly Entry<ValueMap>[] =>
    entries(field).flatMap((entry) => {
      const value = asMap(entry.value)
      return value === null ? [] : [{ value, place: entry.place }]
    })
  return {
    file,
    folder,
    component: fields['kind'] === 'Component',
    fields,
    resources: [...texts('resources'), ...texts('bases')],
    components: texts('components'),
    addedComponents: [],
    mergePatches: entries('patchesStrategicMerge'),
    patches: maps('patches'),
    jsonPatches: maps('patchesJson6902'),
    place,
  }
}

function canonicalFields(written: ValueMap, place: Kustomization['place'], report: Report): ValueMap {
  const fields: Record<string, Value> = {}
  for (const [key, value] of Object.entries(written)) {
    const name = canonical.get(key.toLowerCase())
    if (name === undefined) {
      report.add(invalid(place(key), `kustomize has no field ${key}`, 'fields of kustomize.config.k8s.io', key))
      continue
    }
    if (Object.hasOwn(fields, name))
      report.add(invalid(place(key), `${name} is there twice, in other letters`, 'each field once: kustomize takes one of them', key))
    fields[name] = value
    reportShapes(name, value, (...path) => place(key, ...path), report)
  }
  const { apiVersion, kind } = fields
  const wanted = kind === 'Component' ? 'kustomize.config.k8s.io/v1alpha1' : 'kustomize.config.k8s.io/v1beta1'
  if ((kind !== undefined && kind !== 'Component' && kind !== 'Kustomization') || (apiVersion !== undefined && apiVersion !== wanted)) {
    report.add(
      invalid(
        place('kind'),
        'a kustomization of an unknown kind',
        `${wanted}, kind Kustomization or Component`,
        `${String(apiVersion)}, kind ${String(kind)}`,
      ),
    )
  }
  return fields
}

const textFields = new Set(['namespace', 'namePrefix', 'nameSuffix'])
const textMaps = new Set(['commonLabels', 'commonAnnotations'])
const mapFields = new Set(['openapi', 'metadata', 'sortOptions', 'generatorOptions', 'helmGlobals', 'apiVersion', 'kind'])
const textLists = new Set(['resources', 'bases', 'components', 'crds', 'configurations', 'generators', 'transformers', 'validators'])

/** Go refuses a value of another type than its field has; without this, what a list should name would be left out without a word. */
function reportShapes(field: string, value: Value, place: Kustomization['place'], report: Report): void {
  const refuse = (path: YamlPath, what: string, expected: string, found: Value): void =>
    report.add(invalid(place(...path), `${[field, ...path].join('.')} is ${what}`, expected, JSON.stringify(found)))
  const refuseScalars = (map: Value, path: YamlPath): void => {
    for (const [key, entry] of Object.entries(asMap(map) ?? {}))
      if (typeof entry !== 'string' && entry !== null) refuse([...path, key], 'not a string', 'a string, in quotes', entry)
  }
  if (value === null || mapFields.has(field)) return
  if (textFields.has(field)) {
    if (typeof value !== 'string') refuse([], 'not a string', 'a string, in quotes', value)
  } else if (textMaps.has(field)) refuseScalars(value, [])
  else if (!Array.isArray(value)) refuse([], 'not a list', 'a list', value)
  else {
    value.forEach((item: Value, index) => {
      if (textLists.has(field) && asText(item) === null)
        refuse([index], 'not a string', 'a path, in quotes if it looks like anything else', item)
      if (field === 'labels') refuseScalars(asMap(item)?.['pairs'], [index, 'pairs'])
    })
  }
}

function invalid(place: Place, message: string, expected: string, found: string): Parameters<Report['add']>[0] {
  return {
    id: 'workloads/kustomization',
    severity: 'error',
    place,
    message,
    expected,
    found,
    remedy: 'mend the file so that `kustomize build` of its folder succeeds',
  }
}
