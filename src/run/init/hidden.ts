import { RerootError } from '../../base/index.ts'
import type { Finding, FindingId } from '../../base/index.ts'
import type { Files } from '../../ports.ts'
import type { ArgocdCluster, Discovery, FluxCluster } from '../../workloads/index.ts'
import { isSealedText } from './controller-objects.ts'
import type { ControllerObjects } from './controller-objects.ts'
import { brokenSyncs } from './flux-syncs.ts'
import { hiddenThere, leftOutIn, sealedDestination } from './left-out.ts'

// What this repository means to show, and does not: it may be, or lead to, a control plane.
const unreadable = new Set<FindingId>([
  ...(['yaml/encoding', 'yaml/syntax', 'flux/path-missing', 'flux/source-missing', 'argocd/application', 'argocd/path-missing'] as const),
  ...(['workloads/template', 'workloads/kustomization', 'workloads/missing-file', 'workloads/outside-repository'] as const),
  ...(['workloads/cycle', 'workloads/sealed-object'] as const),
])

// Whatever makes Applications may make a cluster's. What one Application takes from elsewhere is no cluster that is rotated from here.
const hiding = new Set<FindingId>([
  ...unreadable,
  ...(['argocd/source', 'argocd/generator', 'argocd/template', 'workloads/remote-resource'] as const),
])

/** What was looked for, and what was found. */
export interface Found {
  readonly flux: readonly FluxCluster[]
  readonly argocd: readonly ArgocdCluster[]
  /** Findings of the search, before any cluster was looked into. */
  readonly notes: readonly Finding[]
  readonly discoveries: readonly Discovery[]
}

/** Everything because of which a cluster of the mesh may have been overlooked, each once. */
export function hiddenClusters(
  files: Files,
  found: Found,
  { objects, hidden }: ControllerObjects,
  at: { readonly directory: string; readonly repository: string | null; readonly branch: string },
): readonly Finding[] {
  const { namespace = 'argocd', repoURL = at.repository ?? '' } = found.argocd[0] ?? {}
  const following = { directory: at.directory, namespace, repoURL, branch: at.branch }
  const findings = [
    ...found.notes,
    ...hidden,
    ...brokenSyncs(objects, files.list(), found.flux, found.discoveries, at.repository),
    ...found.argocd.filter(hasSealedDestination).map(({ site: { file, line } }) => sealedDestination({ file, line })),
    ...leftOutIn(found.notes).flatMap((finding) => hiddenThere(files, finding, following).filter(({ id }) => unreadable.has(id))),
  ]
  const seen = new Map<string, Finding>()
  for (const finding of findings) {
    const { file, line, object } = finding.place
    const key = [finding.id, file, line, finding.id.startsWith('yaml/') ? '' : object].join('\0')
    if (finding.severity === 'error' && hiding.has(finding.id) && !isArgocdItself(finding) && !seen.has(key)) seen.set(key, finding)
  }
  return [...seen.values()]
}

/** Its name was made of what SOPS wrote. */
export function hasSealedDestination({ destination: { name, server } }: ArgocdCluster): boolean {
  return [name, server].some((text) => text !== null && isSealedText(text))
}

/** Argo CD's own manifests, which many take from its repository, hold no mesh. */
function isArgocdItself({ found }: Finding): boolean {
  return /[/:]argoproj\/argo-(cd|helm)\b/.test(found ?? '')
}

/** @throws RerootError REFUSED with the causes, and the way out: to name the clusters. */
export function refuseHidden(hidden: readonly Finding[], names: readonly string[]): void {
  if (hidden.length === 0) return
  throw new RerootError(
    'REFUSED',
    `a cluster may be missing: ${hidden.length === 1 ? 'something' : `${hidden.length} things`} in which one may be defined cannot be read`,
    {
      hint: `found: ${names.join(', ')}. Mend what is listed; or, if the mesh has no other clusters, name them all: ${names.map((name) => `--cluster ${name}`).join(' ')}. Nothing was written`,
      findings: hidden,
    },
  )
}

/** The same findings, once people have said which clusters the mesh has: they stop nothing any more. */
export function overruled(hidden: readonly Finding[]): readonly Finding[] {
  return hidden.map((finding) => ({
    ...finding,
    severity: 'warning',
    message: `${finding.message} (--cluster says which clusters there are)`,
  }))
}
