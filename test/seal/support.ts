import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import { Confidential } from '../../src/base/index.ts'
import type { CreationRule, IdentitySource, PlainDocument } from '../../src/seal/index.ts'

export interface Person {
  readonly recipient: string
  readonly source: IdentitySource
}

/** A person with an identity of their own, made now. */
export async function person(from = 'a test'): Promise<Person> {
  const identity = await generateX25519Identity()
  return { recipient: await identityToRecipient(identity), source: { identity: new Confidential(identity), from } }
}

export function ruleFor(recipients: readonly string[], changes: Partial<CreationRule> = {}): CreationRule {
  return {
    place: { file: '.sops.yaml', line: 2 },
    pathRegex: null,
    age: recipients,
    needsSops: [],
    selector: { kind: 'encrypted_regex', value: '^(data|stringData)$' },
    macOnlyEncrypted: false,
    recipients,
    ...changes,
  }
}

export const at = new Date('2026-03-01T09:30:15.678Z')

export const secret: PlainDocument = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'cacerts', namespace: 'istio-system', labels: { tier: 'mesh' } },
  stringData: {
    'ca-cert.pem': 'the certificate of the authority\n',
    'ca-key.pem': 'a very secret line of the key\nand another one of it\n',
    'empty.pem': '',
  },
}

/** So that no scanner takes a test for a leak. */
export const privateWord = 'PRIVATE'

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8')

// Texts that some reader of YAML takes for something else than a text.
const trickyTexts = [
  ...[
    '',
    ' ',
    '~',
    'null',
    'Null',
    'y',
    'yes',
    'On',
    'off',
    'TRUE',
    'False',
    '.nan',
    '-.inf',
    '2024-01-02',
    '2001-12-14t21:59:43.10-05:00',
  ],
  ...[
    '0',
    '-0',
    '007',
    '0777',
    '0o17',
    '0x1F',
    '0b11',
    '-0b1',
    '+0x1',
    '0xdead_beef',
    '1_000',
    '1e3',
    '.5',
    '1.',
    '12:30:45',
    '685_230.15',
  ],
  ...[
    '<<',
    '=',
    '---',
    '...',
    '- a',
    '? a',
    'a: b',
    'a #b',
    '#a',
    '&a',
    '*a',
    '!a',
    '|',
    '>',
    '%a',
    '@a',
    '`a',
    '"a',
    "'a",
    '{a',
    '[a',
    ',a',
  ],
  ...[
    'a\n',
    'a\nb',
    'a\nb\n',
    ' a\n',
    'a \nb\n',
    '\n',
    '\n\n',
    '\ta\n',
    'a\tb',
    'a\r\nb\r\n',
    'a\rb',
    '#a\n- b\n',
    'a\n\n',
    'a\n \nb\n',
    '\\n',
    'a\\',
  ],
  ...[
    '\u0085',
    '\u2028\u2029',
    '\ufeff',
    'a\ufeffb\n',
    '\u007f',
    '\u0000',
    '\u0007',
    '\u001b[0m',
    '\ufffe\uffff',
    '\u00a0',
    'ü',
    '日本語\n',
    '🗝',
    '\u{10ffff}',
  ],
  ...['ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]', '__proto__', 'constructor', 'a'.repeat(200), `${'b c '.repeat(60)}\n`],
]

const text = fc.oneof(fc.constantFrom(...trickyTexts), fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ maxLength: 30 }))
// Short, because the guard refuses a document whose keys tell a value.
const key = fc.oneof(
  { weight: 3, arbitrary: fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9._-]{0,12}$/) },
  { weight: 1, arbitrary: text.filter((it) => it.length < 16) },
)
const leaf = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Number.isInteger(number)) },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
)

const { node } = fc.letrec<{ node: unknown; map: unknown; list: unknown }>((tie) => ({
  node: fc.oneof({ maxDepth: 4, depthSize: 'small' }, leaf, tie('map'), tie('list')),
  map: fc.dictionary(key, tie('node'), { maxKeys: 5, noNullPrototype: true }),
  list: fc.array(tie('node'), { maxLength: 4 }),
}))

/** Any document with a part in the clear and a part under `data` that holds at least one text. */
export const anyDocument: fc.Arbitrary<PlainDocument> = fc
  .record({ clear: node, data: fc.dictionary(key, node, { maxKeys: 5, noNullPrototype: true }), last: text })
  .map(({ clear, data, last }) => ({ clear, data: Object.fromEntries([...Object.entries(data), ['certain', 'x']]), last }))
