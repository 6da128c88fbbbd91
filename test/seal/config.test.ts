import { describe, expect, test } from 'vitest'
import { creationRule, nestedConfigFindings, parseSopsConfig } from '../../src/seal/index.ts'
import type { CreationRule, SopsConfig } from '../../src/seal/index.ts'
import { bytesOf, person } from './support.ts'

const { recipient: ann } = await person()
const { recipient: bob } = await person()

const parse = (text: string, file = '.sops.yaml') => parseSopsConfig(bytesOf(text), file)

function config(text: string, file = '.sops.yaml'): SopsConfig {
  const { config: parsed, findings } = parse(text, file)
  if (parsed === null) throw new TypeError(findings.map(({ message }) => message).join('\n'))
  return parsed
}

function onlyRule(text: string): CreationRule {
  const [rule] = config(text).rules
  if (rule === undefined) throw new TypeError('no rule')
  return rule
}

describe('refusals', () => {
  test.each([
    ['a slip in a key', `creation_rules:\n  - age: ${ann}\n    encrypted_regexp: ^data$\n`, 'sops/config', 3],
    ['an encrypted_regex that does not compile', `creation_rules:\n  - age: ${ann}\n    encrypted_regex: '['\n`, 'sops/regex', 3],
    ['look-ahead, which Go does not know', `creation_rules:\n  - age: ${ann}\n    encrypted_regex: '^(?!metadata)'\n`, 'sops/regex', 3],
    ['a path_regex that does not compile', `creation_rules:\n  - age: ${ann}\n    path_regex: '('\n`, 'sops/regex', 3],
    ['two selectors', `creation_rules:\n  - age: ${ann}\n    encrypted_regex: a\n    unencrypted_suffix: b\n`, 'sops/config', 3],
    ['no recipients', `creation_rules:\n  - path_regex: a\n`, 'sops/recipient', 2],
    [
      'a recipient with a wrong letter',
      `creation_rules:\n  - age: ${ann.slice(0, -1)}${ann.endsWith('q') ? 'p' : 'q'}\n`,
      'sops/recipient',
      2,
    ],
    ['a list in place of a map', `- age: ${ann}\n`, 'sops/config', 1],
    ['a map in place of the rules', `creation_rules:\n  age: ${ann}\n`, 'sops/config', 1],
    ['an unknown key of a group', `creation_rules:\n  - key_groups:\n      - age: [${ann}]\n        ages: []\n`, 'sops/config', 4],
    ['two documents', `creation_rules: []\n---\na: b\n`, 'sops/config', 1],
    ['no YAML', `creation_rules: [\n`, 'yaml/syntax', 2],
  ])('%s', (_name, text, id, line) => {
    const { config: parsed, findings } = parse(text)

    expect(parsed).toBeNull()
    expect(findings).toContainEqual(expect.objectContaining({ id, severity: 'error', place: { file: '.sops.yaml', line } }))
  })

  test('all problems are reported at once', () => {
    const { findings } = parse(`creation_rules:\n  - path_regex: '('\n    encrypted_regex: '['\n    typo: 1\n`)

    expect(findings.map(({ id }) => id).toSorted()).toEqual(['sops/config', 'sops/recipient', 'sops/regex', 'sops/regex'])
  })

  test('an identity that was pasted as a recipient is not repeated', () => {
    const pasted = `AGE-SECRET-KEY-1${'Q'.repeat(58)}`

    const { findings } = parse(`creation_rules:\n  - age: ${pasted}\n`)

    expect(findings.map(({ id }) => id)).toEqual(['sops/recipient'])
    expect(JSON.stringify(findings)).not.toContain(pasted)
  })
})

