import { describe, expect, test } from 'vitest'
import { embeddedEngine, guardSealed } from '../../src/seal/index.ts'
import type { CreationRule } from '../../src/seal/index.ts'
import { at, person, privateWord, ruleFor, secret } from './support.ts'

const ann = await person()
const bob = await person()
const rule = ruleFor([ann.recipient])
const file = 'cacerts.sops.yaml'
const sealed = await embeddedEngine().seal({ document: secret, rule, path: file, at })

const idsOf = (text: string, itsRule: CreationRule = rule): readonly string[] =>
  guardSealed({ text, file, rule: itsRule, document: secret }).map(({ id }) => id)

describe('what is not let through', () => {
  test.each<readonly [name: string, edit: (text: string) => string, id: string]>([
    ['a plain file', (text) => text.slice(0, text.indexOf('sops:')), 'sops/document'],
    ['no MAC', (text) => text.replace(/ +mac: .*\n/, ''), 'sops/document'],
    ['a time without quotes', (text) => text.replace(/"(2026.*Z)"/, '$1'), 'sops/document'],
    ['a value in the clear', (text) => text.replace(/ca-key.pem: ENC.*/, 'ca-key.pem: clear'), 'sops/clear-value'],
    ['a number in the clear', (text) => text.replace(/ca-key.pem: ENC.*/, 'ca-key.pem: 17'), 'sops/clear-value'],
    ['an envelope with something behind it', (text) => text.replace(/(ca-key.pem: ENC.*)/, '$1 clear'), 'sops/clear-value'],
    [
      'an envelope with something in the place of its nonce',
      (text) => text.replace(/(ca-key.pem: ENC.*),iv:[^,]*/, '$1,iv:Y2xlYXI='),
      'sops/clear-value',
    ],
    ['nothing encrypted', (text) => text.replaceAll(/pem: ENC.*/g, 'pem: ""'), 'sops/clear-value'],
    ['a line of a value in a comment', (text) => `# a very secret line of the key\n${text}`, 'sops/clear-value'],
    ['a line of a value in the clear', (text) => text.replace('name: cacerts', 'name: and another one of it'), 'sops/clear-value'],
    ['a selector that does not compile', (text) => text.replace('"^(data|stringData)$"', '"["'), 'sops/regex'],
    ['a private key in the clear', (text) => `# -----BEGIN RSA ${privateWord} KEY-----\n${text}`, 'guard/private-key'],
  ])('%s', (_name, edit, id) => {
    expect(edit(sealed)).not.toBe(sealed)
    expect(idsOf(edit(sealed))).toContain(id)
  })

  test.each<readonly [name: string, changes: Partial<CreationRule>]>([
    ['another recipient', { recipients: [bob.recipient] }],
    ['one recipient more', { recipients: [ann.recipient, bob.recipient] }],
    ['another selector', { selector: { kind: 'encrypted_regex', value: '^data$' } }],
    ['mac_only_encrypted', { macOnlyEncrypted: true }],
    ['several groups', { needsSops: ['shamir'] }],
  ])('a rule with %s', (_name, changes) => {
    expect(idsOf(sealed, { ...rule, ...changes })).toEqual(['sops/settings'])
  })

  test('no finding quotes a value', () => {
    const findings = guardSealed({ text: sealed.replace(/ca-key.pem: ENC.*/, 'ca-key.pem: CLEARTEXT'), file, rule, document: secret })

    expect(findings).toMatchObject([{ id: 'sops/clear-value', place: { file, line: 10 } }])
    expect(JSON.stringify(findings)).not.toContain('CLEARTEXT')
  })
})

test('an object whose kind is encrypted is a warning: KSOPS can live with it', async () => {
  const all = ruleFor([ann.recipient], { selector: { kind: 'unencrypted_suffix', value: '_unencrypted' } })
  const text = await embeddedEngine().seal({ document: secret, rule: all, path: file, at })

  expect(guardSealed({ text, file, rule: all })).toMatchObject([{ id: 'sops/encrypted-kind', severity: 'warning' }])
})

test('a key of Azure may be named without its version', () => {
  const azure = `        - created_at: "2026-01-01T00:00:00Z"\n          enc: x\n          name: k\n          vault_url: https://v.example/\n          version: v1\n`
  const text = sealed.replace(/ {4}age:\n[^]*?recipient.*\n/, `    azure_kv:\n${azure}`)

  expect(idsOf(text, { ...rule, recipients: ['azure_kv:https://v.example/keys/k'] })).toEqual([])
  expect(idsOf(text, { ...rule, recipients: ['azure_kv:https://v.example/keys/k/v2'] })).toEqual(['sops/settings'])
})

test('what the engine made passes', () => {
  expect(idsOf(sealed)).toEqual([])
})
