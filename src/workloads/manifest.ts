import type { Tool } from './applier.ts'
import { parseYamlFile } from '../base/index.ts'
import type { Finding, YamlPath } from '../base/index.ts'
import { LineFinder } from './line-finder.ts'
import { notAString, notStrings } from './not-a-string.ts'
import { operatedKind } from './operators.ts'
import type { Report } from './report.ts'
import type { SourceTree } from './source-tree.ts'
import type { Site } from './types.ts'
import { asList, asMap, asText, valueAt, withValueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'
import { mayBeMachine } from './virtual-machine.ts'

/** One document of a file. Of objects whose content decides nothing here, only identity and metadata are kept. */
export interface PlainDocument {
  readonly value: Value
  readonly site: Site
  /** It has SOPS's own top-level key. */
  readonly sealed: boolean
  /** How many documents its file has. */
  readonly documents: number
}

/** A Kubernetes object as a file has it. */
export interface Manifest {
  readonly object: ValueMap
  readonly site: Site
  readonly sealed: boolean
  readonly documents: number
  /** A KSOPS generator makes it: the kustomization that lists the generator, and which of the generator's fields names it. */
  readonly ksops?: { readonly kustomization: string; readonly from: 'files' | 'secretFrom' }
}

/** The repository's YAML, each file parsed once. Only plain values are kept. */
export interface Manifests {
  readonly tree: SourceTree
  readonly tool: Tool
  /** Every document of a file; none if it is not YAML, which is reported. */
  documents(file: string): readonly PlainDocument[]
  /** The same with all of their content, for files that are no manifests: parameters and values may look like an object of any kind. */
  wholeDocuments(file: string): readonly PlainDocument[]
  /** The Kubernetes objects of a file, lists taken apart. What is no object is reported. */
  objects(file: string): readonly Manifest[]
  /** Line (from 1) of the value at `path`. Parses the file again: for findings. */
  lineOf(file: string, document: number, path: YamlPath): number
}

// Their content decides something: pods, namespaces, and what Flux, Istio and kustomize read.
const keptKinds = new Set([
  ...[
    'Deployment',
    'StatefulSet',
    'DaemonSet',
    'ReplicaSet',
    'ReplicationController',
    'Pod',
    'Job',
    'CronJob',
    'Rollout',
    'DeploymentConfig',
  ],
  ...['Namespace', 'ConfigMap', 'Gateway', 'IstioOperator', 'Istio', 'IstioRevisionTag', 'ZTunnel', 'MutatingWebhookConfiguration'],
  ...[
    'HelmRelease',
    'HelmChart',
    'HelmRepository',
    'OCIRepository',
    'GitRepository',
    'Bucket',
    'FluxInstance',
    'Kustomization',
    'Component',
  ],
  ...['ProxyConfig', 'WorkloadGroup'],
  ...['GatewayClass', 'SealedSecret', 'ExternalSecret', 'VaultStaticSecret', 'Certificate'],
  ...['Application', 'ApplicationSet', 'AppProject', 'ksops', 'Stage', 'PromotionTask', 'ClusterPromotionTask'],
])

interface ReadFile {
  readonly documents: readonly PlainDocument[]
  readonly findings: readonly Finding[]
}

// One parse serves all clusters of a repository, and what looks ahead of a step: bytes are those of one reading of a file (ports.ts, Files). A
// link shows the same bytes under another path.
type ByPath = Map<string, ReadFile>
const alreadyRead = new WeakMap<Uint8Array, ByPath>()
const readWhole = new WeakMap<Uint8Array, ByPath>()

function readFileOnce(bytes: Uint8Array, file: string, whole: boolean): ReadFile {
  const read = whole ? readWhole : alreadyRead
  const known: ByPath = read.get(bytes) ?? new Map<string, ReadFile>()
  read.set(bytes, known)
  const [sameBytes] = known.values()
  const found = known.get(file) ?? (sameBytes === undefined ? parsedFile(bytes, file, whole) : underPath(sameBytes, file))
  known.set(file, found)
  return found
}

function parsedFile(bytes: Uint8Array, file: string, whole: boolean): ReadFile {
  const yaml = parseYamlFile(bytes, file)
  return {
    documents: yaml.documents.map((document) => ({
      value: whole ? document.value : withoutContent(document.value),
      site: { file, document: document.index, line: document.lineOf([]) },
      sealed: asMap(asMap(document.value)?.['sops']) !== null,
      documents: yaml.documents.length,
    })),
    findings: withTemplateHint(yaml.findings, yaml.text),
  }
}

function underPath({ documents, findings }: ReadFile, file: string): ReadFile {
  return {
    documents: documents.map((document) => ({ ...document, site: { ...document.site, file } })),
    findings: findings.map((finding) => ({ ...finding, place: { ...finding.place, file } })),
  }
}

/** @param tool whose words findings use. */
export function readManifests(tree: SourceTree, report: Report, tool: Tool = 'Flux'): Manifests {
  const objects = new Map<string, readonly Manifest[]>()
  const bytesOf = (file: string): Uint8Array => tree.read(file) ?? new Uint8Array()
  const lines = new LineFinder(bytesOf)
  const read = (file: string, whole: boolean): readonly PlainDocument[] => {
    const { documents: made, findings } = readFileOnce(bytesOf(file), file, whole)
    for (const finding of findings) report.add(finding)
    return made
  }
  const documents = (file: string): readonly PlainDocument[] => read(file, false)
  const manifests: Manifests = {
    tree,
    tool,
    documents,
    wholeDocuments: (file) => read(file, true),
    objects(file) {
      const known = objects.get(file)
      if (known !== undefined) return known
      const made = documents(file).flatMap((document) => objectsOf(document, manifests, report))
      objects.set(file, made)
      return made
    },
    lineOf: (file, document, path) => lines.lineOf(file, document, path),
  }
  return manifests
}

/** An object whose content decides nothing keeps its identity and metadata alone. */
function withoutContent(value: Value): Value {
  const map = asMap(value)
  if (map === null) return value
  const kind = asText(map['kind'])
  const apiVersion = asText(map['apiVersion'])
  if (kind === null || apiVersion === null || keptKinds.has(kind) || apiVersion.startsWith('serving.knative.dev/'))
    return withoutPodSpec(map)
  if (kind.endsWith('List') && Array.isArray(map['items'])) return { ...map, items: map['items'].map(withoutContent) }
  if (operatedKind(map) !== null || mayBeMachine(map)) return map
  if (isClusterSecret(map)) return { apiVersion, kind, metadata: map['metadata'], ...clusterAddress(map) }
  return { apiVersion, kind, metadata: map['metadata'] }
}

/** Whether it is a Secret by which Argo CD knows a cluster. */
export function isClusterSecret(object: ValueMap): boolean {
  return object['kind'] === 'Secret' && valueAt(object, 'metadata', 'labels', 'argocd.argoproj.io/secret-type') === 'cluster'
}

/** Name and address of a cluster are no secrets; its credentials are not kept. */
function clusterAddress(secret: ValueMap): ValueMap {
  const address = (field: string): ValueMap => ({ name: valueAt(secret, field, 'name'), server: valueAt(secret, field, 'server') })
  return { data: address('data'), stringData: address('stringData') }
}

// istiod, and what asks it for certificates.
const istioContainers = new Set<Value>(['discovery', 'istio-proxy'])

/** Pod specs are most of a manifest, and only the host network of one decides anything; but of Istio's containers, image and environment do. */
function withoutPodSpec(object: ValueMap): ValueMap {
  if (object['kind'] === 'ApplicationSet') return object // its template is that of an Application
  const path = object['kind'] === 'CronJob' ? ['spec', 'jobTemplate', 'spec', 'template', 'spec'] : ['spec', 'template', 'spec']
  const spec = asMap(valueAt(object, ...path))
  if (spec === null) return object
  const containers = [...asList(spec['containers']), ...asList(spec['initContainers'])]
  if (containers.some((container) => istioContainers.has(valueAt(container, 'name')))) return object
  return withValueAt(object, path, () => (spec['hostNetwork'] === undefined ? {} : { hostNetwork: spec['hostNetwork'] }))
}

function objectsOf(document: PlainDocument, manifests: Pick<Manifests, 'lineOf' | 'tool'>, report: Report): Manifest[] {
  const map = asMap(document.value)
  const kind = asText(map?.['kind'])
  if (map !== null && kind !== null && kind.endsWith('List') && Array.isArray(map['items'])) {
    return asList(map['items']).flatMap((item, index) =>
      objectsOf({ ...document, value: item, site: { ...document.site, item: document.site.item ?? index } }, manifests, report),
    )
  }
  const scalars = map === null ? [] : notStrings(map, kind === null || keptKinds.has(kind))
  for (const finding of scalars.map((one) => notAString(document, map, one, manifests))) report.add(finding)
  // kustomize wants kind and metadata.name of each object (kyaml, GetValidatedMetadata).
  if (map === null || kind === null || asText(asMap(map['metadata'])?.['name']) === null) {
    if (scalars.length === 0) report.add(notAnObject(document, manifests.tool))
    return []
  }
  return [{ object: map, site: document.site, sealed: document.sealed, documents: document.documents }]
}

function notAnObject({ value, site }: PlainDocument, tool: Tool): Finding {
  const map = asMap(value)
  // `{{ … }}` without quotes is a map whose key is a map.
  const templated = map !== null && [map['apiVersion'], map['kind'], asMap(map['metadata'])?.['name']].some((part) => asMap(part) !== null)
  const place = { file: site.file, line: site.line }
  const outside =
    tool === 'Flux'
      ? 'move the file out of the folder that Flux builds, or list it in .sourceignore: Flux refuses the whole folder because of it'
      : 'move the file out of the folder that Argo CD applies, or exclude it in the Application: Argo CD may refuse the whole folder because of it'
  if (templated) {
    return {
      ...template(place, 'a map in place of a kind or a name'),
      remedy: `${renderFirst}; in quotes, if Argo CD or Flux fills it in`,
    }
  }
  return {
    id: 'workloads/not-an-object',
    severity: 'info',
    place,
    message: 'this document is not a Kubernetes object, and was left out',
    expected: 'apiVersion, kind and metadata.name, as strings',
    found: map === null ? 'no map' : `keys ${Object.keys(map).slice(0, 5).join(', ') || '(none)'}`,
    remedy: outside,
  }
}

const renderFirst = 'render the template before it is committed, or keep it out of the paths that the cluster syncs'

function template(place: Finding['place'], found: string): Finding {
  return {
    id: 'workloads/template',
    severity: 'error',
    place,
    message: 'template markers ({{ … }}) where YAML is expected: the file was left out',
    expected: 'YAML as Kubernetes reads it',
    found,
    remedy: renderFirst,
  }
}

/** A template gives an error wherever it stands: one finding is enough. */
function withTemplateHint(findings: readonly Finding[], text: string): readonly Finding[] {
  const first = findings.find(({ id }) => id === 'yaml/syntax')
  return first === undefined || !text.includes('{{') ? findings : [template(first.place, first.message)]
}
