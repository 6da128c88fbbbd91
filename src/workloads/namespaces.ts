import type { Place } from '../base/index.ts'
import type { Tool } from './applier.ts'
import { namespaceAsks } from './injection.ts'
import { decisiveDifferences } from './namespace-definition.ts'
import type { Inventory } from './inventory.ts'
import type { Report } from './report.ts'
import type { NamespaceFact, Site } from './types.ts'

export type Labels = Readonly<Record<string, string>>

/** The namespaces of one cluster: their labels from Git, else as `reroot.yaml` states them. */
export interface Namespaces {
  /** `null` if nobody knows them. */
  labelsOf(namespace: string): Labels | null
  /** A workload of the namespace is in the mesh. */
  markMeshed(namespace: string): void
  /** Whether its labels put pods into the mesh, or a workload of it is there. */
  isMeshed(namespace: string): boolean
  /** Something in it depends on labels that nobody knows. Reported once for each namespace. */
  markUnknown(namespace: string, what: string, site: Site): void
  facts(): readonly NamespaceFact[]
}

/**
 * @param options `stated`: labels that `reroot.yaml` states; `byDefault`: a control plane injects into namespaces that do not ask for it.
 * @param tool whose words findings use.
 */
export function makeNamespaces(
  cluster: string,
  inventory: Inventory,
  { stated, byDefault }: { readonly stated: ReadonlyMap<string, Labels>; readonly byDefault: boolean },
  report: Report,
  tool: Tool,
): Namespaces {
  const meshed = new Set<string>()
  const seen = new Set([...inventory.namespaces.keys(), ...stated.keys()])
  const unknown = new Map<string, { readonly what: string; readonly site: Site; others: number }>()
  for (const [name, labels] of stated) reportDifference(cluster, name, labels, inventory, report)

  const labelsOf = (namespace: string): Labels | null => inventory.namespaces.get(namespace)?.labels ?? stated.get(namespace) ?? null
  const isMeshed = (namespace: string): boolean => meshed.has(namespace) || namespaceAsks(labelsOf(namespace) ?? {})
  return {
    labelsOf,
    markMeshed(namespace) {
      seen.add(namespace)
      meshed.add(namespace)
    },
    isMeshed,
    markUnknown(namespace, what, site) {
      seen.add(namespace)
      const known = unknown.get(namespace)
      if (known === undefined) unknown.set(namespace, { what, site, others: 0 })
      else known.others += 1
    },
    facts() {
      const outside = (namespace: string): boolean => labelsOf(namespace) !== null && !isMeshed(namespace) && !byDefault
      for (const { namespace, finding } of inventory.unseen) if (!outside(namespace)) report.add(finding)
      for (const [namespace, { what, site, others }] of unknown)
        report.add(unknownFinding(cluster, namespace, others === 0 ? what : `${what} and ${others} more`, site, tool))
      return [...seen]
        .toSorted()
        .map((name) => ({ name, labels: labelsOf(name), site: inventory.namespaces.get(name)?.site ?? null, meshed: isMeshed(name) }))
    },
  }
}

function reportDifference(cluster: string, name: string, stated: Labels, inventory: Inventory, report: Report): void {
  const inGit = inventory.namespaces.get(name)
  if (inGit === undefined) return
  const decisive = decisiveDifferences(stated, inGit.labels)
  if (decisive.length === 0) return
  const show = (labels: Labels): string => decisive.map((key) => `${key}=${labels[key] ?? '(none)'}`).join(', ')
  report.add({
    id: 'workloads/namespace-stated',
    severity: 'warning',
    place: { cluster, file: inGit.site.file, line: inGit.site.line, object: `Namespace ${name}` },
    message: 'Git shows other labels than reroot.yaml states; Git’s count',
    expected: show(stated),
    found: show(inGit.labels),
    remedy: `take ${name} out of clusters[].namespaces in reroot.yaml`,
  })
}

function unknownFinding(cluster: string, namespace: string, what: string, site: Site, tool: Tool): Parameters<Report['add']>[0] {
  const place: Place = { cluster, file: site.file, line: site.line, object: `Namespace ${namespace}` }
  return {
    id: 'workloads/namespace-unknown',
    severity: 'error',
    place,
    message: `whether ${what} is in the mesh depends on labels of namespace ${namespace}, which Git does not show`,
    expected: `the Namespace in what this cluster’s ${tool} applies, or its labels in reroot.yaml`,
    found: 'neither',
    remedy: `state its labels in reroot.yaml: clusters[].namespaces: [{ name: ${namespace}, labels: { … } }] (\`kubectl get namespace ${namespace} --show-labels\`; {} if it has none)`,
  }
}
