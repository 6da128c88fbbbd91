import { parseYamlFile } from '../base/index.ts'
import type { Place } from '../base/index.ts'
import { applyJsonPatch } from './json-patch.ts'
import type { Entry, Kustomization } from './kustomization-file.ts'
import type { Manifests } from './manifest.ts'
import { indexTargets } from './patch-targets.ts'
import type { PatchTargets } from './patch-targets.ts'
import type { Report } from './report.ts'
import { withoutProbe } from './probe.ts'
import { groupVersion, idKey, idOf, nameOf, namespaceOf, rememberId } from './resource.ts'
import type { Resource } from './resource.ts'
import { makeSelector } from './selector.ts'
import { settleShared } from './shared-entries.ts'
import { resolvePath } from './source-tree.ts'
import { strategicMerge } from './strategic-merge.ts'
import { asMap, asText, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

interface Patching {
  readonly manifests: Manifests
  readonly report: Report
  readonly folder: string
  readonly targets: PatchTargets
  /** The field `patchesJson6902` forgets the id that an object had before; `patches` does not. */
  readonly legacy: boolean
}

type Content =
  | { readonly kind: 'merge'; readonly patches: readonly ValueMap[] }
  | { readonly kind: 'json'; readonly operations: readonly Value[] }

/** Applies `patchesStrategicMerge` and then `patches` of a kustomization: kustomize's first two transformers. */
export function applyPatches(manifests: Manifests, report: Report, kustomization: Kustomization, resources: readonly Resource[]): void {
  if (kustomization.mergePatches.length + kustomization.patches.length === 0) return
  const patching: Patching = { manifests, report, folder: kustomization.folder, targets: indexTargets(resources), legacy: false }
  for (const entry of kustomization.mergePatches) {
    const content = legacyContent(patching, entry)
    for (const patch of content?.kind === 'merge' ? content.patches : []) applyByName(patching, withTextMetadata(patch), null, entry)
  }
  for (const entry of kustomization.patches) applyEntry(patching, entry)
}

/** Applies `patchesJson6902`, which kustomize does after names and labels have changed. */
export function applyJsonPatches(manifests: Manifests, report: Report, kustomization: Kustomization, resources: readonly Resource[]): void {
  if (kustomization.jsonPatches.length === 0) return
  const patching: Patching = { manifests, report, folder: kustomization.folder, targets: indexTargets(resources), legacy: true }
  for (const entry of kustomization.jsonPatches) applyEntry(patching, entry)
}

function applyEntry(patching: Patching, entry: Entry<ValueMap>): void {
  const content = contentOf(patching, entry)
  if (content === null) return
  const target = asMap(entry.value['target'])
  const options = asMap(entry.value['options'])
  if (target === null) {
    if (content.kind === 'json') refuse(patching, entry.place(), 'a JSON patch needs a target', 'target: { kind, name }', 'no target')
    else for (const patch of content.patches) applyByName(patching, patch, options, entry)
    return
  }
  try {
    for (const resource of patching.targets.selectedBy(makeSelector(target))) {
      if (content.kind === 'json') applyJson(patching, resource, content.operations, entry)
      else for (const patch of content.patches) merge(patching, resource, withTextMetadata(patch), options)
    }
  } catch (error) {
    refuse(
      patching,
      entry.place(),
      'the target of a patch cannot be read',
      'RE2 expressions and label selectors',
      error instanceof Error ? error.message : String(error),
    )
  }
}

function applyByName(patching: Patching, patch: ValueMap, options: ValueMap | null, entry: Entry<unknown>): void {
  const id = idOf(patch)
  const found = patching.targets.byId(idKey(id))
  const [resource] = found
  if (resource !== undefined && found.length === 1) {
    merge(patching, resource, patch, options)
    return
  }
  const name = `${id.kind} ${id.namespace}/${id.name}`
  const message =
    resource === undefined ? `no resource matches the patch of ${name}` : `${found.length} resources match the patch of ${name}`
  refuse(
    patching,
    entry.place(),
    message,
    'one resource of that apiVersion, kind, namespace and name',
    resource === undefined ? 'none' : String(found.length),
  )
}

/**
 * kustomize reads labels and annotations of such a patch as texts before it merges (reswrangler.go, ApplySmPatch): `null` does not remove an entry
 * of the object's own metadata, but becomes the text "null". RUN with v5.8.1.
 */
function withTextMetadata(patch: ValueMap): ValueMap {
  const metadata: Record<string, Value> = { ...asMap(patch['metadata']) }
  for (const field of ['labels', 'annotations']) {
    const entries = asMap(metadata[field])
    if (entries !== null) metadata[field] = Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, String(value)]))
  }
  return { ...patch, metadata }
}

/** Merges one patch into one resource; kind, name and namespace stay (resource.go, ApplySmPatch). */
function merge(patching: Patching, resource: Resource, patch: ValueMap, options: ValueMap | null): void {
  const { object } = resource
  const mayRename = options?.['allowNameChange'] === true
  const mayChangeKind = options?.['allowKindChange'] === true
  if (mayRename || mayChangeKind) rememberId(resource)
  const merged = strategicMerge(object, patch, hasSchema(object))
  if (merged === undefined) {
    resource.deleted = true
    return
  }
  const namespace = namespaceOf(object)
  const metadata: Record<string, Value> = { ...asMap(merged['metadata']), name: mayRename ? nameOf(merged) : nameOf(object) }
  if (namespace === null) delete metadata['namespace']
  else metadata['namespace'] = namespace
  resource.object = { ...merged, apiVersion: object['apiVersion'], kind: mayChangeKind ? merged['kind'] : object['kind'], metadata }
  settleShared(resource, object, patch)
  if (mayRename || mayChangeKind) patching.targets.refresh(resource)
}

