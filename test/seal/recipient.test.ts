import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { expect, test } from 'vitest'
import { Confidential } from '../../src/base/index.ts'
import { ageRecipientKind, embeddedEngine, isAgeRecipient, openedBy, recipientOf, sameRecipients, unseal } from '../../src/seal/index.ts'
import { at, bytesOf, person, ruleFor, secret } from './support.ts'

const ann = await person('first place')
const bob = await person('second place')

test.each([
  ['nothing', ''],
  ['a wrong checksum', ann.recipient.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'))],
  ['upper case', ann.recipient.toUpperCase()],
  ['space around it', ` ${ann.recipient}`],
  ['an identity', await generateX25519Identity()],
  ['an SSH key', 'ssh-ed25519 AAAA'],
  ['a plugin recipient', 'age1yubikey1qqqqqqqqqqqqqq'],
])('%s is no age recipient', (_name, text) => {
  expect(isAgeRecipient(text)).toBe(false)
})

test('a damaged identity is refused and not repeated', async () => {
  const damaged = ann.source.identity.reveal().slice(0, -1)

  const error: unknown = await recipientOf(new Confidential(damaged)).catch((thrown: unknown) => thrown)

  expect(error).toMatchObject({ code: 'NO_IDENTITY' })
  expect(`${String(error)} ${JSON.stringify(error)} ${String((error as Error).stack)}`).not.toContain(damaged)
})

test.each([
  [ann.recipient, 'native'],
  ['ssh-rsa AAAAB3Nza ann@host', 'ssh'],
  ['age1yubikey1qqqqqqqqqqqqqq', 'plugin'],
  ['age1pq1qqqqqqqqqqq', 'invalid'],
  ['someone', 'invalid'],
])('%s is of the kind %s', (text, kind) => {
  expect(ageRecipientKind(text)).toBe(kind)
})

test.each<readonly [name: string, wanted: readonly string[], found: readonly string[], same: boolean]>([
  ['nobody else', ['a', 'b'], ['b', 'a'], true],
  ['one in two key groups', ['a', 'b'], ['a', 'b', 'a'], true],
  ['one more', ['a'], ['a', 'b'], false],
  ['one less', ['a', 'b'], ['a', 'a'], false],
  [
    'a key of Azure’s, whose version SOPS has chosen',
    ['azure_kv:https://v.example/keys/k'],
    ['azure_kv:https://v.example/keys/k/v1'],
    true,
  ],
  ['a key of AWS’s, with a role', ['kms:arn:aws:kms:eu:1:key/k+arn:aws:iam::1:role/r'], ['kms:arn:aws:kms:eu:1:key/k'], true],
])('a file is for those of a rule: %s', (_, wanted, found, same) => {
  expect(sameRecipients(wanted, found)).toBe(same)
})

test('an identity leads to its recipient, and to where it came from', async () => {
  expect(await recipientOf(ann.source.identity)).toBe(ann.recipient)
  expect(await openedBy([ann.recipient, 'age1other'], [bob.source, ann.source])).toMatchObject([
    { recipient: ann.recipient, from: 'first place' },
  ])
  expect(await openedBy([], [ann.source])).toEqual([])
})

test('post-quantum recipients are sealed for like the others, and beside them', async () => {
  const identity = await generateHybridIdentity()
  const recipient = await identityToRecipient(identity)
  const source = { identity: new Confidential(identity), from: 'here' }

  const text = await embeddedEngine().seal({ document: secret, rule: ruleFor([ann.recipient, recipient]), path: 'a.yaml', at })

  expect(isAgeRecipient(recipient)).toBe(true)
  for (const identities of [[source], [ann.source]]) expect((await unseal(bytesOf(text), 'a.yaml', identities)).reveal()).toEqual(secret)
})
