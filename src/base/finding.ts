import { groupBy } from './group.ts'
import type { FindingId } from './finding-ids.ts'

export type Severity = 'error' | 'warning' | 'info'

/** Where a finding was made. Lines count from 1. */
export interface Place {
  readonly cluster?: string
  readonly file?: string
  readonly line?: number
  readonly object?: string
}

/** A problem with an id, a severity, a place and a remedy. An `error` blocks every step. */
export interface Finding {
  readonly id: FindingId
  readonly severity: Severity
  readonly place: Place
  /** Lower case, no full stop: what is wrong. */
  readonly message: string
  readonly expected?: string
  readonly found?: string
  /** What to do about it. */
  readonly remedy: string
}

/**
 * One finding in text: `file:line: message [id]`, then what was expected, found, and the remedy.
 * @param hint what is said once for all of them; a remedy that is the same is left out.
 */
export function describeFinding(finding: Finding, hint = ''): string {
  const { place } = finding
  const at = [
    place.cluster,
    place.file === undefined ? undefined : `${place.file}${place.line === undefined ? '' : `:${place.line}`}`,
    place.object,
  ]
  const where = at.filter((part) => part !== undefined).join(' ')
  const lines = [`${where === '' ? '' : `${where}: `}${finding.message} [${finding.id}]`]
  if (finding.expected !== undefined) lines.push(`  expected: ${finding.expected}`)
  if (finding.found !== undefined) lines.push(`  found: ${finding.found}`)
  if (finding.remedy !== hint) lines.push(`  remedy: ${finding.remedy}`)
  return lines.join('\n')
}

/** What several clusters share is said once, with the names of all of them in `place.cluster`. For people to read: it is no longer the place of one. */
export function togetherForClusters(findings: readonly Finding[]): readonly Finding[] {
  const same = groupBy(findings, (finding) => keyOf(finding))
  return [...same.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return []
    const clusters = [...new Set([first, ...others].flatMap(({ place: { cluster } }) => (cluster === undefined ? [] : [cluster])))]
    return [clusters.length < 2 && others.length === 0 ? first : { ...first, place: { ...first.place, ...named(clusters) } }]
  })
}

// Whoever has mended these runs the command again. A hostile file can give a hundred thousand.
const mostOfOneKind = 50

/** What people read of many findings: the first of each id and severity, and how many more there are of it. */
export function firstOfEachKind(findings: readonly Finding[]): { readonly shown: readonly Finding[]; readonly more: readonly string[] } {
  const counts = new Map<string, { readonly of: Finding; count: number }>()
  const shown = findings.filter((finding) => {
    const kind = `${finding.severity} ${finding.id}`
    const known = counts.get(kind) ?? { of: finding, count: 0 }
    counts.set(kind, known)
    return ++known.count <= mostOfOneKind
  })
  const more = [...counts.values()].flatMap(({ of: { severity, id }, count }) =>
    count > mostOfOneKind ? [`${severity}: and ${count - mostOfOneKind} more of ${id}`] : [],
  )
  return { shown, more }
}

function keyOf({ id, severity, place, message, expected, found, remedy }: Finding): string {
  return JSON.stringify([id, severity, place.file, place.line, place.object, message, expected, found, remedy])
}

function named(clusters: readonly string[]): Pick<Place, 'cluster'> {
  return clusters.length === 0 ? {} : { cluster: clusters.join(', ') }
}
