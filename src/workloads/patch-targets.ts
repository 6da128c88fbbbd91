import { idOf, idsOf, nameOf } from './resource.ts'
import type { Resource } from './resource.ts'
import type { Selector } from './selector.ts'

/** The resources of one kustomization, found by what patches name. Built once for all its patches, so that many patches stay linear. */
export interface PatchTargets {
  /** Resources that answer to an id: their present one or a former one. */
  byId(key: string): readonly Resource[]
  selectedBy(selector: Selector): readonly Resource[]
  /** A resource has a new id. */
  refresh(resource: Resource): void
}

export function indexTargets(resources: readonly Resource[]): PatchTargets {
  const ids = new Map<string, Set<Resource>>()
  const names = new Map<string, Set<Resource>>()
  const enter = (index: Map<string, Set<Resource>>, key: string, resource: Resource): void => {
    const known = index.get(key)
    if (known === undefined) index.set(key, new Set([resource]))
    else known.add(resource)
  }
  const entered = new Map<Resource, { readonly apiVersion: unknown; readonly former: number }>()
  const refresh = (resource: Resource): void => {
    const { apiVersion } = resource.object
    const before = entered.get(resource)
    // With each of thousands of patches an object may have one former id more.
    for (const key of idsOf(resource, before?.apiVersion === apiVersion ? before?.former : 0)) enter(ids, key, resource)
    entered.set(resource, { apiVersion, former: resource.former.length })
    enter(names, nameOf(resource.object), resource)
    enter(names, (resource.former[0] ?? idOf(resource.object)).name, resource)
  }
  for (const resource of resources) refresh(resource)

  const alive = (found: Iterable<Resource> | undefined): Resource[] => [...(found ?? [])].filter((resource) => !resource.deleted)
  return {
    byId: (key) => alive(ids.get(key)),
    selectedBy(selector) {
      const candidates = selector.plainName === null ? resources : names.get(selector.plainName)
      return alive(candidates).filter((resource) => selector.matches(resource))
    },
    refresh,
  }
}
