import { makesPods } from './pod-owner.ts'
import type { Resource } from './resource.ts'
import { asMap, valueAt, withValueAt } from './value.ts'
import type { ValueMap } from './value.ts'

// An annotation on a pod template. The end of a build shows whether one that is set where the probe was set survives the patches behind it.

const probe = 'reroot.dev/probe'
const metadata = ['spec', 'template', 'metadata'] as const
const annotations = [...metadata, 'annotations'] as const

/** Marks the pod template of a workload. Other kinds have a `spec.template` too (an ApplicationSet, a Certificate), and stay as they are. */
export function addProbe(resource: Resource): void {
  const { object } = resource
  if (!makesPods(object) || asMap(valueAt(object, 'spec', 'template')) === null) return
  resource.madeByProbe =
    asMap(valueAt(object, ...metadata)) === null ? 'metadata' : asMap(valueAt(object, ...annotations)) === null ? 'annotations' : null
  resource.object = withValueAt(object, [...annotations, probe], () => 'here')
}

/** Whether the probe is still there. */
export function survived({ object }: Pick<Resource, 'object'>): boolean {
  return valueAt(object, ...annotations, probe) !== undefined
}

/** The object as it is without reroot: a map that holds nothing but the probe, and was made for it, is not there. A JSON patch fails on it. */
export function withoutProbe(resource: Pick<Resource, 'object' | 'madeByProbe'>): ValueMap {
  const { object, madeByProbe } = resource
  if (!survived(resource)) return object
  const taken = withValueAt(object, annotations, (all) => without(all, probe))
  if (madeByProbe === null || Object.keys(asMap(valueAt(taken, ...annotations)) ?? {}).length > 0) return taken
  const bare = withValueAt(taken, metadata, (all) => without(all, 'annotations'))
  if (madeByProbe === 'annotations' || Object.keys(asMap(valueAt(bare, ...metadata)) ?? {}).length > 0) return bare
  return withValueAt(bare, ['spec', 'template'], (all) => without(all, 'metadata'))
}

function without(map: unknown, key: string): ValueMap {
  const { [key]: _, ...others } = asMap(map) ?? {}
  return others
}
