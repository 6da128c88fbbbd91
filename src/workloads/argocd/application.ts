import { withoutTrailing } from '../../base/index.ts'
import type { Finding, Place, YamlPath } from '../../base/index.ts'
import { globMatcher } from './glob.ts'
import type { Manifests } from '../manifest.ts'
import { nameOf } from '../resource.ts'
import { repositoryPath } from '../source-tree.ts'
import type { ControllerId, Destination } from '../types.ts'
import { asList, asMap, asText, valueAt } from '../value.ts'
import type { Value, ValueMap } from '../value.ts'
import { labelOf, placeOf } from './definition.ts'
import type { Definition } from './definition.ts'

/** An Application, as far as offline reading goes. */
export interface Application {
  readonly definition: Definition
  readonly id: ControllerId
  readonly name: string
  readonly namespace: string
  /** In words: `Application argocd/istiod`. */
  readonly label: string
  readonly project: string
  readonly destination: Destination
  readonly targetNamespace: string | null
  readonly sources: readonly ApplicationSource[]
  readonly hydrated: boolean
  readonly automated: boolean
  /** A sync by itself deletes what Git no longer has. */
  readonly prunes: boolean
  readonly syncOptions: readonly string[]
  readonly replaces: boolean
  /** Labels that Argo CD gives to the namespace that it makes; `null` if it makes none, or gives it none. */
  readonly namespaceLabels: ValueMap | null
  readonly spec: ValueMap
  place(...path: YamlPath): Place
}

export interface ApplicationSource {
  readonly spec: ValueMap
  /** Where it stands in the Application. */
  readonly at: YamlPath
  readonly repoURL: string
  /** From the repository's root; `null`: it names none, as a source of values does. */
  readonly path: string | null
  readonly chart: string | null
  readonly revision: string | null
  readonly ref: string | null
}

/** Reads an Application (v3.5.1, pkg/apis/application/v1alpha1). What Argo CD would refuse in it is among the findings. */
export function readApplication(
  manifests: Manifests,
  definition: Definition,
): { readonly application: Application; readonly findings: readonly Finding[] } {
  const { object, namespace } = definition
  const name = nameOf(object)
  const spec = asMap(object['spec']) ?? {}
  const options = asList(valueAt(spec, 'syncPolicy', 'syncOptions')).map(String)
  const automated = valueAt(spec, 'syncPolicy', 'automated')
  const hydrated = asMap(spec['sourceHydrator']) !== null
  const application: Application = {
    definition,
    id: `${namespace}/${name}`,
    name,
    namespace,
    label: labelOf(definition),
    project: asText(spec['project']) ?? 'default',
    destination: destinationOf(spec['destination']),
    targetNamespace: asText(valueAt(spec, 'destination', 'namespace')),
    sources: sourcesOf(spec),
    hydrated,
    // IsAutomatedSyncEnabled: `automated: {}` is enough, and `enabled: false` takes it back.
    automated: asMap(automated) !== null && valueAt(automated, 'enabled') !== false,
    prunes: valueAt(automated, 'prune') === true,
    syncOptions: options,
    replaces: options.includes('Replace=true'),
    namespaceLabels: options.includes('CreateNamespace=true')
      ? asMap(valueAt(spec, 'syncPolicy', 'managedNamespaceMetadata', 'labels'))
      : null,
    spec,
    place: (...path) => placeOf(manifests, definition, ...path),
  }
  return { application, findings: problemsOf(application) }
}

export function destinationOf(written: Value): Destination {
  const server = asText(valueAt(written, 'server'))
  return { name: asText(valueAt(written, 'name')), server: server === null ? null : withoutTrailing(server, '/') }
}

