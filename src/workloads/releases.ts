import type { Place } from '../base/index.ts'
import type { ChartInstall } from './chart-install.ts'
import { readHelmReleases } from './helm-release.ts'
import { judgeInjection } from './injection.ts'
import type { Inventory } from './inventory.ts'
import { istioChartOf, istioReleaseOf, podsOfRelease, revisionOf, revisionsOf } from './istio-chart.ts'
import type { IstioChart } from './istio-chart.ts'
import type { Manifests } from './manifest.ts'
import type { Namespaces } from './namespaces.ts'
import type { Report } from './report.ts'
import type { IstioRelease, MeshRole, Opaque, Workload } from './types.ts'
import { noteUse } from './unseen-istiod.ts'
import type { RevisionUses } from './unseen-istiod.ts'
import { asMap, scalarText, textMap } from './value.ts'
import type { Value } from './value.ts'

/** The charts that are installed in a cluster, told apart. */
export interface Releases {
  readonly istio: readonly { readonly release: ChartInstall; readonly chart: IstioChart; readonly facts: IstioRelease }[]
  readonly others: readonly ChartInstall[]
}

/** Reads the charts that an inventory installs, and reports what hides values that a rotation depends on. */
export function readReleases(inventory: Inventory, manifests: Manifests, report: Report): Releases {
  const istio: Releases['istio'][number][] = []
  const others: ChartInstall[] = []
  for (const release of [...readHelmReleases(inventory, manifests, report), ...inventory.charts]) {
    if (release.elsewhere !== null) {
      report.add(elsewhere(release.elsewhere))
      continue
    }
    const chart = istioChartOf(release)
    if (chart !== null && release.suspended !== null) report.add(suspended(release.suspended, chart))
    if (chart === null) others.push(release)
    else istio.push({ release, chart, facts: istioReleaseOf(release, chart) })
    if (chart !== null)
      for (const { name, place } of release.missingValues) report.add(missingValues(chart, name, place, release.valuesBelong))
    if (release.chart === 'cert-manager-istio-csr') report.add(istioCsr(release))
  }
  return { istio, others }
}

const roles: Readonly<Partial<Record<IstioChart, MeshRole>>> = { istiod: 'control-plane', ztunnel: 'ztunnel', gateway: 'gateway' }

/** The workloads that Istio's own charts install. */
export function workloadsOfReleases(cluster: string, releases: Releases, namespaces: Namespaces, uses: RevisionUses): readonly Workload[] {
  return releases.istio.flatMap(({ release, chart }) => {
    const pods = podsOfRelease(release, chart)
    const role = roles[chart]
    if (pods === null || role === undefined) return []
    const namespace = release.targetNamespace
    const owner = { kind: 'chart', controller: release.controller, by: release.by, chart } as const
    return [
      {
        id: { ...pods, namespace },
        cluster,
        role,
        rule: ruleOf(release, chart, namespaces, uses),
        owner,
        definition: release.site,
        hindrance: null,
        carried: null,
        syncWave: 0, // Istio's charts write none
        replaced: release.replaced,
      },
    ]
  })
}

function ruleOf(release: ChartInstall, chart: IstioChart, namespaces: Namespaces, uses: RevisionUses): string {
  if (chart !== 'gateway') return `${release.by} installs Istio’s chart ${chart}`
  const namespace = release.targetNamespace
  namespaces.markMeshed(namespace)
  // The chart's own labels ask for injection; labels of the namespace may ask as well.
  const revision = revisionOf(release.values)
  const labels = {
    'sidecar.istio.io/inject': 'true',
    ...(revision === null ? {} : { 'istio.io/rev': revision }),
    ...textMap(release.values['labels']),
  }
  const verdict = judgeInjection({ labels, annotations: {}, hostNetwork: false }, namespace, namespaces.labelsOf(namespace) ?? {}, false)
  if (verdict.mesh === 'in') noteUse(uses, verdict.revision, release.by, release.site)
  return verdict.mesh === 'in' ? `Istio’s chart gateway; ${verdict.rule}` : 'Istio’s chart gateway'
}

