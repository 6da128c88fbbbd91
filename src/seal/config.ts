import { parseYamlFile } from '../base/index.ts'
import type { Finding, FindingId, YamlDocument } from '../base/index.ts'
import type { CreationRule, SopsConfig } from './creation-rule.ts'
import { isRecord } from './is-record.ts'
import { ageRecipientKind } from './recipient.ts'
import { readRecipients } from './rule-recipients.ts'
import { compileRe2, defaultSelector, isCommentSelector, selectorKinds } from './selector.ts'
import type { Selector } from './selector.ts'

export type Report = (id: FindingId, path: readonly (string | number)[], message: string, remedy: string) => void

// Everything that sops 3.13 reads in a creation rule (config/config.go), and `plugins` and `timeout`, which come next.
const ruleKeys = new Set<string>([
  ...['path_regex', 'age', 'pgp', 'kms', 'aws_profile', 'gcp_kms', 'hckms', 'azure_keyvault', 'hc_vault_transit_uri', 'plugins', 'timeout'],
  ...['key_groups', 'shamir_threshold', 'mac_only_encrypted', ...selectorKinds],
])

/**
 * Reads a `.sops.yaml`. `sops` passes over what it does not know in a rule, so that a slip of the pen (`encrypted_regexp`) changes
 * what is encrypted without a word: here it is an error. Unknown keys beside the rules are left alone: people keep anchors there.
 * @returns all findings at once; no config if one of them is an error.
 */
export function parseSopsConfig(
  bytes: Uint8Array,
  file: string,
): { readonly config: SopsConfig | null; readonly findings: readonly Finding[] } {
  const { documents, findings: unreadable } = parseYamlFile(bytes, file)
  if (unreadable.length > 0) return { config: null, findings: unreadable }
  const findings: Finding[] = []
  const [document] = documents
  const report: Report = (id, path, message, remedy) => {
    findings.push({ id, severity: 'error', place: { file, line: document?.lineOf(path) ?? 1 }, message, remedy })
  }
  if (documents.length > 1) report('sops/config', [], 'several documents: sops reads the first alone', 'keep one document')
  const rules = readRules(document, file, report)
  return { config: findings.length > 0 ? null : { file, rules }, findings }
}

function readRules(document: YamlDocument | undefined, file: string, report: Report): readonly CreationRule[] {
  const root = document?.value
  if (document === undefined || root === undefined) return []
  if (!isRecord(root)) {
    report('sops/config', [], 'not a map', 'write `creation_rules:` with a list of rules')
    return []
  }
  const written = root['creation_rules'] ?? []
  if (!Array.isArray(written)) {
    report('sops/config', ['creation_rules'], 'creation_rules is not a list', 'write each rule as an item of a list')
    return []
  }
  return written.flatMap((rule: unknown, index) => {
    const path = ['creation_rules', index]
    if (isRecord(rule)) return [readRule(rule, path, { file, line: document.lineOf(path) }, report)]
    report('sops/config', path, 'a rule is not a map', 'write path_regex, encrypted_regex and age as keys of the rule')
    return []
  })
}

function readRule(
  rule: Readonly<Record<string, unknown>>,
  path: readonly (string | number)[],
  place: CreationRule['place'],
  report: Report,
): CreationRule {
  for (const key of Object.keys(rule)) {
    if (!ruleKeys.has(key))
      report('sops/config', [...path, key], `unknown key ${key}: sops passes over it`, `use one of ${[...ruleKeys].join(', ')}`)
  }
  const pathRegex = readText(rule, 'path_regex', path, report)
  checkRegex(pathRegex, [...path, 'path_regex'], report)
  const selector = readSelector(rule, path, report)
  const macOnlyEncrypted = rule['mac_only_encrypted'] ?? false
  if (typeof macOnlyEncrypted !== 'boolean') {
    report('sops/config', [...path, 'mac_only_encrypted'], 'mac_only_encrypted is not a boolean', 'write true or false')
  }
  const { age, others, isShamir } = readRecipients(rule, path, report)
  const recipients = [...age, ...others]
  if (recipients.length === 0)
    report('sops/recipient', path, 'the rule names no recipient', 'add `age:` with the recipients of the cluster and of its operators')
  const needsSops = new Set([
    ...others.map((recipient) => recipient.slice(0, recipient.indexOf(':'))),
    ...age.flatMap((recipient) => (ageRecipientKind(recipient) === 'native' ? [] : [`${ageRecipientKind(recipient)} recipient`])),
    ...(isShamir ? ['shamir'] : []),
    ...(isCommentSelector(selector) ? [selector.kind] : []),
  ])
  return { place, pathRegex, age, needsSops: [...needsSops], selector, macOnlyEncrypted: macOnlyEncrypted === true, recipients }
}

function readSelector(rule: Readonly<Record<string, unknown>>, path: readonly (string | number)[], report: Report): Selector {
  const given = selectorKinds.flatMap((kind) => {
    const value = readText(rule, kind, path, report)
    return value === null ? [] : [{ kind, value }]
  })
  const [selector = defaultSelector, second] = given
  if (second !== undefined) {
    report('sops/config', [...path, second.kind], `${selector.kind} and ${second.kind} in one rule`, 'keep one of them')
  }
  for (const { kind, value } of given) if (kind.endsWith('regex')) checkRegex(value, [...path, kind], report)
  return selector
}

/** @returns `null` if the key is absent or empty, which means the same to `sops`. */
function readText(rule: Readonly<Record<string, unknown>>, key: string, path: readonly (string | number)[], report: Report): string | null {
  const value = rule[key] ?? ''
  if (typeof value === 'string') return value === '' ? null : value
  report('sops/config', [...path, key], `${key} is not a text`, 'write it in quotes')
  return null
}

function checkRegex(expression: string | null, path: readonly (string | number)[], report: Report): void {
  if (expression === null) return
  try {
    compileRe2(expression)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    report(
      'sops/regex',
      path,
      `${String(path.at(-1))} is not a regular expression as Go knows it: ${reason}`,
      'mend it: sops encrypts nothing, without a word, when it cannot compile an encrypted_regex',
    )
  }
}
