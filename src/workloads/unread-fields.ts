import { parseYamlFile } from '../base/index.ts'
import type { Kustomization } from './kustomization-file.ts'
import type { Build } from './kustomize.ts'
import { isIstiod } from './pod-owner.ts'
import type { Resource } from './resource.ts'
import { makeSelection } from './selector.ts'
import { resolvePath } from './source-tree.ts'
import { asList, asMap, asText, valueAt } from './value.ts'
import type { Value } from './value.ts'

// Built-in plugins that leave names, namespaces, labels and pod annotations alone.
const harmless = new Set(['ImageTagTransformer', 'ReplicaCountTransformer', 'ConfigMapGenerator', 'SecretGenerator', 'HashTransformer'])
// Keys of a transformer configuration that only say where references stand.
const references = new Set(['nameReference', 'varReference', 'images', 'replicas'])
// Of any object: who it is, and whether its pods are in the mesh.
const reachable = /^(apiVersion|kind|metadata|spec[./](jobTemplate[./]spec[./])?template[./](metadata|spec[./]hostNetwork))\b/
// What holds one of these as a whole, or may mean it.
const above =
  /^spec([./](jobTemplate([./]spec([./]template([./]spec)?)?)?|template([./]spec)?))?$|^spec[./](jobTemplate[./]spec[./])?(template[./])?\*/
// istiod's image is its version, and its environment has its settings.
const inIstiod = /^spec[./]template[./]spec[./]containers([./](\[name=discovery\]|[^[./][^./]*)([./](image|env)\b.*)?)?$/
const whole = /^spec\b(?![./](interval|retryInterval|timeout)\b)/

// Of objects that say what is applied, where, and with which values: what reroot reads.
const readOf = new Map<string, RegExp>([
  ...['Kustomization', 'HelmRelease', 'GitRepository', 'OCIRepository', 'HelmRepository', 'HelmChart', 'Bucket'].map(
    (kind) => [kind, whole] as const,
  ),
  ...['Application', 'ApplicationSet'].map(
    (kind) => [kind, /^spec[./](template[./]spec[./])?(sources?|destination|generators)\b/] as const,
  ),
  ...['Gateway', 'GatewayClass', 'IstioOperator', 'Istio', 'ZTunnel', 'IstioRevision', 'IstioRevisionTag', 'Canary'].map(
    (kind) => [kind, whole] as const,
  ),
  ['ConfigMap', /^(data|binaryData)\b/],
  ['MutatingWebhookConfiguration', /^webhooks\b/],
])

/**
 * Reports fields of a kustomization that may change workloads in ways that reroot does not follow. What cannot is passed over.
 * @param made what the kustomization builds.
 */
export function reportUnread(build: Build, kustomization: Kustomization, made: readonly Resource[]): void {
  const { fields } = kustomization
  for (const field of [
    'generators',
    'transformers',
    'helmCharts',
    'helmChartInflationGenerator',
    'replacements',
    'configurations',
  ] as const) {
    asList(fields[field]).forEach((entry, index) => {
      const found = effectOf(build, kustomization, field, entry, made)
      if (found === null) return
      build.report.add({
        id: 'workloads/kustomization-unread',
        severity: 'error',
        place: kustomization.place(field, index),
        message: `reroot does not follow ${field}, which may add or change workloads`,
        expected: 'resources, components, patches, names, namespaces, labels and annotations',
        found,
        remedy:
          'commit what it makes as plain manifests; or name the namespaces of its workloads in reroot.yaml: restarts.namespaces, and accept this finding with a reason',
      })
    })
  }
}

/** @returns what an entry may do to workloads, or `null` if nothing. */
function effectOf(build: Build, kustomization: Kustomization, field: string, entry: Value, made: readonly Resource[]): string | null {
  switch (field) {
    case 'replacements':
      return replacementEffect(build, kustomization, entry, made)
    case 'configurations':
      return configurationEffect(build, kustomization, entry)
    case 'generators':
    case 'transformers':
      return pluginEffect(build, kustomization, entry)
    default:
      return `${field}: ${asText(asMap(entry)?.['name']) ?? 'a chart'}`
  }
}

function documentsOf(build: Build, kustomization: Kustomization, written: string): readonly Value[] | null {
  const file = resolvePath(kustomization.folder, written)
  return file === null || !build.manifests.tree.hasFile(file) ? null : build.manifests.documents(file).map((document) => document.value)
}

function pluginEffect(build: Build, kustomization: Kustomization, entry: Value): string | null {
  const written = asText(entry) ?? ''
  const values = documentsOf(build, kustomization, written) ?? (build.ksops === true ? inlineDocuments(written) : null)
  const kinds =
    values === null ? [/^kind:\s*(\S+)/m.exec(written)?.[1] ?? written] : values.map((value) => asText(asMap(value)?.['kind']) ?? 'unknown')
  const effective = kinds.filter((kind) => !harmless.has(kind) && !(build.ksops === true && kind === 'ksops'))
  return effective.length === 0 ? null : effective.join(', ')
}

/** A plugin may stand in the kustomization itself. @returns `null` if it does not. */
function inlineDocuments(written: string): readonly Value[] | null {
  const values = parseYamlFile(new TextEncoder().encode(written), '').documents.map((document) => document.value)
  return values.length > 0 && values.every((value) => asMap(value) !== null) ? values : null
}

function configurationEffect(build: Build, kustomization: Kustomization, entry: Value): string | null {
  const values = documentsOf(build, kustomization, asText(entry) ?? '')
  if (values === null) return String(entry)
  const keys = values.flatMap((value) => Object.keys(asMap(value) ?? {})).filter((key) => !references.has(key))
  return keys.length === 0 ? null : keys.join(', ')
}

function replacementEffect(build: Build, kustomization: Kustomization, entry: Value, made: readonly Resource[]): string | null {
  const path = asText(asMap(entry)?.['path'])
  const replacements =
    path === null
      ? [entry]
      : (documentsOf(build, kustomization, path) ?? [entry]).flatMap((value): readonly Value[] => (Array.isArray(value) ? value : [value]))
  const effective = replacements
    .flatMap((replacement) => asList(asMap(replacement)?.['targets']))
    .flatMap((target) => {
      const selection = makeSelection(asMap(valueAt(target, 'select')) ?? {})
      const read = [...readOf].flatMap(([kind, path]) => (selection.mayMeanKind(kind) ? [path] : []))
      if (made.some((resource) => isIstiod(resource.object) && selection.mayMean(resource))) read.push(inIstiod)
      // Without a path it is the name of the object.
      const paths = asList(asMap(target)?.['fieldPaths']).map(String)
      return (paths.length === 0 ? ['metadata.name'] : paths).filter((path) => [reachable, above, ...read].some((one) => one.test(path)))
    })
  return effective.length === 0 ? null : effective.join(', ')
}
