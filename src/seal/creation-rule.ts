import type { Finding } from '../base/index.ts'
import { compileRe2, sameSelector } from './selector.ts'
import type { Selector } from './selector.ts'

/** A rule of a `.sops.yaml`: for whom a file is sealed, and which of its values. */
export interface CreationRule {
  readonly place: { readonly file: string; readonly line: number }
  /** RE2, searched for in the path relative to the folder of the rule's file; `null` covers every path. */
  readonly pathRegex: string | null
  /** The entries of the `age:` list, of every kind (native, SSH, plugin), without repetition. */
  readonly age: readonly string[]
  /** Why the embedded engine cannot seal for it: `kms`, `pgp`, `shamir`, `ssh recipient`, …; empty: it can. */
  readonly needsSops: readonly string[]
  readonly selector: Selector
  readonly macOnlyEncrypted: boolean
  /** Every recipient, for display and comparison: age recipients as they are, others as `kms:arn:…`, `pgp:…`. */
  readonly recipients: readonly string[]
}

/** A `.sops.yaml` and its rules, in their order. */
export interface SopsConfig {
  /** Path of the file, relative to the repository's root. */
  readonly file: string
  readonly rules: readonly CreationRule[]
}

/**
 * The rule for a path, the first that matches. As `sops` started in the repository's root would: its `.sops.yaml` counts; only a
 * repository without one is looked through from the file's folder upwards.
 * @param path relative to the repository's root.
 */
export function creationRule(configs: readonly SopsConfig[], path: string): CreationRule | null {
  const config = followedConfig(configs, path)
  return config === null ? null : ruleOf(config, path)
}

/** Whether a `.sops.yaml` nearer to the file says otherwise: what a person would meet who runs `sops` in the file's folder. */
export function nestedConfigFindings(configs: readonly SopsConfig[], path: string): readonly Finding[] {
  const nearest = nearestConfig(configs, path)
  if (nearest === null || nearest === followedConfig(configs, path)) return []
  const followed = creationRule(configs, path)
  const other = ruleOf(nearest, path)
  if (other !== null && followed !== null && sameOutcome(other, followed)) return []
  return [
    {
      id: 'sops/nested-config',
      severity: 'error',
      place: { file: nearest.file, ...(other === null ? {} : { line: other.place.line }) },
      message: `${nearest.file} gives ${path} another rule than the repository's own .sops.yaml`,
      expected: followed === null ? 'the same rule' : describeRule(followed),
      found: other === null ? 'no rule' : describeRule(other),
      remedy: 'make both rules say the same, or remove the nearer file: sops follows the one nearest to the folder that it is run in',
    },
  ]
}

/** A rule in one line, for people. */
export function describeRule(rule: CreationRule): string {
  const { selector, recipients, macOnlyEncrypted } = rule
  return `${selector.kind} ${selector.value}${macOnlyEncrypted ? ', mac_only_encrypted' : ''}, for ${recipients.join(', ')}`
}

function ruleOf(config: SopsConfig, path: string): CreationRule | null {
  const folder = folderOf(config)
  const relative = folder === '' ? path : path.slice(folder.length + 1)
  return config.rules.find(({ pathRegex }) => pathRegex === null || compileRe2(pathRegex)(relative)) ?? null
}

function followedConfig(configs: readonly SopsConfig[], path: string): SopsConfig | null {
  return configs.find((candidate) => folderOf(candidate) === '') ?? nearestConfig(configs, path)
}

function nearestConfig(configs: readonly SopsConfig[], path: string): SopsConfig | null {
  const above = configs.filter((config) => folderOf(config) === '' || path.startsWith(`${folderOf(config)}/`))
  return above.toSorted((one, other) => folderOf(other).length - folderOf(one).length)[0] ?? null
}

function folderOf({ file }: SopsConfig): string {
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : ''
}

function sameOutcome(one: CreationRule, other: CreationRule): boolean {
  return (
    sameSelector(one.selector, other.selector) &&
    one.macOnlyEncrypted === other.macOnlyEncrypted &&
    one.recipients.toSorted().join('\n') === other.recipients.toSorted().join('\n')
  )
}
