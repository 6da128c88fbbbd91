import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canUnseal, embeddedEngine, readSealed, unseal } from '../../src/seal/index.ts'
import type { CreationRule, PlainDocument } from '../../src/seal/index.ts'
import { casesOf } from '../support/cases.ts'
import { anyDocument, at, bytesOf, person, privateWord, ruleFor, secret } from './support.ts'

const ann = await person('a key file')
const bob = await person()
const path = 'clusters/eu/cacerts.sops.yaml'
const rule = ruleFor([ann.recipient])

const seal = (document: PlainDocument, itsRule: CreationRule = rule) => embeddedEngine().seal({ document, rule: itsRule, path, at })
const open = async (text: string): Promise<PlainDocument> => (await unseal(bytesOf(text), path, [ann.source])).reveal()
const sealed = await seal(secret)

describe('what is not sealed', () => {
  test.each([
    ['a regex that does not compile', { selector: { kind: 'encrypted_regex', value: '[' } }],
    ['look-ahead', { selector: { kind: 'encrypted_regex', value: '^(?!metadata)' } }],
    ['a regex that matches nothing, by a space', { selector: { kind: 'encrypted_regex', value: '^(data | stringData )$' } }],
    ['a regex that matches nothing, by a capital', { selector: { kind: 'encrypted_regex', value: '^StringData$' } }],
    ['a regex that leaves a part of the Secret', { selector: { kind: 'encrypted_regex', value: 'ca-key' } }],
    ['a suffix that leaves all', { selector: { kind: 'encrypted_suffix', value: '_secret' } }],
    ['a rule for the sops program', { needsSops: ['kms'] }],
    ['a rule by comments', { needsSops: ['encrypted_comment_regex'], selector: { kind: 'encrypted_comment_regex', value: 'x' } }],
    ['no recipients', { age: [], recipients: [] }],
  ] as const)('%s (sops itself lets most of these through: getsops/sops#1886)', async (_name, changes) => {
    await expect(seal(secret, { ...rule, ...changes })).rejects.toMatchObject({ code: 'SEAL_REFUSED' })
  })

  test.each([
    ['a key called sops', { sops: {}, data: { a: 'b' } }],
    ['nothing but empty texts', { data: { a: '', b: null } }],
    ['an integer that may have lost digits', { data: { a: 2 ** 60 } }],
    ['an integer beyond 64 bits', { data: { a: 2n ** 63n } }],
    ['infinity', { data: { a: Infinity } }],
    ['undefined', { data: { a: undefined } }],
    ['a date', { data: { a: at } }],
    ['half a character', { data: { a: '\ud800' } }],
    ['half a character in a key', { data: { '\udc00': 'a' } }],
    ['a private key in the clear', { metadata: { note: `-----BEGIN ${privateWord} KEY-----` }, data: { a: 'b' } }],
    [
      'a line of a value that is a key too',
      { metadata: { 'a line that tells everything': 1 }, data: { a: 'a line that tells everything' } },
    ],
  ])('%s', async (_name, document) => {
    await expect(seal(document)).rejects.toMatchObject({ code: 'SEAL_REFUSED' })
  })

  test('its values are not in the error', async () => {
    const error: unknown = await seal(secret, ruleFor([ann.recipient], { selector: { kind: 'encrypted_regex', value: 'ca-cert' } })).catch(
      (thrown: unknown) => thrown,
    )

    expect(JSON.stringify(error)).not.toContain('very secret')
    expect(String(error)).not.toContain('very secret')
  })
})

