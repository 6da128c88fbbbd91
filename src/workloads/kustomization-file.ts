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

/** The kustomization files of a folder: usually one or none; kustomize refuses several. */
export function kustomizationFilesIn(manifests: Manifests, folder: string): readonly string[] {
  return fileNames.map((name) => (folder === '' ? name : `${folder}/${name}`)).filter((path) => manifests.tree.hasFile(path))
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
    } else fields[name] = value
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
