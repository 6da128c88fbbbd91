import type { Place } from '../base/index.ts'
import { absorbed } from './generators.ts'
import type { Generated } from './generators.ts'
import type { Report } from './report.ts'
import { idKey, idOf, idsOf, nameOf } from './resource.ts'
import type { Resource } from './resource.ts'

/** The resources of a kustomization so far, each id once. */
export class Gathering {
  readonly resources: Resource[]
  readonly #report: Report
  readonly #ids: Set<string>
  /** By every id that they have, and some that they no longer have; made when a generator asks, which mostly none does. */
  #answering: Map<string, Set<Resource>> | null = null

  constructor(report: Report, inherited: readonly Resource[]) {
    this.#report = report
    this.resources = [...inherited]
    this.#ids = new Set(inherited.map(({ object }) => idKey(idOf(object))))
  }

  add(resource: Resource, place: () => Place): void {
    const key = idKey(idOf(resource.object))
    if (this.#ids.has(key)) {
      this.#report.add(duplicate(resource, place()))
      return
    }
    this.#ids.add(key)
    this.#push(resource)
  }

  /** Takes what a generator makes: beside what is there, over it, or into it. kustomize looks it up by every id that an object had. */
  absorb({ resource, behavior, place }: Generated): void {
    const key = idKey(idOf(resource.object))
    const found = this.#answeringTo(key)
    const [old] = found
    if (old === undefined && behavior === 'create') this.add(resource, place)
    else if (old === undefined || found.length > 1) this.#report.add(nothingToMerge(resource, behavior, found.length, place()))
    else if (behavior === 'create') this.#report.add(duplicate(resource, place()))
    else {
      old.object = absorbed(old.object, resource.object, behavior)
      this.#enter(old)
    }
  }

  /** A generator of KSOPS may merge into what is there. */
  addGenerated(resource: Resource): void {
    const key = idKey(idOf(resource.object))
    if (!this.#ids.has(key)) this.#push(resource)
    this.#ids.add(key)
  }

  /** A component works on everything that its parent has: its result takes the place of all. */
  replaceBy(resources: readonly Resource[], place: () => Place): void {
    this.resources.splice(0, this.resources.length)
    this.#ids.clear()
    this.#answering = null
    for (const resource of resources) this.add(resource, place)
  }

  #push(resource: Resource): void {
    this.resources.push(resource)
    this.#enter(resource)
  }

  #enter(resource: Resource): void {
    if (this.#answering === null) return
    for (const key of idsOf(resource)) {
      const known = this.#answering.get(key)
      if (known === undefined) this.#answering.set(key, new Set([resource]))
      else known.add(resource)
    }
  }

  #answeringTo(key: string): readonly Resource[] {
    if (this.#answering === null) {
      this.#answering = new Map()
      for (const resource of this.resources) this.#enter(resource)
    }
    return [...(this.#answering.get(key) ?? [])].filter((one) => idsOf(one).includes(key))
  }
}

function nothingToMerge(resource: Resource, behavior: string, count: number, place: Place): Parameters<Report['add']>[0] {
  const what = `${String(resource.object['kind'])} ${nameOf(resource.object)}`
  return {
    id: 'workloads/kustomization',
    severity: 'error',
    place: { ...place, object: what },
    message: `a generator with behavior ${behavior} finds ${count === 0 ? 'nothing' : 'more than one object'} to ${behavior}`,
    expected: 'one object of that kind, namespace and name in the bases',
    found: count === 0 ? 'none' : String(count),
    remedy: 'name the object as its base does, namespace included, or take behavior out',
  }
}

/** @returns the resources without those that have the id of an earlier one, which are reported. */
export function eachOnce(resources: readonly Resource[], report: Report, place: () => Place): readonly Resource[] {
  const gathered = new Gathering(report, [])
  for (const resource of resources) gathered.add(resource, place)
  return gathered.resources
}

/** An object with the id of another one: it comes twice, or a patch has renamed it. */
function duplicate(resource: Resource, place: Place): Parameters<Report['add']>[0] {
  const { site } = resource.manifest
  return {
    id: 'workloads/duplicate',
    severity: 'error',
    place: { ...place, object: `${String(resource.object['kind'])} ${nameOf(resource.object)}` },
    message: 'two objects of the build have one id',
    expected: 'each apiVersion, kind, namespace and name once',
    found: `again from ${site.file}:${site.line}`,
    remedy: 'remove one of the two, or the patch that gives both one name: kustomize refuses the build',
  }
}