describe('what is not opened', () => {
  const refused: readonly (readonly [name: string, edit: (text: string) => string])[] = [
    ['a value in the clear that must be encrypted', (text) => text.replace(/ca-key.pem: ENC\[.*\]/, 'ca-key.pem: CLEARTEXT')],
    [
      'an altered value',
      (text) =>
        text.replace(/(ca-key.pem: ENC\[AES256_GCM,data:)(.)/, (_all, head: string, first: string) => head + (first === 'A' ? 'B' : 'A')),
    ],
    ['a removed value', (text) => text.replace(/ +ca-key.pem: .*\n/, '')],
    ['an emptied value', (text) => text.replace(/ca-key.pem: .*\n/, 'ca-key.pem: ""\n')],
    ['an altered label', (text) => text.replace('tier: mesh', 'tier: mash')],
    ['a value that claims to be a comment', (text) => text.replace(/(ca-key.pem: .*)type:str/, '$1type:comment')],
    ['an added label', (text) => text.replace('tier: mesh', 'tier: mesh\n        extra: x')],
    ['a label of another type', (text) => text.replace('name: cacerts', 'name: true')],
    ['an altered MAC', (text) => text.replace(/mac: ENC\[AES256_GCM,data:..../, 'mac: ENC[AES256_GCM,data:AAAA')],
    ['an altered time', (text) => text.replace('2026-03-01T09:30:15Z', '2026-03-01T09:30:16Z')],
    [
      'another selector',
      (text) => text.replace('"^(data|stringData)$"', '"^stringData$|^x$"').replace('encrypted_regex', 'unencrypted_regex'),
    ],
    ['a selector that does not compile', (text) => text.replace('"^(data|stringData)$"', '"["')],
    ['mac_only_encrypted', (text) => text.replace('    version:', '    mac_only_encrypted: true\n    version:')],
    ['values in another order', (text) => text.replace(/( +ca-cert.pem: .*\n)( +ca-key.pem: .*\n)/, '$2$1')],
    ['values that changed places', (text) => text.replace(/(ca-cert.pem: )(.*)\n( +ca-key.pem: )(.*)\n/, '$1$4\n$3$2\n')],
  ]
  test.each(refused)('%s', async (_name, edit) => {
    const edited = edit(sealed)

    expect(edited).not.toBe(sealed)
    await expect(open(edited)).rejects.toMatchObject({ code: 'SEAL_REFUSED', message: expect.not.stringContaining('CLEARTEXT') as string })
  })

  const malformed: readonly (readonly [name: string, edit: (text: string) => string])[] = [
    ['no MAC', (text) => text.replace(/ +mac: .*\n/, '').concat('# mac: ENC[\n')],
    ['a time without quotes (sops 3.13 fails on it)', (text) => text.replace(/"(2026.*Z)"/, '$1')],
    ['two selectors', (text) => text.replace('    version:', '    encrypted_suffix: x\n    version:')],
    ['no recipients', (text) => text.replace(/ {4}age:\n[^]*?recipient.*\n/, '    age: []\n')],
    ['two documents', (text) => `${text}---\n${text}`],
    ['a key twice', (text) => text.replace('kind: Secret\n', 'kind: Secret\nkind: Secret\n')],
  ]
  test.each(malformed)('%s', async (_name, edit) => {
    await expect(open(edit(sealed))).rejects.toMatchObject({ code: 'FILE_INVALID' })
  })

  test.each([
    [
      'a version of sops 1.x',
      (text: string) => text.replace(/version: .*/, 'version: "1.18"'),
      /version/,
      'the file was sealed by sops 1.x, which sops 3 does not read',
      'a version such as 3.13.0',
      '"1.18"',
    ],
    [
      'a version that is a number',
      (text: string) => text.replace(/version: .*/, 'version: 1.18'),
      /version/,
      'version is missing, or not a text',
      'a text',
      'something else',
    ],
    [
      'a kind of key that nobody knows',
      (text: string) => text.replace(/ {4}age:\n[^]*?recipient.*\n/, '    tpm:\n        - { enc: x }\n'),
      /^sops:/,
      'the file names no recipient whose kind is known',
      'an entry under kms',
      'tpm',
    ],
    [
      'no MAC',
      (text: string) => text.replace(/ +mac: .*\n/, '').concat('# mac: ENC[\n'),
      /^sops:/,
      'mac is missing, or not a text',
      'a text',
      'nothing',
    ],
    [
      'an unquoted time',
      (text: string) => text.replace(/"(2026.*Z)"/, '$1'),
      /lastmodified/,
      'lastmodified is missing, or not a text',
      'a text',
      'something else',
    ],
    [
      'an age entry without a recipient',
      (text: string) => text.replace(/ +recipient: .*\n/, ''),
      /^ {4}age/,
      'an entry of age names no key, or holds none',
      'entries with a name and enc',
      'one without a name',
    ],
  ])('%s: with its line, what was expected and found', async (_name, edit, where, message, expected, found) => {
    const text = edit(sealed)
    const line = text.split('\n').findIndex((one) => where.test(one)) + 1

    const error: unknown = await open(text).catch((thrown: unknown) => thrown)

    expect(error).toMatchObject({
      code: 'FILE_INVALID',
      message: `${path} is a malformed SOPS document: malformed sops block: ${message}`,
      hint: 'restore the file from history, or seal it again with sops',
      findings: [
        {
          id: 'sops/document',
          place: { file: path, line },
          expected: expect.stringContaining(expected) as string,
          found: expect.stringContaining(found) as string,
        },
      ],
    })
  })

  test('a file without a sops block', async () => {
    expect(readSealed(bytesOf('kind: Secret\n'), path)).toBeNull()
    await expect(open('kind: Secret\n')).rejects.toMatchObject({ code: 'FILE_INVALID' })
  })

  test('a file for somebody else, which says for whom and where was looked', async () => {
    const theirs = await seal(secret, ruleFor([bob.recipient]))

    await expect(open(theirs)).rejects.toMatchObject({
      code: 'NO_IDENTITY',
      message: expect.stringContaining(bob.recipient) as string,
      hint: expect.stringContaining('a key file') as string,
    })
    await expect(unseal(bytesOf(theirs), path, [])).rejects.toMatchObject({ hint: expect.stringContaining('SOPS_AGE_KEY_FILE') as string })
  })

  test('a key that was wrapped for somebody else under a false name', async () => {
    const theirs = await seal(secret, ruleFor([bob.recipient]))

    await expect(open(theirs.replace(bob.recipient, ann.recipient))).rejects.toMatchObject({ code: 'NO_IDENTITY' })
  })
})

test('every recipient opens the file alone', async () => {
  const text = await seal(secret, ruleFor([ann.recipient, bob.recipient]))

  for (const { source } of [ann, bob]) expect((await unseal(bytesOf(text), path, [source])).reveal()).toEqual(secret)
})

test('the file shows its facts, and nothing of its values', async () => {
  const read = readSealed(bytesOf(sealed), path)

  expect(read?.facts).toEqual({
    recipients: [ann.recipient],
    age: [ann.recipient],
    selector: { kind: 'encrypted_regex', value: '^(data|stringData)$' },
    macOnlyEncrypted: false,
    lastModified: '2026-03-01T09:30:15Z',
    version: '3.13.2',
    isShamir: false,
  })
  expect(read?.document).toMatchObject({ metadata: secret['metadata'], stringData: { 'empty.pem': '' } })
  expect(sealed).not.toContain('very secret')
  if (read === null) throw new TypeError('not sealed')
  expect(await canUnseal(read.facts, [bob.source, ann.source])).toBe(true)
  expect(await canUnseal(read.facts, [bob.source])).toBe(false)
})

test('with mac_only_encrypted, what is in the clear may be edited, and what is not may not', async () => {
  const text = await seal(secret, ruleFor([ann.recipient], { macOnlyEncrypted: true }))

  expect(await open(text.replace('tier: mesh', 'tier: mash'))).toMatchObject({ metadata: { labels: { tier: 'mash' } } })
  await expect(open(text.replace(/ +ca-key.pem: .*\n/, ''))).rejects.toMatchObject({ code: 'SEAL_REFUSED' })
})

test.each([
  ['unencrypted_suffix', '_unencrypted', ['metadata', 'a_unencrypted']],
  ['encrypted_suffix', '_enc', ['b_enc']],
  ['unencrypted_regex', '^meta', ['metadata']],
  ['encrypted_regex', 'data', ['data', 'metadata']],
] as const)('%s %s', async (kind, value, keys) => {
  const document = { metadata: { name: 'x' }, data: { list: ['one', ['two']] }, a_unencrypted: 'clear', b_enc: { c: 'hidden' } }
  const text = await seal(document, ruleFor([ann.recipient], { selector: { kind, value } }))

  const shown = readSealed(bytesOf(text), path)?.document ?? {}
  const isKept = (key: keyof typeof document): boolean => JSON.stringify(shown[key]) === JSON.stringify(document[key])
  const expected = {
    unencrypted_suffix: ['a_unencrypted'],
    encrypted_suffix: ['metadata', 'data', 'a_unencrypted'],
    unencrypted_regex: ['metadata'],
    encrypted_regex: ['a_unencrypted', 'b_enc'],
  }[kind]
  expect((Object.keys(document) as (keyof typeof document)[]).filter(isKept)).toEqual(expected)
  expect(keys.length).toBeGreaterThan(0)
  expect(await open(text)).toEqual(document)
})

test('what was sealed opens to the same document', async () => {
  await fc.assert(
    fc.asyncProperty(anyDocument, fc.boolean(), async (document, macOnlyEncrypted) => {
      const text = await seal(document, ruleFor([ann.recipient], { macOnlyEncrypted }))

      expect(await open(text)).toEqual(document)
    }),
    { numRuns: casesOf('seal') },
  )
})
