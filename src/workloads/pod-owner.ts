import type { WorkloadId } from '../base/index.ts'
import { workloadKinds } from '../base/index.ts'
import { imageOf } from './images.ts'
import type { PodTemplate } from './injection.ts'
import { groupVersion, nameOf } from './resource.ts'
import type { Owner, Site, Workload } from './types.ts'
import { asList, asMap, asText, scalarText, textMap, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/** Something that makes pods, as a build shows it: the facts that are kept of it. */
export interface PodOwner {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly pod: PodTemplate
  readonly owner: Owner
  readonly definition: Site
  readonly hindrance: Workload['hindrance']
  readonly gap: boolean
  /** Of the container `discovery`, if it is an istiod. */
  readonly istiod: IstiodContainer | null
  readonly sync: { readonly wave: number; readonly replaced: boolean }
}

export interface IstiodContainer {
  readonly version: string | null
  readonly revision: string
  readonly environment: Readonly<Record<string, string>>
}

// Groups whose kinds of these names make pods.
const groups: Readonly<Record<string, string>> = {
  Deployment: 'apps',
  StatefulSet: 'apps',
  DaemonSet: 'apps',
  ReplicaSet: 'apps',
  ReplicationController: '',
  Pod: '',
  Job: 'batch',
  CronJob: 'batch',
  Rollout: 'argoproj.io',
  DeploymentConfig: 'apps.openshift.io',
  Service: 'serving.knative.dev',
}

/** Whether an object makes pods. */
export function makesPods(object: ValueMap): boolean {
  const group = groups[asText(object['kind']) ?? '']
  return group !== undefined && group === groupVersion(asText(object['apiVersion']) ?? '').group
}

export function readPodOwner(object: ValueMap, namespace: string, owner: Owner, definition: Site, sync: PodOwner['sync']): PodOwner {
  const kind = asText(object['kind']) ?? ''
  const template = templateOf(kind, object)
  const pod: PodTemplate = {
    labels: textMap(valueAt(template, 'metadata', 'labels')),
    annotations: textMap(valueAt(template, 'metadata', 'annotations')),
    hostNetwork: valueAt(template, 'spec', 'hostNetwork') === true,
  }
  return {
    kind,
    namespace,
    name: nameOf(object),
    pod,
    owner,
    definition,
    hindrance: hindranceOf(object),
    gap: hasGap(kind, valueAt(object, 'spec')),
    istiod: istiodOf(kind, pod, template),
    sync,
  }
}

/** @returns the id if it is of a kind that a restart patch reaches, else `null`. */
export function restartableId({ kind, namespace, name }: PodOwner): WorkloadId | null {
  const known = workloadKinds.find((one) => one === kind)
  return known === undefined ? null : { kind: known, namespace, name }
}

function templateOf(kind: string, object: ValueMap): Value {
  if (kind === 'Pod') return object
  return kind === 'CronJob' ? valueAt(object, 'spec', 'jobTemplate', 'spec', 'template') : valueAt(object, 'spec', 'template')
}

function hindranceOf(object: ValueMap): Workload['hindrance'] {
  if (valueAt(object, 'spec', 'paused') === true) return 'paused'
  if (valueAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') return 'on-delete'
  return object['kind'] === 'StatefulSet' && isPartitioned(object) ? 'partition' : null
}

/**
 * Whether pods below an ordinal keep the old template. `kubectl rollout status` is content with those above (0.34.3, rollout_status.go: "partitioned
 * roll out complete"), so no gate would see them. What Flux has filled in is text here; a variable without a value may be any number.
 */
function isPartitioned(object: ValueMap): boolean {
  const partition = scalarText(valueAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition')) ?? ''
  return !/^\s*0*\s*$/.test(partition)
}

/** What a rollout does to the last pod, by the defaults of apps/v1: a Deployment surges, a DaemonSet does not, a StatefulSet cannot. */
function hasGap(kind: string, spec: Value): boolean {
  const replicas = scalarText(valueAt(spec, 'replicas')) ?? '1'
  const surges = (strategy: string): string => scalarText(valueAt(spec, strategy, 'rollingUpdate', 'maxSurge')) ?? ''
  if (kind === 'DaemonSet') return ['', '0', '0%'].includes(surges('updateStrategy'))
  if (kind === 'StatefulSet') return replicas === '1'
  if (kind !== 'Deployment' || replicas === '0') return false
  return valueAt(spec, 'strategy', 'type') === 'Recreate' || (replicas === '1' && ['0', '0%'].includes(surges('strategy')))
}

function istiodOf(kind: string, pod: PodTemplate, template: Value): IstiodContainer | null {
  if (kind !== 'Deployment' || pod.labels['app'] !== 'istiod') return null
  const containers = asList(valueAt(template, 'spec', 'containers')).map(asMap)
  const container = containers.find((one) => one?.['name'] === 'discovery')
  if (container === undefined || container === null) return null
  const environment: Record<string, string> = {}
  for (const entry of asList(container['env'])) {
    const name = asText(valueAt(entry, 'name'))
    const value = scalarText(valueAt(entry, 'value'))
    if (name !== null && value !== null) environment[name] = value
  }
  const { tag } = imageOf(asText(container['image']) ?? '')
  const version = tag === '' ? null : tag.replace(/-(distroless|debug)$/, '')
  return { version, revision: pod.labels['istio.io/rev'] ?? environment['REVISION'] ?? 'default', environment }
}

/** Whether an object is of a kind that a restart patch reaches. */
export function restartableKind(object: ValueMap): boolean {
  return makesPods(object) && workloadKinds.some((one) => one === object['kind'])
}

/** Whether an object is an istiod. */
export function isIstiod(object: ValueMap): boolean {
  if (object['kind'] !== 'Deployment' || !makesPods(object)) return false
  const template = templateOf('Deployment', object)
  const labels = textMap(valueAt(template, 'metadata', 'labels'))
  return istiodOf('Deployment', { labels, annotations: {}, hostNetwork: false }, template) !== null
}
