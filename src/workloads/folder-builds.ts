import type { Place } from '../base/index.ts'
import type { Kustomization } from './kustomization-file.ts'
import type { Report } from './report.ts'
import type { Resource } from './resource.ts'

/** Where a build stands: the folders that are being read, one in the other. */
export interface Level {
  readonly depth: number
  /** These folders, and all above them in the tree: none of them may be read again in here. */
  readonly closed: bigint
  /** The folders that were asked for in here so far, whether they were read or refused. */
  asked: bigint
}

interface Variant {
  readonly asked: bigint
  /** Those of them that were refused. */
  readonly refused: bigint
  /** Kept from the second time on: most folders are read once. */
  resources: readonly Resource[] | null
}

// No chain of bases is anywhere near, and the stack holds many more.
const deepest = 200
// Objects that kustomizations hand on to the one above, and components take over: ten thousand objects through thirty of them.
const mostHandedOn = 300_000
const costOfComponent = 50
// A folder gives something else where a folder that it asks for is refused. Then kustomize refuses all of it, and some of the findings are enough.
const mostVariants = 8

/**
 * What a build has read of its folders, so that a base that many kustomizations share is built twice at most. Sets of folders are the bits of
 * numbers: each entry of each kustomization asks for one.
 */
export class FolderBuilds {
  readonly #report: Report
  readonly #bits = new Map<string, bigint>()
  readonly #kustomizations = new Map<string, Kustomization | null>()
  readonly #variants = new Map<string, Variant[]>()
  #handedOn = 0

  constructor(report: Report) {
    this.#report = report
  }

  /** The level of the kustomization that is built first. */
  first(folder: string): Level {
    return { depth: 1, closed: this.#withParents(folder), asked: 0n }
  }

  /** Whether a folder may be read: not if it is, or holds, one that is being read (kustomize's loader refuses that). */
  mayRead(folder: string, level: Level): boolean {
    const bit = this.#bitOf(folder)
    level.asked |= bit
    return (level.closed & bit) === 0n
  }

  /** Reads a folder's kustomization once. */
  kustomization(folder: string, read: () => Kustomization | null): Kustomization | null {
    const known = this.#kustomizations.get(folder)
    if (known !== undefined) return known
    const made = read()
    this.#kustomizations.set(folder, made)
    return made
  }

  /** The level below, for a folder; `null` after reporting that there are too many levels. */
  below(folder: string, level: Level, place: () => Place): Level | null {
    if (level.depth < deepest) return { depth: level.depth + 1, closed: level.closed | this.#withParents(folder), asked: 0n }
    this.#report.add(tooMuch(place(), `kustomizations are nested more than ${deepest} deep`, `at most ${deepest} levels`, folder))
    return null
  }

  /** What a folder makes: built, or what it made before, if every folder that it asks for would be read or refused as it was then. */
  build(key: string, level: Level, below: Level, build: () => readonly Resource[]): readonly Resource[] {
    const known = this.#variants.get(key) ?? []
    const same =
      known.find(({ asked, refused }) => (asked & below.closed) === refused) ?? (known.length < mostVariants ? undefined : known[0])
    if (same?.resources !== undefined && same.resources !== null) {
      level.asked |= same.asked
      return same.resources.map(copyOf)
    }
    const resources = build()
    level.asked |= below.asked
    if (same === undefined)
      this.#variants.set(key, [...known, { asked: below.asked, refused: below.asked & below.closed, resources: null }])
    else same.resources = resources.map(copyOf)
    return resources
  }

  /** @returns whether some more objects may be handed on; `false`, and once a finding, if a build multiplies them without end. */
  mayHandOn(count: number, place: () => Place): boolean {
    const before = this.#handedOn
    this.#handedOn += count
    if (this.#handedOn <= mostHandedOn) return true
    if (before <= mostHandedOn)
      this.#report.add(
        tooMuch(
          place(),
          'its bases and components multiply objects, and reroot reads no further',
          `at most ${mostHandedOn} objects, counted in each kustomization that they pass`,
          'more than that',
        ),
      )
    return false
  }

  /** The same for a component, which takes over all that is there. */
  mayTakeOver(count: number, place: () => Place): boolean {
    return this.mayHandOn(count + costOfComponent, place)
  }

  #bitOf(folder: string): bigint {
    const known = this.#bits.get(folder)
    if (known !== undefined) return known
    const bit = 1n << BigInt(this.#bits.size)
    this.#bits.set(folder, bit)
    return bit
  }

  #withParents(folder: string): bigint {
    let bits = this.#bitOf('')
    for (let end = folder.length; end > 0; end = folder.lastIndexOf('/', end - 1)) bits |= this.#bitOf(folder.slice(0, end))
    return bits
  }
}

/** What is above changes resources, but never in the parts that copies share. */
function copyOf(resource: Resource): Resource {
  return { ...resource }
}

function tooMuch(place: Place, message: string, expected: string, found: string): Parameters<Report['add']>[0] {
  return {
    id: 'workloads/kustomization',
    severity: 'error',
    place,
    message,
    expected,
    found,
    remedy: 'list each base once, in the kustomization that changes it, and take the levels between out',
  }
}