/** Releases whose workloads Git does not show, in namespaces of the mesh. */
export function opaqueReleases(
  cluster: string,
  releases: Releases,
  namespaces: Namespaces,
  byDefault: boolean,
  report: Report,
): readonly Opaque[] {
  return releases.others.flatMap((release) => {
    const namespace = release.targetNamespace
    const verdict = judgeInjection(
      { labels: {}, annotations: {}, hostNetwork: false },
      namespace,
      namespaces.labelsOf(namespace),
      byDefault,
    )
    const owner = release.by
    if (verdict.mesh === 'unknown') namespaces.markUnknown(namespace, `what ${owner} installs`, release.site)
    if (verdict.mesh === 'unknown' || (verdict.mesh === 'out' && !asksItself(release.values))) return []
    report.add({
      id: 'workloads/opaque',
      severity: 'warning',
      place: { cluster, ...release.place('spec') },
      message: `it installs chart ${release.chart ?? '(unknown)'} into meshed namespace ${namespace}; Git does not show its workloads`,
      expected: 'workloads as manifests, or the namespace in restarts.namespaces',
      found: owner,
      remedy: `add ${namespace} to restarts.namespaces in reroot.yaml: a Job then restarts what is meshed there`,
    })
    return [{ namespace, owner, site: release.site }]
  })
}

/** Whether values put the chart's pods into the mesh by labels of their own, wherever the chart takes pod labels from. */
function asksItself(values: Value): boolean {
  if (Array.isArray(values)) return values.some(asksItself)
  const map = asMap(values)
  if (map === null) return false
  return Object.entries(map).some(
    ([key, value]) => key === 'istio.io/rev' || (key === 'sidecar.istio.io/inject' && scalarText(value) === 'true') || asksItself(value),
  )
}

/** Revisions and tags that releases of istiod serve. */
export function servedRevisions(releases: Releases): readonly string[] {
  return releases.istio.filter(({ chart }) => chart === 'istiod').flatMap(({ release }) => revisionsOf(release.values))
}

function missingValues(
  chart: IstioChart,
  name: string,
  place: ReturnType<ChartInstall['place']>,
  expected: string,
): Parameters<Report['add']>[0] {
  return {
    id: 'workloads/helm-values',
    severity: 'warning',
    place,
    message: `values of Istio’s chart ${chart} come from ${name}, which Git does not show`,
    expected,
    found: name,
    remedy: 'make sure that it sets no revision, environment, CA or lifetime of certificates of istiod; or move these values into Git',
  }
}

function elsewhere(place: Place): Parameters<Report['add']>[0] {
  return {
    id: 'flux/remote-cluster',
    severity: 'warning',
    place,
    message: 'it installs into another cluster, and is not followed',
    expected: 'a HelmRelease of this cluster',
    found: 'spec.kubeConfig',
    remedy: 'if the other cluster is in the mesh, see that its own workloads are restarted with it',
  }
}

function suspended(place: Place, chart: IstioChart): Parameters<Report['add']>[0] {
  return {
    id: 'flux/suspended',
    severity: 'warning',
    place,
    message: `the HelmRelease of Istio’s chart ${chart} is suspended: changed values are not applied until it is resumed`,
    expected: 'spec.suspend: false',
    found: 'spec.suspend: true',
    remedy: 'resume it before the rotation, or let a Job restart its workload: restarts.rules with delivery: job',
  }
}

function istioCsr(release: ChartInstall): Parameters<Report['add']>[0] {
  return {
    id: 'workloads/ca-provider',
    severity: 'error',
    place: release.place('spec'),
    message: 'istio-csr signs workload certificates in place of istiod, so the cacerts Secret does not count',
    expected: 'istiod as the CA',
    found: 'chart cert-manager-istio-csr',
    remedy: 'rotate the issuer that cert-manager uses; reroot rotates a plugged-in CA only',
  }
}