/** `sources` counts before `source`, and what a hydrator renders before both: ApplicationSpec.GetSource and GetSources. */
function sourcesOf(spec: ValueMap): readonly ApplicationSource[] {
  const dry = asMap(valueAt(spec, 'sourceHydrator', 'drySource'))
  if (dry !== null) return [sourceOf(dry, ['spec', 'sourceHydrator', 'drySource'])]
  const several = asList(spec['sources']).map(asMap)
  if (several.length > 0) return several.flatMap((source, index) => (source === null ? [] : [sourceOf(source, ['spec', 'sources', index])]))
  const one = asMap(spec['source'])
  return one === null ? [] : [sourceOf(normalized(one), ['spec', 'source'])]
}

/**
 * Without settings of a type that say nothing: Argo CD drops them before it asks which type it is (util/argo/argo.go, NormalizeSource). It means to do
 * the same for `sources`, but changes a copy.
 */
function normalized(source: ValueMap): ValueMap {
  const empty = ['kustomize', 'helm', 'directory'].filter((type) => asMap(source[type]) !== null && isZero(source[type]))
  return empty.length === 0 ? source : Object.fromEntries(Object.entries(source).filter(([key]) => !empty.includes(key)))
}

function isZero(value: Value): boolean {
  if (Array.isArray(value)) return value.length === 0
  const map = asMap(value)
  return map === null
    ? value === null || value === undefined || value === false || value === '' || value === 0
    : Object.values(map).every(isZero)
}

function sourceOf(spec: ValueMap, at: YamlPath): ApplicationSource {
  const path = asText(spec['path'])
  return {
    spec,
    at,
    repoURL: asText(spec['repoURL']) ?? '',
    path: path === null ? null : repositoryPath(path),
    chart: asText(spec['chart']),
    revision: asText(spec['targetRevision']),
    ref: asText(spec['ref']),
  }
}

const kinds = ['kustomize', 'helm', 'directory', 'plugin'] as const

function problemsOf(application: Application): readonly Finding[] {
  const { destination, sources } = application
  const problem = (path: YamlPath, message: string, expected: string, found: string): Finding => ({
    id: 'argocd/application',
    severity: 'error',
    place: application.place(...path),
    message,
    expected,
    found,
    remedy: 'correct the Application so that Argo CD accepts it',
  })
  const problems: Finding[] = []
  if (application.name === '') problems.push(problem([], 'an Application without a name', 'metadata.name', 'none'))
  if (destination.name !== null && destination.server !== null)
    problems.push(problem(['spec', 'destination'], 'a destination has either a name or a server', 'one of the two', 'both'))
  if (destination.name === null && destination.server === null)
    problems.push(problem(['spec', 'destination'], 'a destination needs a name or a server', 'one of the two', 'neither'))
  if (sources.length === 0) problems.push(problem(['spec'], 'it names nothing that it applies', 'spec.source or spec.sources', 'neither'))
  for (const source of sources) {
    const explicit = kinds.filter((kind) => asMap(source.spec[kind]) !== null)
    if (explicit.length > 1) problems.push(problem(source.at, 'a source is of one type only', kinds.join(', '), explicit.join(', ')))
    if (source.repoURL === '') problems.push(problem(source.at, 'a source needs a repository', 'repoURL', 'none'))
  }
  return problems
}

/** What `include` and `exclude` of a directory let through: a path from its folder (v3.5.1, getPotentiallyValidManifestFile). */
export function directoryFilter(source: ApplicationSource): {
  readonly recurse: boolean
  takes(relative: string): boolean
} {
  const field = (name: string): string | null => asText(valueAt(source.spec, 'directory', name))
  const include = field('include')
  const exclude = field('exclude')
  const recurse = valueAt(source.spec, 'directory', 'recurse') === true
  const included = include === null ? () => true : globMatcher(include)
  const excluded = exclude === null ? () => false : globMatcher(exclude)
  return {
    recurse,
    takes: (relative) =>
      (recurse || !relative.includes('/')) && /\.(ya?ml|json|jsonnet)$/.test(relative) && !excluded(relative) && included(relative),
  }
}
