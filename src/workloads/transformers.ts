import { groupVersion, idOf, isClusterScoped, nameOf, rememberId } from './resource.ts'
import type { Resource } from './resource.ts'
import { setEntries } from './shared-entries.ts'
import type { EntryRun } from './shared-entries.ts'
import { asList, asMap, asText, textMap, withValueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/** The paths of an object at which kustomize writes labels or annotations. */
type Paths = (object: ValueMap) => readonly (readonly string[])[]

/** Sets the namespace of everything, as kustomize does: cluster-scoped objects keep none, a Namespace takes the name. */
export function setNamespace(resources: readonly Resource[], namespace: string): void {
  for (const resource of resources) {
    rememberId(resource)
    const { object } = resource
    if (object['kind'] === 'Namespace' && object['apiVersion'] === 'v1') {
      resource.object = withValueAt(object, ['metadata', 'name'], () => namespace)
    } else if (!isClusterScoped(object)) {
      resource.object = withValueAt(object, ['metadata', 'namespace'], () => namespace)
    }
  }
}

// builtins/PrefixTransformer.go
const keepTheirName = new Set(['CustomResourceDefinition', 'Namespace'])

/** Changes names, but those of CustomResourceDefinitions, APIServices and Namespaces. */
export function rename(resources: readonly Resource[], change: (name: string) => string): void {
  for (const resource of resources) {
    const original = resource.former[0] ?? idOf(resource.object)
    const { group } = groupVersion(asText(resource.object['apiVersion']) ?? '')
    if (keepTheirName.has(original.kind) || (original.kind === 'APIService' && group === 'apiregistration.k8s.io')) continue
    rememberId(resource)
    resource.object = withValueAt(resource.object, ['metadata', 'name'], () => change(nameOf(resource.object)))
  }
}

/** The fields `labels` and then `commonLabels` of a kustomization. Selectors are not facts here. */
export function setLabels(resources: readonly Resource[], fields: ValueMap): void {
  const runs = asList(fields['labels']).flatMap((entry): EntryRun[] => {
    const label = asMap(entry)
    if (label === null) return []
    const paths = label['includeSelectors'] === true || label['includeTemplates'] === true ? labelPaths : metadataLabels
    const custom = customPaths(asList(label['fields']))
    return [{ entries: textMap(label['pairs']), pathsOf: (object) => [...paths(object), ...custom(object)] }]
  })
  setAll(resources, [...runs, { entries: textMap(fields['commonLabels']), pathsOf: labelPaths }])
}

/** The field `commonAnnotations`: pod templates as well. */
export function setAnnotations(resources: readonly Resource[], fields: ValueMap): void {
  setAll(resources, [{ entries: textMap(fields['commonAnnotations']), pathsOf: annotationPaths }])
}

function setAll(resources: readonly Resource[], runs: readonly EntryRun[]): void {
  const effective = runs.filter(({ entries }) => Object.keys(entries).length > 0)
  if (effective.length > 0) for (const resource of resources) setEntries(resource, effective)
}

const metadataLabels: Paths = () => [['metadata', 'labels']]
const labelPaths: Paths = (object) => [...metadataLabels(object), ...templateMetadata(object, true).map((path) => [...path, 'labels'])]
const annotationPaths: Paths = (object) => [
  ['metadata', 'annotations'],
  ...templateMetadata(object, false).map((path) => [...path, 'annotations']),
]

// konfig/builtinpluginconsts: commonlabels.go, metadatalabels.go and commonannotations.go differ for StatefulSets only.
function templateMetadata(object: ValueMap, ofLabels: boolean): readonly (readonly string[])[] {
  const { group, version } = groupVersion(asText(object['apiVersion']) ?? '')
  const template = ['spec', 'template', 'metadata']
  switch (object['kind']) {
    case 'Deployment':
    case 'ReplicaSet':
    case 'DaemonSet':
      return [template]
    case 'StatefulSet':
      return ofLabels && group !== 'apps' ? [] : [template]
    case 'ReplicationController':
      return version === 'v1' ? [template] : []
    case 'Job':
      return group === 'batch' ? [template] : []
    case 'CronJob':
      return group === 'batch'
        ? [
            ['spec', 'jobTemplate', 'metadata'],
            ['spec', 'jobTemplate', ...template],
          ]
        : []
    default:
      return []
  }
}

/** Field specs that a `labels` entry brings along. */
function customPaths(specs: readonly Value[]): Paths {
  return (object) =>
    specs.flatMap((entry) => {
      const spec = asMap(entry)
      const path = asText(spec?.['path'])?.split('/')
      if (spec === null || path === undefined || path.some((part) => part.endsWith('[]'))) return []
      const { group, version } = groupVersion(asText(object['apiVersion']) ?? '')
      const asked: readonly [Value, string][] = [
        [spec['kind'], String(object['kind'])],
        [spec['group'], group],
        [spec['version'], version],
      ]
      if (asked.some(([wanted, is]) => typeof wanted === 'string' && wanted !== '' && wanted !== is)) return []
      return spec['create'] === true || hasPath(object, path) ? [path] : []
    })
}

function hasPath(object: ValueMap, path: readonly string[]): boolean {
  let at: Value = object
  for (const key of path) at = asMap(at)?.[key]
  return at !== undefined
}
