import { formatWorkloadId, groupBy } from '../base/index.ts'
import type { Finding, WorkloadId } from '../base/index.ts'
import { judgeInjection } from './injection.ts'
import type { Inventory, KeptObject } from './inventory.ts'
import type { Namespaces } from './namespaces.ts'
import { makesNone, operatedKind } from './operators.ts'
import type { OperatedKind } from './operators.ts'
import type { Report } from './report.ts'
import type { Settled } from './types.ts'
import { asList, asMap, scalarText, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/** What `reroot.yaml` restarts although Git does not show it. */
export interface Covered {
  /** Everything that is meshed there. */
  readonly namespaces: readonly string[]
  readonly workloads: readonly WorkloadId[]
}

/**
 * Reports members of the mesh that operators make of custom resources, and that no step restarts.
 * @returns those that `reroot.yaml` has restarted.
 */
export function reportOperated(
  cluster: string,
  inventory: Inventory,
  { namespaces, byDefault }: { readonly namespaces: Pick<Namespaces, 'labelsOf'>; readonly byDefault: boolean },
  covered: Covered,
  report: Report,
): readonly Settled[] {
  const settled: Settled[] = []
  const listed = new Set(covered.namespaces)
  const stated = groupBy(covered.workloads, ({ namespace }) => namespace)
  for (const one of inventory.operated) {
    const kind = operatedKind(one.object)
    if (kind === null || makesNone(one.object, kind) || isOff(one.object, kind)) continue
    const labels = asks(one.object, kind) ? { 'sidecar.istio.io/inject': 'true' } : {}
    const pod = { labels, annotations: {}, hostNetwork: onHost(one.object, kind) }
    const verdict = judgeInjection(pod, one.namespace, namespaces.labelsOf(one.namespace), byDefault)
    // Neither a guess of a guess, nor what ends by itself.
    if (verdict.mesh === 'out' || (verdict.mesh === 'unknown' && (kind.made === 'unknown' || kind.made === 'runs'))) continue
    const finding = kind.made === 'runs' ? runsFinding(cluster, one) : operatorFinding(cluster, one, kind.made, verdict.mesh === 'in')
    const named = kind.made === 'pods' ? [] : (stated.get(one.namespace) ?? []).filter(({ name }) => isNamedAfter(name, one.name))
    const by = [...(kind.made === 'templates' && listed.has(one.namespace) ? [one.namespace] : []), ...named.map(formatWorkloadId)]
    if (by.length === 0) report.add(finding)
    else settled.push({ finding, by })
  }
  return settled
}

/** Operators call what they make by the object's name, and put words before or behind it. */
function isNamedAfter(workload: string, object: string): boolean {
  return object !== '' && `-${workload}-`.includes(`-${object}-`)
}

const injectLabel = 'sidecar.istio.io/inject'

/** Whether what the object says of its pods keeps sidecars away: for all of them, or in each of its parts. */
function isOff(object: ValueMap, kind: OperatedKind): boolean {
  const others = Object.entries(asMap(object['spec']) ?? {}).filter(([key]) => !kind.parts.includes(key))
  if (saysNo(inheritedOf(object, kind)) || saysNo(Object.fromEntries(others))) return true
  const pieces = piecesOf(object, kind)
  return pieces.length > 0 && pieces.every(saysNo)
}

/** What the object says of each of its parts. */
function piecesOf(object: ValueMap, { parts }: OperatedKind): readonly Value[] {
  return parts.flatMap((part) => {
    const piece = valueAt(object, 'spec', part)
    return asMap(piece) === null ? asList(piece) : [piece]
  })
}

/** What its pods get of the object's own labels and annotations. */
function inheritedOf(object: ValueMap, { inherited }: OperatedKind): readonly Value[] {
  return inherited.map((key) => valueAt(object, 'metadata', key))
}

/** Whether its pods use the host's network. A part may have its own setting. */
function onHost(object: ValueMap, kind: OperatedKind): boolean {
  const ofAll = [[], ['template', 'spec']].some((path) => valueAt(object, 'spec', ...path, 'hostNetwork') === true)
  const pieces = piecesOf(object, kind)
  return pieces.length === 0 ? ofAll : pieces.every((piece) => (valueAt(piece, 'hostNetwork') ?? ofAll) === true)
}

function saysNo(value: Value): boolean {
  return holds(value, (key, text) => key === injectLabel && text === 'false')
}

function asks(object: ValueMap, kind: OperatedKind): boolean {
  return holds(
    [object['spec'], ...inheritedOf(object, kind)],
    (key, text) => key === 'istio.io/rev' || (key === injectLabel && text === 'true'),
  )
}

/** Whether a map somewhere in a value has such an entry: operators take labels of pods from many places. */
function holds(value: Value, wanted: (key: string, text: string | null) => boolean): boolean {
  if (Array.isArray(value)) return value.some((item) => holds(item, wanted))
  return Object.entries(asMap(value) ?? {}).some(([key, entry]) => wanted(key, scalarText(entry)) || holds(entry, wanted))
}

function placeOf(cluster: string, { object, namespace, name, site }: KeptObject): Finding['place'] {
  return { cluster, file: site.file, line: site.line, object: `${String(object['kind'])} ${namespace}/${name}` }
}

type OperatedWords = readonly [message: string, found: string, remedy: string]

function operatorFinding(cluster: string, one: KeptObject, made: Exclude<OperatedKind['made'], 'runs'>, isMeshed: boolean): Finding {
  const [message, found, remedy] = wordsOf(one.namespace, made)
  const { namespace } = one
  const stating = `state the labels of ${namespace} in clusters[].namespaces of reroot.yaml; or `
  return {
    id: 'workloads/operator',
    severity: 'warning',
    place: placeOf(cluster, one),
    message: isMeshed
      ? `in meshed namespace ${namespace}, ${message}`
      : `whether its pods have sidecars depends on labels of namespace ${namespace}, which Git does not show; ${message}`,
    expected: 'pods that a step restarts, or none with a sidecar',
    found,
    remedy: `${isMeshed ? '' : stating}${remedy}; or accept this finding with a reason, if none of its pods has a sidecar`,
  }
}

function wordsOf(namespace: string, made: Exclude<OperatedKind['made'], 'runs'>): OperatedWords {
  switch (made) {
    case 'templates':
      return [
        'an operator makes workloads of it that Git does not show, so that no step restarts them',
        'a Deployment, StatefulSet or DaemonSet of an operator',
        `add ${namespace} to restarts.namespaces, or the workloads to clusters[].workloads; or restart them in each step, and say so with --confirmed`,
      ]
    case 'pods':
      return [
        'an operator makes pods of it, and alone replaces them: no step restarts them, nor does the Job for restarts.namespaces',
        'pods that only an operator replaces',
        'have the operator restart them in each step, and say so with --confirmed',
      ]
    case 'unknown':
      return [
        'it looks as if an operator makes pods of it, which no step restarts',
        'a pod template, or a number of replicas',
        'state the workloads that it makes in clusters[].workloads; or restart them in each step, and say so with --confirmed',
      ]
    default:
      return made satisfies never
  }
}

function runsFinding(cluster: string, one: KeptObject): Finding {
  return {
    id: 'workloads/job',
    severity: 'info',
    place: placeOf(cluster, one),
    message: `in meshed namespace ${one.namespace}: what runs keeps its certificate until it ends; its next run picks up the new certificates by itself`,
    remedy: 'nothing, unless one of its runs lasts longer than the rotation',
  }
}
