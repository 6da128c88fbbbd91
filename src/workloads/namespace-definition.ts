import type { Report } from './report.ts'
import { namespaceAsks } from './injection.ts'
import type { ControllerId, Site } from './types.ts'

/** A Namespace as Git defines it. */
export interface NamespaceDefinition {
  readonly labels: Readonly<Record<string, string>>
  readonly site: Site
  readonly controller: ControllerId
  /** No manifest of it, but labels that an Application gives to the namespace that it makes. */
  readonly managed: boolean
}

const decisive = ['istio-injection', 'istio.io/rev', 'istio.io/dataplane-mode'] as const

/** Labels that decide injection and differ. */
export function decisiveDifferences(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): readonly (typeof decisive)[number][] {
  return decisive.filter((key) => a[key] !== b[key])
}

/**
 * Adds a definition of a namespace. Of two that differ in injection, the one that asks for it counts: a workload that is restarted in vain does less
 * harm than one that is forgotten.
 */
export function takeNamespace(
  namespaces: Map<string, NamespaceDefinition>,
  name: string,
  definition: NamespaceDefinition,
  report: Report,
): void {
  const other = namespaces.get(name)
  if (other === undefined) {
    namespaces.set(name, definition)
    return
  }
  const differing = differences(definition, other)
  if (differing.length === 0) return
  const show = ({ labels, site }: NamespaceDefinition): string =>
    `${differing.map((key) => `${key}=${labels[key] ?? '(none)'}`).join(', ')} in ${site.file}:${site.line}`
  report.add({
    id: 'workloads/two-owners',
    severity: 'error',
    place: { file: definition.site.file, line: definition.site.line, object: `Namespace ${name}` },
    message: `it is defined twice (also in ${other.site.file}:${other.site.line}), with different labels of Istio`,
    expected: 'one definition of the namespace, or the same labels in both',
    found: `${show(other)}; ${show(definition)}`,
    remedy: 'take one of the two out: whichever is applied last decides whether pods get a sidecar',
  })
  if (asking(definition) > asking(other)) namespaces.set(name, definition)
}

/** A managed label joins what a manifest sets, and the manifest of the same Application counts before it (Argo CD, sync-options.md). */
function differences(definition: NamespaceDefinition, other: NamespaceDefinition): readonly string[] {
  const all = decisiveDifferences(definition.labels, other.labels)
  if (definition.managed === other.managed) return all
  if (definition.controller === other.controller) return []
  const managed = definition.managed ? definition : other
  return all.filter((key) => managed.labels[key] !== undefined)
}

function asking({ labels }: NamespaceDefinition): number {
  if (namespaceAsks(labels)) return 2
  return labels['istio.io/dataplane-mode'] === 'ambient' ? 1 : 0
}
