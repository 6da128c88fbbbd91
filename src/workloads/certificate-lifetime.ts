import type { Place } from '../base/index.ts'
import { durationHours } from './duration.ts'
import type { Inventory } from './inventory.ts'
import type { LifetimeSetting } from './lifetime-settings.ts'
import { lifetimesOfChart } from './lifetime-settings.ts'
import { lineAt, lineOfWord } from './line-at.ts'
import type { Manifests } from './manifest.ts'
import type { Releases } from './releases.ts'
import type { Report } from './report.ts'
import type { CertificateLifetime, Outsider } from './types.ts'
import { scalarText } from './value.ts'

// security/pkg/cmd/constants.go of Istio.
const defaultHours = 24
const maximumHours = 90 * 24

interface Written {
  readonly setting: LifetimeSetting
  /** In words, with its value. */
  readonly found: string
  /** `null`: it cannot be read. */
  readonly hours: number | null
  place(): Place
}

/** How long workload certificates live, wherever Git says so. What cannot be read is reported, and nothing is claimed of it. */
export function certificateLifetimes(
  inventory: Inventory,
  releases: Releases,
  outside: readonly Outsider['id'][],
  manifests: Manifests,
  report: Report,
): readonly CertificateLifetime[] {
  const written = [...inReleases(releases, manifests), ...inObjects(inventory, outside, manifests)]
  const most = mostHours(written, inventory, releases)
  const defaults = written.filter(({ setting }) => setting.name === 'DEFAULT_WORKLOAD_CERT_TTL')
  const asked = written.filter(({ setting }) => setting.name === 'SECRET_TTL')
  // What proxies and ztunnel ask for is never none, unless they are told so.
  const isDefaultGiven = asked.some(({ hours }) => hours !== null && hours <= 0)
  for (const one of written) if (one.hours === null && (isDefaultGiven || !defaults.includes(one))) report.add(unreadable(one))
  const readable = defaults.flatMap(({ hours }) => hours ?? [])
  const byDefault = readable.length === 0 ? defaultHours : longest(readable)
  return asked.flatMap(({ found, hours, place }) => {
    if (hours === null) return []
    if (hours <= 0) return [{ hours: Math.ceil(byDefault), found, place: place() }]
    const capped = hours > most ? `${found} (istiod grants at most ${most} hours)` : found
    return [{ hours: Math.ceil(Math.min(hours, most)), found: capped, place: place() }]
  })
}

function inReleases(releases: Releases, manifests: Manifests): readonly Written[] {
  return releases.istio.flatMap(({ release, chart }) =>
    lifetimesOfChart(chart, release.values).map((setting) =>
      read(setting, () => atWord(release.valuePlace(setting.path), setting, manifests)),
    ),
  )
}

/** What is outside of the mesh has no certificate. */
function inObjects(inventory: Inventory, outside: readonly Outsider['id'][], manifests: Manifests): readonly Written[] {
  const others = new Set(outside.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`))
  return inventory.lifetimes
    .filter(({ object }) => !others.has(object))
    .map(({ setting, object, site }) =>
      read(setting, () => atWord({ file: site.file, line: lineAt(manifests, site, setting.path), object }, setting, manifests)),
    )
}

function read(setting: LifetimeSetting, place: () => Place): Written {
  const text = setting.value === undefined ? null : scalarText(setting.value)
  const hours = text === null ? null : durationHours(text, setting.reader)
  const found = `${setting.path.filter((part) => part !== 'value').join('.')}: ${text ?? 'from elsewhere'}`
  return { setting, found, hours, place }
}

/** A text that holds YAML may have many lines. */
function atWord(place: Place, { name, text }: LifetimeSetting, manifests: Manifests): Place {
  const { file, line } = place
  if (text === null || file === undefined || line === undefined) return place
  return { ...place, line: lineOfWord(manifests, file, line, text, name) }
}

/** The most that an istiod of the cluster grants; without an end if Git may not tell of one of them. */
function mostHours(written: readonly Written[], inventory: Inventory, releases: Releases): number {
  const limits = written.filter(({ setting }) => setting.name === 'MAX_WORKLOAD_CERT_TTL').map(({ hours }) => hours ?? Infinity)
  const charts = releases.istio.filter(({ chart }) => chart === 'istiod')
  const operators = [...inventory.kept.values()].filter(({ object: { kind } }) => kind === 'Istio' || kind === 'IstioOperator')
  const planes = charts.length + operators.length + inventory.pods.filter(({ istiod }) => istiod !== null).length
  if (planes === 0 || charts.some(({ release }) => release.missingValues.length > 0)) return Infinity
  // Of several, one may have none of the limits.
  return longest(planes > 1 || limits.length === 0 ? [...limits, maximumHours] : limits)
}

function longest(hours: readonly number[]): number {
  return hours.reduce((most, one) => Math.max(most, one), 0)
}

function unreadable({ setting, found, place }: Written): Parameters<Report['add']>[0] {
  const waits = 'pki.workloadCertificateHours in reroot.yaml'
  return {
    id: 'workloads/certificate-lifetime',
    severity: 'warning',
    place: place(),
    message: `how long workload certificates live may depend on ${setting.name}, which cannot be read here`,
    expected: setting.reader === 'go' ? 'a duration as Go reads it, e.g. 24h or 1h30m' : 'a duration, e.g. 24h',
    found,
    remedy: `make sure that no workload certificate lives longer than ${waits}`,
  }
}
