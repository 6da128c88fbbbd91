import type { Finding } from '../../base/index.ts'
import { withoutProbe } from '../probe.ts'
import { makeReport } from '../report.ts'
import type { Destination } from '../types.ts'
import { readApplication } from './application.ts'
import type { Application } from './application.ts'
import { expandApplicationSet } from './application-set.ts'
import { makeBudget } from './budget.ts'
import { readContent } from './content.ts'
import type { Content, Reading } from './content.ts'
import { definitionKey, definitionOf, placeOf, siteKey } from './definition.ts'
import type { Definition } from './definition.ts'
import { clusterOfSecret } from './known-clusters.ts'
import type { KnownCluster } from './known-clusters.ts'

/** An Application with what it applies. */
export interface Applied {
  readonly application: Application
  /** What Argo CD would refuse in it. */
  readonly problems: readonly Finding[]
  readonly content: Content
}

/** How the objects of one Argo CD are resolved. */
export interface Resolving {
  readonly reading: Reading
  /** Argo CD's own namespace. */
  readonly namespace: string
  /** The clusters that generators see, of those whose Secrets Git shows. */
  clustersOf(secrets: readonly KnownCluster[]): readonly KnownCluster[]
  /** What is wanted of an Application: all that it applies (`null`), or only objects with one of these words. */
  wordsOf(destination: Destination, secrets: readonly KnownCluster[]): readonly string[] | null
  /** Whether nobody needs to know what an Application for this destination says. */
  irrelevant(destination: Destination, secrets: readonly KnownCluster[]): boolean
}

export interface Resolution {
  /** Each object once, as Argo CD's cluster would have it. */
  readonly definitions: readonly Definition[]
  readonly applied: readonly Applied[]
  readonly secrets: readonly KnownCluster[]
  /** Findings of ApplicationSets. */
  readonly findings: readonly Finding[]
}

// Applications that apply each other's patches back and forth have no end state.
const mostRounds = 8

/**
 * Resolves Argo CD's objects from those that lie in files: what an Application builds takes the place of what its file has, for overlays may change
 * it; ApplicationSets are expanded; and so on, until nothing changes any more.
 */
export function resolveObjects(resolving: Resolving, seeds: readonly Definition[]): Resolution {
  const memory = new Map<string, Applied>()
  let built: Built = new Map()
  let secrets = secretsOf(seeds)
  for (let round = 1; ; round++) {
    const outcome = resolveOnce(resolving, seeds, built, secrets, memory)
    const settled = keysOf(outcome.built) === keysOf(built) && JSON.stringify(secretsOf(outcome.definitions)) === JSON.stringify(secrets)
    if (settled) return { ...outcome, secrets }
    if (round === mostRounds) {
      const endless = endlessFinding(resolving, outcome.built, built)
      return { ...outcome, secrets, findings: [...outcome.findings, ...endless] }
    }
    built = outcome.built
    secrets = secretsOf(outcome.definitions)
  }
}

/** Something that only every other round has tells where it goes back and forth. */
function endlessFinding({ reading }: Resolving, now: Built, before: Built): readonly Finding[] {
  const made = (built: Built): readonly Definition[] => [...built.values()].flat()
  const keys = [now, before].map((built) => new Set(made(built).map(definitionKey)))
  const changing = [...made(now), ...made(before)].find((one) => keys.some((known) => !known.has(definitionKey(one))))
  return [
    {
      id: 'argocd/application',
      severity: 'error',
      place: changing === undefined ? {} : placeOf(reading.manifests, changing),
      message: 'Applications change each other, or themselves, back and forth: what they apply in the end cannot be told',
      expected: 'Applications that come to rest',
      found: `still changing after ${mostRounds} rounds`,
      remedy: 'let an Application change no Application that it comes from, nor itself',
    },
  ]
}

/** By site: what builds make of the object there. */
type Built = ReadonlyMap<string, readonly Definition[]>

function resolveOnce(
  resolving: Resolving,
  seeds: readonly Definition[],
  before: Built,
  secrets: readonly KnownCluster[],
  memory: Map<string, Applied>,
): Pick<Resolution, 'definitions' | 'applied' | 'findings'> & { readonly built: Built } {
  const report = makeReport()
  const definitions = new Map<string, Definition>()
  const applied: Applied[] = []
  const built = new Map<string, Map<string, Definition>>()
  const budget = makeBudget()
  const waiting = seeds.flatMap((seed) => before.get(siteKey(seed.manifest)) ?? [seed])
  for (let index = 0; index < waiting.length; index++) {
    const definition = waiting[index]
    const key = definition === undefined ? '' : definitionKey(definition)
    if (definition === undefined || definitions.has(key)) continue
    definitions.set(key, definition)
    if (definition.kind === 'ApplicationSet') {
      const { reading } = resolving
      const irrelevant = (destination: Destination): boolean => resolving.irrelevant(destination, secrets)
      const expanded = expandApplicationSet({ ...reading, clusters: resolving.clustersOf(secrets), irrelevant, budget }, definition)
      for (const finding of expanded.findings) report.add(finding)
      for (const application of expanded.applications) waiting.push(application)
    }
    if (definition.kind !== 'Application') continue
    const one = applicationOf(resolving, definition, key, secrets, memory)
    applied.push(one)
    for (const object of objectsOf(resolving, one)) {
      const site = siteKey(object.manifest)
      const others = built.get(site) ?? new Map<string, Definition>()
      const own = definitionKey(object)
      if (!others.has(own)) others.set(own, object)
      built.set(site, others)
      waiting.push(object)
    }
  }
  const builtAt = new Map([...built].map(([site, made]) => [site, [...made.values()]]))
  return { definitions: [...definitions.values()], applied, findings: report.all(), built: builtAt }
}

function applicationOf(
  { reading, wordsOf }: Resolving,
  definition: Definition,
  key: string,
  secrets: readonly KnownCluster[],
  memory: Map<string, Applied>,
): Applied {
  const { application, findings } = readApplication(reading.manifests, definition)
  const words = wordsOf(application.destination, secrets)
  const place = `${words?.join(' ') ?? ''}\0${key}`
  const known = memory.get(place)
  if (known !== undefined) return known
  const one: Applied = { application, problems: findings, content: readContent(reading, application, words) }
  memory.set(place, one)
  return one
}

/** Argo CD's objects among what an Application applies. */
function objectsOf({ namespace }: Resolving, { application, content }: Applied): readonly Definition[] {
  return content.resources.flatMap((resource) => {
    const object = withoutProbe(resource)
    const made = definitionOf(object, resource.manifest, application.definition, application.targetNamespace ?? namespace)
    return made === null ? [] : [made]
  })
}

function secretsOf(definitions: readonly Definition[]): readonly KnownCluster[] {
  return definitions.filter(({ kind }) => kind === 'cluster').map(clusterOfSecret)
}

function keysOf(built: Built): string {
  return JSON.stringify([...built.values()].flatMap((made) => made.map(definitionKey)).toSorted())
}