function applyJson(patching: Patching, resource: Resource, operations: readonly Value[], entry: Entry<unknown>): void {
  if (!patching.legacy) rememberId(resource)
  const relevant = operations.flatMap((operation) => keptPart(resource.object, operation))
  // It must fit what is there today, and again once a restart stands there.
  const today = applyJsonPatch(withoutProbe(resource), relevant)
  const outcome = 'problem' in today ? today : applyJsonPatch(resource.object, relevant)
  if ('object' in outcome) {
    resource.object = outcome.object
    resource.shared = [] // the object went through JSON
    patching.targets.refresh(resource)
  } else {
    refuse(
      patching,
      entry.place(),
      `a JSON patch does not fit ${String(resource.object['kind'])} ${nameOf(resource.object)}`,
      'a path that exists there',
      outcome.problem,
    )
  }
}

/** What of an operation concerns what is kept here: of a move to elsewhere, that it takes something away. */
function keptPart(object: ValueMap, operation: Value): readonly Value[] {
  const { op, path, from } = asMap(operation) ?? {}
  if (isKept(object, String(path))) return [operation]
  return op === 'move' && isKept(object, String(from)) ? [{ op: 'remove', path: from }] : []
}

/** Whether a place of an object is known here: of some kinds only the metadata is kept, and of pod specs next to nothing (manifest.ts). */
function isKept(object: ValueMap, pointer: string): boolean {
  if (object['spec'] === undefined && object['data'] === undefined) return /^\/(metadata|kind|apiVersion)/.test(pointer)
  if (object['kind'] === 'ApplicationSet') return true
  const inPodSpec = /^\/spec(\/jobTemplate\/spec)?\/template\/spec(\/|$)/.test(pointer)
  return !inPodSpec || pointer.endsWith('/hostNetwork') || valueAt(object, 'spec', 'template', 'spec', 'containers') !== undefined
}

function contentOf(patching: Patching, entry: Entry<ValueMap>): Content | null {
  const inline = asText(entry.value['patch'])
  const path = asText(entry.value['path'])
  if (inline !== null && path === null) return classify(patching, inlineValues(patching, inline, entry.place), entry.place)
  if (path !== null && inline === null) return fileContent(patching, path, entry.place)
  refuse(patching, entry.place(), 'a patch needs either patch or path', 'one of patch, path', inline === null ? 'neither' : 'both')
  return null
}

/** An entry of `patchesStrategicMerge` is a patch in itself, or a path. */
function legacyContent(patching: Patching, entry: Entry<Value>): Content | null {
  const map = asMap(entry.value)
  if (map !== null) return { kind: 'merge', patches: [map] }
  const text = asText(entry.value) ?? ''
  if (hasKey(text) && text.includes('kind')) return classify(patching, inlineValues(patching, text, entry.place), entry.place)
  return fileContent(patching, text, entry.place)
}

/** Whether a line begins with a key. Its colon may stand on a later line. */
function hasKey(text: string): boolean {
  const lines = text.split(/[\n\r\u2028\u2029]/).flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
  return lines.some((line, index) => /^[{\w"-]+\s*:/.test(line) || (/^[{\w"-]+$/.test(line) && lines[index + 1]?.startsWith(':') === true))
}

function inlineValues(patching: Patching, text: string, place: () => Place): readonly Value[] {
  const yaml = parseYamlFile(new TextEncoder().encode(text), '')
  const [finding] = yaml.findings
  if (finding !== undefined)
    refuse(patching, place(), 'a patch is not valid YAML', 'a strategic merge patch or a list of operations', finding.message)
  return yaml.documents.map((document) => document.value)
}

function fileContent(patching: Patching, path: string, place: () => Place): Content | null {
  const file = resolvePath(patching.folder, path)
  if (file === null || !patching.manifests.tree.hasFile(file)) {
    patching.report.add({
      id: file === null ? 'workloads/outside-repository' : 'workloads/missing-file',
      severity: 'error',
      place: place(),
      message: 'a patch cannot be read',
      expected: 'a file of this repository',
      found: path,
      remedy: 'correct the path, or add the file',
    })
    return null
  }
  return classify(
    patching,
    patching.manifests.documents(file).map((document) => document.value),
    place,
  )
}

function classify(patching: Patching, values: readonly Value[], place: () => Place): Content | null {
  const [first] = values
  if (Array.isArray(first)) return { kind: 'json', operations: first }
  const patches = values.map(asMap).filter((value) => value !== null)
  const unnamed = patches.find((patch) => asText(patch['kind']) === null || nameOf(patch) === '')
  if (patches.length > 0 && patches.length === values.length && unnamed === undefined) return { kind: 'merge', patches }
  refuse(
    patching,
    place(),
    'a patch is neither a strategic merge patch nor a JSON patch',
    'kind and metadata.name, or a list of operations',
    unnamed === undefined ? 'nothing' : 'no kind or name',
  )
  return null
}

/** kustomize knows the schema of Kubernetes' own kinds; lists of custom resources are replaced. */
function hasSchema(object: ValueMap): boolean {
  const { group } = groupVersion(asText(object['apiVersion']) ?? '')
  return ['', 'apps', 'batch', 'extensions', 'policy', 'autoscaling'].includes(group) || group.endsWith('.k8s.io')
}

function refuse(patching: Patching, place: Place, message: string, expected: string, found: string): void {
  patching.report.add({
    id: 'workloads/patch',
    severity: 'error',
    place,
    message,
    expected,
    found,
    remedy: 'mend the patch so that `kustomize build` of its folder succeeds',
  })
}
