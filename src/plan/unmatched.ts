import type { Finding } from '../base/index.ts'
import type { Config } from '../mesh/index.ts'
import type { Workload } from '../workloads/index.ts'
import { matches } from './rule-match.ts'

/**
 * What `reroot.yaml` says of workloads or namespaces that no cluster of the mesh has: a rule that a typo has made void protects nothing.
 * @param file where the configuration is.
 * @param workloads of all clusters.
 */
export function unmatchedSettings({ restarts }: Config, file: string, workloads: readonly Workload[]): readonly Finding[] {
  const meshed = new Set([...workloads.map(({ id }) => id.namespace), ...restarts.namespaces])
  const rules = restarts.rules.flatMap((rule, index) =>
    workloads.some((workload) => matches(rule, workload))
      ? []
      : [unmatched(file, `restarts.rules[${index}]`, rule.match, 'a workload of the mesh')],
  )
  const tiers = restarts.tiers.flatMap((tier) =>
    tier.namespaces
      .filter((namespace) => !meshed.has(namespace))
      .map((namespace) => unmatched(file, `restarts.tiers, ${tier.name}`, namespace, 'a namespace with workloads of the mesh')),
  )
  return [...rules, ...tiers]
}

/** A warning of what `reroot.yaml` says in vain. */
export function unmatched(file: string, object: string, found: string, expected: string): Finding {
  return {
    id: 'restart/unmatched',
    severity: 'warning',
    place: { file, object },
    message: `${found} is not ${expected}`,
    expected,
    found,
    remedy: 'correct it, or take it out: what it is meant for is treated as if it were not there',
  }
}
