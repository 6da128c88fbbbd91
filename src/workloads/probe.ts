import type { Resource } from './resource.ts'
import { asMap, valueAt, withValueAt } from './value.ts'
import type { ValueMap } from './value.ts'

// An annotation on a pod template. The end of a build shows whether one that is set where the probe was set survives the patches behind it.

const probe = 'reroot.dev/probe'
const metadata = ['spec', 'template', 'metadata'] as const
const annotations = [...metadata, 'annotations'] as const

/** Marks the pod template of a workload. */
export function addProbe(resource: Resource): void {
  const { object } = resource
  if (asMap(valueAt(object, 'spec', 'template')) === null) return
  resource.madeByProbe =
    asMap(valueAt(object, ...metadata)) === null ? 'metadata' : asMap(valueAt(object, ...annotations)) === null ? 'annotations' : null
  resource.object = withValueAt(object, [...annotations, probe], () => 'here')
}

/** @returns whether the probe is still there, and the object without it. */
export function takeProbe(object: ValueMap): { readonly survived: boolean; readonly object: ValueMap } {
  if (valueAt(object, ...annotations, probe) === undefined) return { survived: false, object }
  return { survived: true, object: withValueAt(object, annotations, (all) => without(all, probe)) }
}

/** The object as it is without reroot: a map that holds nothing but the probe, and was made for it, is not there. A JSON patch fails on it. */
export function beforeProbe({ object, madeByProbe }: Resource): ValueMap {
  const taken = takeProbe(object).object
  if (madeByProbe === null || Object.keys(asMap(valueAt(taken, ...annotations)) ?? {}).length > 0) return taken
  const bare = withValueAt(taken, metadata, (all) => without(all, 'annotations'))
  if (madeByProbe === 'annotations' || Object.keys(asMap(valueAt(bare, ...metadata)) ?? {}).length > 0) return bare
  return withValueAt(bare, ['spec', 'template'], (all) => without(all, 'metadata'))
}

function without(map: unknown, key: string): ValueMap {
  const { [key]: _, ...others } = asMap(map) ?? {}
  return others
}
