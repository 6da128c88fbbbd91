import { addProbe } from './probe.ts'
import { idKey, idOf, idsOf, nameOf, namespaceOf } from './resource.ts'
import type { Resource } from './resource.ts'

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
