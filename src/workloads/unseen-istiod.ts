import { formatWorkloadId, groupBy } from '../base/index.ts'
import type { Finding, WorkloadId } from '../base/index.ts'
import type { Inventory } from './inventory.ts'
import { judgeInjection } from './injection.ts'
import type { Covered } from './operated.ts'
import type { Report } from './report.ts'
import type { NamespaceFact, Settled, Site } from './types.ts'
import { asText, valueAt } from './value.ts'

/** What asks for a revision or tag of Istio: of each the first that does. */
export type RevisionUses = Map<string, RevisionUse>

interface RevisionUse {
  readonly what: string
  readonly site: Site | null
}

export function noteUse(uses: RevisionUses, revision: string | null, what: string, site: Site | null): void {
  if (revision !== null && !uses.has(revision)) uses.set(revision, { what, site })
}

/** What Git shows of control planes. */
export interface ShownRevisions {
  /** Revisions and tags that an istiod serves by its own manifests. */
  readonly served: ReadonlySet<string>
  /** Other tags, and the revision that each stands for; `null` if its object does not say. */
  readonly tags: ReadonlyMap<string, string | null>
}

/** @param released what charts of istiod serve. */
export function shownRevisions(inventory: Inventory, released: readonly string[]): ShownRevisions {
  const served = new Set(released)
  for (const { istiod } of inventory.pods) if (istiod !== null) served.add(istiod.revision)
  const tags = new Map<string, string | null>()
  for (const { object, name } of inventory.kept.values()) {
    const tag = asText(valueAt(object, 'metadata', 'labels', 'istio.io/tag'))
    if (object['kind'] === 'IstioRevisionTag') tags.set(name, null)
    else if (tag !== null) tags.set(tag, asText(valueAt(object, 'metadata', 'labels', 'istio.io/rev')))
  }
  return { served, tags }
}

/**
 * An istiod beside the known ones that no step restarts goes on with the old roots: what it serves learns no others, and breaks in `promote`. Where
 * there is none at all, that stands against every step anyway (restart/control-plane).
 * @param byDefault a control plane injects whatever asks for none.
 * @returns those that `reroot.yaml` has restarted.
 */
export function reportUnseenIstiods(
  cluster: string,
  uses: RevisionUses,
  {
    shown,
    namespaces,
    byDefault,
  }: { readonly shown: ShownRevisions; readonly namespaces: readonly NamespaceFact[]; readonly byDefault: boolean },
  covered: Covered,
  report: Report,
): readonly Settled[] {
  const bare = { labels: {}, annotations: {}, hostNetwork: false }
  for (const { name, labels, site } of namespaces) {
    const verdict = judgeInjection(bare, name, labels, false)
    if (verdict.mesh === 'in') noteUse(uses, verdict.revision, `Namespace ${name}`, site)
  }
  const stated = covered.workloads.flatMap((id) => revisionsIn(id).map((revision) => ({ revision, id: formatWorkloadId(id) })))
  const idsOf = groupBy(stated, ({ revision }) => revision)
  const known = new Set([...shown.served, ...idsOf.keys()])
  if (known.size === 0) return []
  const settled: Settled[] = []
  for (const [asked, use] of uses) {
    const target = shown.tags.get(asked)
    const revision = target ?? asked
    if (shown.served.has(revision) || target === null || (byDefault && asked === 'default')) continue
    const finding = unseenFinding(cluster, asked, revision, use, known)
    const by = (idsOf.get(revision) ?? []).map(({ id }) => id)
    if (by.length === 0) report.add(finding)
    else settled.push({ finding, by })
  }
  return settled
}

function unseenFinding(cluster: string, asked: string, revision: string, { what, site }: RevisionUse, known: ReadonlySet<string>): Finding {
  return {
    id: 'workloads/istiod-unseen',
    severity: 'warning',
    place: { cluster, ...(site === null ? {} : { file: site.file, line: site.line }), object: `istiod of revision ${revision}` },
    message: `${what} asks for ${asked}, and Git shows neither an istiod nor a tag for it: an istiod that no step restarts goes on with the old roots, and so does what it serves`,
    expected: [...known].toSorted().join(', '),
    found: asked,
    remedy: `name its Deployment in reroot.yaml: clusters[].istio.istiod: [${revision === 'default' ? 'istiod' : `istiod-${revision}`}] (\`kubectl get deployments -A -l app=istiod\`); or correct the label; or accept this finding with a reason, if it is a tag of an istiod that is restarted`,
  }
}

/** The revision that the name of an istiod's Deployment says, as the chart and istioctl give it. */
function revisionsIn({ kind, name }: WorkloadId): readonly string[] {
  if (kind !== 'Deployment') return []
  if (name === 'istiod') return ['default']
  return name.startsWith('istiod-') ? [name.slice('istiod-'.length)] : []
}
