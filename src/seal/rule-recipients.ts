import { ageRecipientKind } from './recipient.ts'
import type { Report } from './config.ts'
import { isRecord } from './is-record.ts'

type Written = Readonly<Record<string, unknown>>
type Path = readonly (string | number)[]

/** The recipients of a rule. */
export interface RuleRecipients {
  readonly age: readonly string[]
  /** Others, as `kind:what names it`. */
  readonly others: readonly string[]
  readonly isShamir: boolean
}

// How the key services are called in a rule (`flat`), in a key group (`grouped`), and what names a key in a group.
const services = [
  { kind: 'pgp', flat: 'pgp', grouped: 'pgp', nameOf: (key: Written): unknown => key['fp'] },
  { kind: 'kms', flat: 'kms', grouped: 'kms', nameOf: (key: Written): unknown => key['arn'] },
  { kind: 'gcp_kms', flat: 'gcp_kms', grouped: 'gcp_kms', nameOf: (key: Written): unknown => key['resource_id'] },
  { kind: 'hckms', flat: 'hckms', grouped: 'hckms', nameOf: (key: Written): unknown => key['key_id'] },
  { kind: 'azure_kv', flat: 'azure_keyvault', grouped: 'azure_keyvault', nameOf: azureName },
  { kind: 'hc_vault', flat: 'hc_vault_transit_uri', grouped: 'hc_vault', nameOf: (): unknown => undefined },
  { kind: 'plugin', flat: 'plugins', grouped: 'plugins', nameOf: (key: Written): unknown => key['binary_name'] },
] as const

/**
 * Reads `age:`, `kms:` and so on, in all forms that sops knows: a text with commas (and line breaks), a list (sops ≥ 3.11), or
 * `key_groups:`, which replaces the others. One group is the same as the flat form; several are Shamir's scheme.
 */
export function readRecipients(rule: Written, path: Path, report: Report): RuleRecipients {
  const groups = rule['key_groups'] ?? []
  if (!Array.isArray(groups)) {
    report('sops/config', [...path, 'key_groups'], 'key_groups is not a list', 'write each group as an item of a list')
    return { age: [], others: [], isShamir: false }
  }
  const read =
    groups.length === 0
      ? [readKeys(rule, 'flat', path, report)]
      : groups.flatMap((group: unknown, index) => readGroup(group, [...path, 'key_groups', index], report))
  const age = [...new Set(read.flatMap((keys) => keys.age))]
  for (const recipient of age) {
    if (ageRecipientKind(recipient) === 'invalid') {
      report(
        'sops/recipient',
        [...path, groups.length > 0 ? 'key_groups' : 'age'],
        `${shown(recipient)} is not an age recipient`,
        'copy the recipient again: `age-keygen -y FILE` prints it',
      )
    }
  }
  const threshold = rule['shamir_threshold'] ?? 0
  return { age, others: [...new Set(read.flatMap((keys) => keys.others))], isShamir: groups.length > 1 || threshold !== 0 }
}

function readGroup(group: unknown, path: Path, report: Report): readonly { age: readonly string[]; others: readonly string[] }[] {
  if (!isRecord(group)) {
    report('sops/config', path, 'a key group is not a map', 'write `age:` with a list of recipients as a key of the group')
    return []
  }
  const known = new Set<string>(['merge', 'age', ...services.map(({ grouped }) => grouped)])
  for (const key of Object.keys(group)) {
    if (!known.has(key))
      report('sops/config', [...path, key], `unknown key ${key}: sops passes over it`, `use one of ${[...known].join(', ')}`)
  }
  const merged = Array.isArray(group['merge'])
    ? group['merge'].flatMap((inner: unknown, index) => readGroup(inner, [...path, 'merge', index], report))
    : []
  return [...merged, readKeys(group, 'grouped', path, report)]
}

function readKeys(
  holder: Written,
  form: 'flat' | 'grouped',
  path: Path,
  report: Report,
): { age: readonly string[]; others: readonly string[] } {
  const textsOf = (key: string, nameOf: (item: Written) => unknown): readonly string[] => {
    const value = holder[key] ?? []
    const items: readonly unknown[] = Array.isArray(value) ? value : [value]
    return items.flatMap((item: unknown): readonly string[] => {
      const text = isRecord(item) ? nameOf(item) : item
      if (typeof text === 'string')
        return text
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== '')
      report(
        'sops/config',
        [...path, key],
        `${key} holds something that names no key`,
        'write the keys as texts, as in the documentation of sops',
      )
      return []
    })
  }
  return {
    age: textsOf('age', () => undefined),
    others: services.flatMap((service) => textsOf(service[form], service.nameOf).map((name) => `${service.kind}:${name}`)),
  }
}

function azureName(key: Written): unknown {
  const { vaultUrl, key: name, version } = key
  if (typeof vaultUrl !== 'string' || typeof name !== 'string') return undefined
  return `${vaultUrl.replace(/\/$/, '')}/keys/${name}${typeof version === 'string' ? `/${version}` : ''}`
}

// An identity that was pasted in place of a recipient must not travel further in a message.
function shown(recipient: string): string {
  return /^age1|^ssh-/.test(recipient) ? JSON.stringify(recipient.slice(0, 24)) : 'an entry of the list'
}
