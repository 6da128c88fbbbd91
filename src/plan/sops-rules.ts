import { writeYaml } from '../base/index.ts'
import type { CreationRuleText } from './edits/index.ts'
import type { ClusterLayout, Layout } from './layout.ts'

/** For whom a cluster's Secret is sealed. */
export interface ClusterRecipients {
  readonly name: string
  /** The cluster's controller, then the operators. */
  readonly recipients: readonly string[]
}

/**
 * The rules for what reroot seals, to stand above any catch-all: the roots' keys for their custodians, everything encrypted; each
 * cluster's Secret for that cluster and its operators. In the form that every sops reads (a list under `age` needs 3.11).
 */
export function creationRules(
  layout: Layout,
  custodians: readonly string[],
  clusters: readonly ClusterRecipients[],
): readonly CreationRuleText[] {
  const roots = `# reroot: the keys of the mesh's roots, for their custodians alone; everything in them is encrypted.\n${ruleText({ path_regex: `^${escape(layout.directory)}/roots/[^/]+\\.sops\\.yaml$`, age: custodians.join(',') })}`
  return [...(custodians.length === 0 ? [] : [roots]), ...clusters.map((cluster) => clusterRule(layout.cluster(cluster.name), cluster))]
}

function clusterRule(layout: ClusterLayout, cluster: ClusterRecipients): CreationRuleText {
  const comment = `# reroot: the Secret cacerts of ${cluster.name}, for its controller and its operators.\n`
  const path = `^${escape(layout.directory)}/(cacerts|prepared)/[^/]+\\.sops\\.yaml$`
  return `${comment}${ruleText({ path_regex: path, encrypted_regex: '^(data|stringData)$', age: cluster.recipients.join(',') })}`
}

function ruleText(rule: Readonly<Record<string, string>>): string {
  return writeYaml(rule)
}

/** A path as RE2 matches it literally. */
function escape(path: string): string {
  return path.replace(/[.+*?^${}()|[\]\\]/g, '\\$&')
}
