import { annotateTemplate } from './patches.ts'
import { idKey, idOf, idsOf, nameOf, namespaceOf } from './resource.ts'
import type { Resource } from './resource.ts'
import { asMap, valueAt, withValueAt } from './value.ts'
import type { ValueMap } from './value.ts'

const probe = 'reroot.dev/probe'

/**
 * Notes what a Component at the end of an overlay's own list would have to name. The pod templates get a probe, so that the end of the
 * build shows whether an annotation set there survives the patches behind it.
 */
export function showToOverlay(kustomization: string, resources: readonly Resource[]): void {
  const answering = new Map<string, number>()
  for (const resource of resources) {
    for (const key of idsOf(resource)) answering.set(key, (answering.get(key) ?? 0) + 1)
  }
  for (const resource of resources) {
    const { object } = resource
    const ambiguous = (answering.get(idKey(idOf(object))) ?? 0) > 1
    resource.view = { kustomization, name: nameOf(object), namespace: namespaceOf(object), ambiguous }
    addProbe(resource)
  }
}

/** Marks the pod template of a workload that is written plainly, with no overlay. */
export function addProbe(resource: Resource): void {
  if (asMap(valueAt(resource.object, 'spec', 'template')) !== null) resource.object = annotateTemplate(resource.object, probe, 'here')
}

/** @returns whether the probe is still there, and the object without it. */
export function takeProbe(object: ValueMap): { readonly survived: boolean; readonly object: ValueMap } {
  if (valueAt(object, 'spec', 'template', 'metadata', 'annotations', probe) === undefined) return { survived: false, object }
  const without = withValueAt(object, ['spec', 'template', 'metadata', 'annotations'], (annotations) => {
    const { [probe]: _, ...others } = asMap(annotations) ?? {}
    return others
  })
  return { survived: true, object: without }
}
