import { RerootError } from '../../base/index.ts'
import type { Finding } from '../../base/index.ts'
import { rotationHindrances } from '../../mesh/index.ts'
import type { Files } from '../../ports.ts'
import { discover, findFluxClusters } from '../../workloads/index.ts'
import type { CacertsSite, Discovery, FluxCluster, IstioRelease } from '../../workloads/index.ts'
import { cacertsFindings } from './cacerts.ts'

/** What a person says because Git may not. */
export interface InitAnswers {
  /** Only these clusters; empty: all that are found. */
  readonly clusters: readonly string[]
  readonly istioVersion: string | null
  readonly istioNamespace: string | null
}

/** A cluster as `init` finds it. */
export interface FoundCluster {
  readonly flux: FluxCluster
  readonly discovery: Discovery
  readonly istiod: readonly IstioRelease[]
  readonly istioNamespace: string
  readonly version: string
  readonly versionAt: string
  readonly ztunnel: string | null
  readonly caProvider: string
  /** The sealed `cacerts` that the repository has; `null`: it has none. */
  readonly cacerts: CacertsSite | null
}

/**
 * Looks for the clusters whose Flux syncs this repository, and at what each of them applies.
 * @throws RerootError REFUSED or CA_UNSUPPORTED with everything that cannot be taken over, by name.
 */
export function findClusters(
  files: Files,
  directory: string,
  answers: InitAnswers,
): { readonly clusters: readonly FoundCluster[]; readonly findings: readonly Finding[] } {
  const found = findFluxClusters(files)
  const unknown = answers.clusters.filter((name) => !found.clusters.some((cluster) => cluster.name === name))
  if (unknown.length > 0) {
    throw new RerootError('USAGE', `no such cluster: ${unknown.join(', ')}`, {
      hint: `Flux syncs this repository for: ${found.clusters.map((cluster) => cluster.name).join(', ') || 'no cluster'}`,
    })
  }
  const wanted = found.clusters.filter((cluster) => answers.clusters.length === 0 || answers.clusters.includes(cluster.name))
  if (wanted.length === 0) {
    throw new RerootError('REFUSED', 'no cluster was found whose Flux syncs this repository', {
      hint: 'reroot looks for a GitRepository and a Kustomization beside it (gotk-sync.yaml of `flux bootstrap`) on the branch that Flux reads; Argo CD is not supported yet',
      findings: found.findings,
    })
  }
  const clusters = wanted.map((flux) => describeCluster(files, directory, flux, answers))
  const findings = [...found.findings, ...clusters.flatMap((cluster) => cluster.discovery.findings)]
  const refused = clusters.flatMap((cluster) => [
    ...cacertsFindings(cluster),
    ...hindrances(cluster),
    ...cluster.discovery.findings.filter((finding) => finding.id === 'flux/hidden'),
  ])
  if (refused.length > 0) {
    throw new RerootError('CA_UNSUPPORTED', 'this mesh cannot be taken over as it is', {
      hint: 'mend what is listed; nothing was written',
      findings: refused,
    })
  }
  return { clusters, findings }
}

function describeCluster(files: Files, directory: string, flux: FluxCluster, answers: InitAnswers): FoundCluster {
  const discovery = discover(files, {
    name: flux.name,
    paths: [flux.path],
    source: flux.source,
    istio: { namespace: answers.istioNamespace ?? 'istio-system', revisions: null },
    namespaces: new Map(),
    ignore: `${directory}/`,
  })
  const istiod = discovery.istio.filter((release) => release.chart === 'istiod')
  const [first] = istiod
  const version = answers.istioVersion ?? first?.version ?? null
  if (version === null) {
    throw new RerootError('USAGE', `Git does not show which Istio ${flux.name} runs`, {
      hint: 'say it with --istio-version 1.30.3 (`istioctl version`)',
    })
  }
  const shown =
    first === undefined ? 'said on the command line' : `${first.release} in ${first.namespace}, ${first.site.file}:${first.site.line}`
  return {
    flux,
    discovery,
    istiod,
    istioNamespace: answers.istioNamespace ?? first?.namespace ?? 'istio-system',
    version,
    versionAt: answers.istioVersion === null ? shown : 'said on the command line',
    ztunnel: discovery.istio.find((release) => release.chart === 'ztunnel')?.version ?? null,
    caProvider: istiod.find((release) => release.caProvider !== 'istiod')?.caProvider ?? 'istiod',
    cacerts: discovery.cacerts.find((site) => site.form === 'sops') ?? null,
  }
}

function hindrances(cluster: FoundCluster): readonly Finding[] {
  const { flux, version, istioNamespace, ztunnel, caProvider } = cluster
  return rotationHindrances(
    {
      name: flux.name,
      istio: { namespace: istioNamespace, version, ztunnel, caProvider, revisions: ['default'], istiod: [], multiRoot: false },
    },
    cluster.istiod[0]?.site.file ?? flux.site.file,
  )
}