describe('recipients', () => {
  test.each([
    ['a text with commas', `age: ${ann},${bob}`],
    ['a folded text with line breaks', `age: >-\n      ${ann},\n      ${bob},\n`],
    ['a list', `age:\n      - ${ann}\n      - ${bob}\n`],
    ['one key group', `key_groups:\n      - age: [${ann}, ${bob}]\n`],
    ['a key group of texts with commas', `key_groups:\n      - age: ["${ann},${bob}"]\n`],
    ['a merged key group', `key_groups:\n      - merge:\n          - age: [${ann}]\n        age: [${bob}, ${ann}]\n`],
  ])('%s', (_name, keys) => {
    const rule = onlyRule(`creation_rules:\n  - path_regex: x\n    ${keys}`)

    expect(rule.age).toEqual([ann, bob])
    expect(rule.recipients).toEqual([ann, bob])
    expect(rule.needsSops).toEqual([])
  })

  test('anchors beside the rules are common, and left alone', () => {
    expect(onlyRule(`keys:\n  - &ann ${ann}\ncreation_rules:\n  - key_groups:\n      - age:\n          - *ann\n`).age).toEqual([ann])
  })

  test.each([
    ['kms', 'kms: arn:aws:kms:eu-west-1:1:key/a', ['kms'], 'kms:arn:aws:kms:eu-west-1:1:key/a'],
    ['pgp', 'pgp: FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4', ['pgp'], 'pgp:FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4'],
    ['gcp_kms', 'gcp_kms: projects/p/keys/k', ['gcp_kms'], 'gcp_kms:projects/p/keys/k'],
    ['azure_keyvault', 'azure_keyvault: https://v.vault.azure.net/keys/k/1', ['azure_kv'], 'azure_kv:https://v.vault.azure.net/keys/k/1'],
    ['hc_vault_transit_uri', 'hc_vault_transit_uri: https://v/v1/e/keys/k', ['hc_vault'], 'hc_vault:https://v/v1/e/keys/k'],
    ['hckms', 'hckms: ["r:u"]', ['hckms'], 'hckms:r:u'],
    ['a group of both', 'key_groups: [{ kms: [{ arn: a }], age: [] }]', ['kms'], 'kms:a'],
    ['several groups', 'key_groups: [{ pgp: [A] }, { pgp: [B] }]', ['pgp', 'shamir'], 'pgp:B'],
    ['an SSH key', 'age: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA ann', ['ssh recipient'], 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA ann'],
    ['a plugin', 'age: age1yubikey1qqqqqqqqqqqqqq', ['plugin recipient'], 'age1yubikey1qqqqqqqqqqqqqq'],
    ['a selector by comments', 'pgp: A\n    encrypted_comment_regex: secret', ['pgp', 'encrypted_comment_regex'], 'pgp:A'],
  ])('%s needs the sops program', (_name, keys, needsSops, recipient) => {
    const rule = onlyRule(`creation_rules:\n  - ${keys}\n`)

    expect(rule.needsSops).toEqual(needsSops)
    expect(rule.recipients).toContain(recipient)
  })
})

test.each([
  ['nothing', '', { kind: 'unencrypted_suffix', value: '_unencrypted' }],
  ['an empty text', `    encrypted_regex: ''\n`, { kind: 'unencrypted_suffix', value: '_unencrypted' }],
  ['encrypted_regex', `    encrypted_regex: ^data$\n`, { kind: 'encrypted_regex', value: '^data$' }],
  ['unencrypted_regex', `    unencrypted_regex: ^metadata$\n`, { kind: 'unencrypted_regex', value: '^metadata$' }],
  ['encrypted_suffix', `    encrypted_suffix: _enc\n`, { kind: 'encrypted_suffix', value: '_enc' }],
])('the selector of %s', (_name, line, selector) => {
  expect(onlyRule(`creation_rules:\n  - age: ${ann}\n${line}`).selector).toEqual(selector)
})

describe('the rule for a path', () => {
  const rules = (file: string, ...regexes: readonly string[]): SopsConfig =>
    config(`creation_rules:\n${regexes.map((regex) => `  - { path_regex: '${regex}', age: ${ann} }\n`).join('')}`, file)

  test('no rule matches', () => {
    expect(creationRule([rules('.sops.yaml', '^b/')], 'a/x.yaml')).toBeNull()
    expect(creationRule([], 'a/x.yaml')).toBeNull()
  })

  test('the first that matches counts, and the expression is searched for', () => {
    expect(creationRule([rules('.sops.yaml', '^x', 'a/.*', '')], 'c/a/x.yaml')?.place.line).toBe(3)
  })

  test('a rule without path_regex covers all', () => {
    expect(creationRule([config(`creation_rules:\n  - age: ${ann}\n`)], 'any/where.yaml')).not.toBeNull()
  })

  test("the root's file counts before a nearer one, and paths are relative to the file's folder", () => {
    const nested = rules('clusters/eu/.sops.yaml', '^secrets/')

    expect(creationRule([nested, rules('.sops.yaml', 'secrets')], 'clusters/eu/secrets/a.yaml')?.place.file).toBe('.sops.yaml')
    expect(creationRule([nested], 'clusters/eu/secrets/a.yaml')?.place.file).toBe('clusters/eu/.sops.yaml')
    expect(creationRule([nested], 'clusters/us/secrets/a.yaml')).toBeNull()
  })

  test('a nearer file that says otherwise is a finding', () => {
    const root = config(`creation_rules:\n  - age: ${ann}\n`)
    const other = config(`creation_rules:\n  - age: ${bob}\n`, 'clusters/.sops.yaml')
    const same = config(`creation_rules:\n  - age: [${ann}]\n`, 'clusters/.sops.yaml')

    expect(nestedConfigFindings([root, other], 'clusters/a.yaml')).toMatchObject([
      { id: 'sops/nested-config', place: { file: 'clusters/.sops.yaml', line: 2 } },
    ])
    expect(nestedConfigFindings([root, same], 'clusters/a.yaml')).toEqual([])
    expect(nestedConfigFindings([root, other], 'apps/a.yaml')).toEqual([])
  })
})
