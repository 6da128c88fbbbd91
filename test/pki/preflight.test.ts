import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Confidential } from '../../src/base/index.ts'
import { preflight } from '../../src/pki/index.ts'
import type { CaFiles, PreflightProblem } from '../../src/pki/index.ts'
import { writePem } from '../../src/pki/pem.ts'
import { at, caFiles, days, ecKey, entropy, makeCa, rsaKey } from './made-ca.ts'
import type { MadeCa, Wishes } from './made-ca.ts'

const root = makeCa()
const dnsNames = ['istiod.istio-system.svc']
const signer = makeCa({ issuer: root, pathLength: 0, dnsNames })
const good = caFiles(signer, [], [root.certificate])
const other = makeCa()

const judge = (files: CaFiles, options: { multiRoot?: boolean; at?: Date } = {}): readonly PreflightProblem[] =>
  preflight(files, options.at ?? at, { entropy, ...options })
/** `error root-cert.pem expired`, in the order of the preflight. */
const brief = (problems: readonly PreflightProblem[]): string[] => problems.map(({ severity, file, rule }) => `${severity} ${file} ${rule}`)
/** The files of a CA whose root, or signer, differs from a good one in one wish. */
const withRoot = (wishes: Wishes): CaFiles => {
  const odd = makeCa(wishes)
  return caFiles(makeCa({ issuer: odd, dnsNames }), [], [odd.certificate])
}
const withSigner = (wishes: Wishes): CaFiles => caFiles(makeCa({ issuer: root, dnsNames, ...wishes }), [], [root.certificate])
/** The same certificate with `_` in its name, which is then a PrintableString (19), not a UTF8String (12). */
const underscored = ({ certificate }: MadeCa): string => {
  const der = Buffer.from(certificate.der)
  const name = Buffer.from(certificate.rawSubject)
  const start = der.lastIndexOf(name) + name.indexOf(Buffer.from('made ')) - 2
  der.set(Buffer.of(19), start)
  der.set(Buffer.from('_'), start + 6)
  return writePem('CERTIFICATE', der)
}
/** A signer whose key is RSA-PSS by its OID, with or without parameters that restrict it, as `openssl genpkey -algorithm rsa-pss` makes it. */
const rsaPssCa = (restricted: { hashAlgorithm?: string; mgf1HashAlgorithm?: string }): CaFiles =>
  withSigner({ key: generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...restricted }) })
const keyPem = (ca: MadeCa, type: 'pkcs8' | 'sec1' = 'pkcs8'): string => ca.privateKey.export({ format: 'pem', type }).toString()
const secret = (text: string): Confidential<string> => new Confidential(text)

describe('istiod does not start with it', () => {
  test.each<[string, CaFiles, string[]]>([
    ['no ca-cert', { ...good, caCert: '' }, ['error ca-cert.pem no-certificate']],
    ['a broken ca-cert', { ...good, caCert: writePem('CERTIFICATE', Uint8Array.of(1, 2)) }, ['error ca-cert.pem unreadable-certificate']],
    [
      'a TRUSTED CERTIFICATE',
      { ...good, caCert: good.caCert.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE') },
      ['error ca-cert.pem not-a-certificate'],
    ],
    [
      'a root before the signer in ca-cert',
      { ...good, caCert: root.certificate.pem + good.caCert },
      [
        'warning ca-cert.pem ignored-block',
        'error ca-key.pem key-mismatch',
        'warning cert-chain.pem chain-order',
        'warning cert-chain.pem chain-stray-certificate',
      ],
    ],
    ['a signer that is no CA', withSigner({ isCa: false }), ['error ca-cert.pem not-a-ca']],
    ['no root', { ...good, rootCert: '' }, ['error root-cert.pem unknown-authority', 'error root-cert.pem no-certificate']],
    ['another root', { ...good, rootCert: other.certificate.pem }, ['error root-cert.pem unknown-authority']],
    ['a root without keyCertSign', withRoot({ keyUsage: ['digitalSignature'] }), ['error root-cert.pem no-cert-sign']],
    ['a root that is no CA', withRoot({ isCa: false }), ['error root-cert.pem not-a-ca']],
    ['a root of version 3 without basicConstraints', withRoot({ isCa: null }), ['error root-cert.pem not-a-ca']],
    ['an expired root', withRoot({ notAfter: days(-1) }), ['error root-cert.pem expired']],
    ['an expired signer', withSigner({ notAfter: days(-1) }), ['error ca-cert.pem expired', 'error cert-chain.pem expired']],
    ['a signer of tomorrow', withSigner({ notBefore: days(1) }), ['error ca-cert.pem not-yet-valid']],
    ['a signer for clients only', withSigner({ extendedKeyUsage: ['clientAuth'] }), ['error ca-cert.pem extended-key-usage']],
    ['a root that forbids the signer’s name', withRoot({ permitted: [['dns', 'example.com']] }), ['error root-cert.pem name-constraint']],
    ['an unknown critical extension', withSigner({ unknownCritical: true }), ['error ca-cert.pem unhandled-critical-extension']],
    ['a SHA-1 signature', withSigner({ digest: 'sha1' }), ['error ca-cert.pem signature-algorithm']],
    ['no key', { ...good, caKey: secret('') }, ['error ca-key.pem unreadable-key']],
    [
      'EC PARAMETERS first',
      { ...good, caKey: secret(writePem('EC PARAMETERS', Uint8Array.of(5, 0)) + keyPem(signer, 'sec1')) },
      ['warning ca-key.pem ignored-block', 'error ca-key.pem unreadable-key'],
    ],
    [
      'an encrypted key',
      {
        ...good,
        caKey: secret(signer.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }).toString()),
      },
      ['error ca-key.pem unreadable-key'],
    ],
    [
      'an RSA-PSS key',
      rsaPssCa({}),
      ['error ca-key.pem unreadable-key', 'error ca-cert.pem unsupported-key', 'error cert-chain.pem unsupported-key'],
    ],
    [
      'an RSA-PSS key that signs with SHA-512 alone',
      rsaPssCa({ hashAlgorithm: 'sha512', mgf1HashAlgorithm: 'sha512' }),
      ['error ca-key.pem unreadable-key', 'error ca-cert.pem unsupported-key', 'error cert-chain.pem unsupported-key'],
    ],
    [
      'an RSA key that is too short to sign with SHA-256',
      caFiles(makeCa({ issuer: root, key: rsaKey(512), dnsNames }), [], [root.certificate]),
      ['error ca-cert.pem unsupported-key', 'error cert-chain.pem unsupported-key'],
    ],
    [
      'a signer whose organisation is a PrintableString with "_"',
      { ...good, caCert: underscored(signer), certChain: underscored(signer) },
      ['error ca-cert.pem unreadable-certificate', 'error cert-chain.pem unreadable-certificate'],
    ],
    ['the key of another CA', { ...good, caKey: secret(keyPem(other)) }, ['error ca-key.pem key-mismatch']],
    [
      'a chain whose first block is broken',
      { ...good, certChain: writePem('CERTIFICATE', Uint8Array.of(1)) + good.certChain },
      ['error cert-chain.pem unreadable-certificate'],
    ],
    [
      'a second root that cannot be read',
      { ...good, rootCert: good.rootCert + writePem('CERTIFICATE', Uint8Array.of(1)) },
      ['error root-cert.pem unreadable-certificate'],
    ],
    [
      'a key in root-cert',
      { ...good, rootCert: good.rootCert + writePem('PUBLIC KEY', Uint8Array.of(1)) },
      ['error root-cert.pem not-a-certificate'],
    ],
  ])('%s', (_, files, expected) => {
    expect(brief(judge(files))).toEqual(expected)
  })

  test('a middle CA is missing in a chain of three', () => {
    const middle = makeCa({ issuer: root })
    const files = caFiles(makeCa({ issuer: middle, dnsNames }), [], [root.certificate])

    const [problem] = judge(files)

    expect(problem).toMatchObject({ rule: 'unknown-authority', expected: middle.certificate.subject, found: root.certificate.subject })
  })

  test('a root of the right name with another key', () => {
    const name = [{ type: 'CN' as const, value: 'twin' }]
    const files = caFiles(makeCa({ issuer: makeCa({ name }), dnsNames }), [], [makeCa({ name }).certificate])

    expect(brief(judge(files))).toEqual(['error ca-cert.pem signature-mismatch'])
  })

  test('with several roots in the mesh, a first root that is no CA', () => {
    const files = { ...good, rootCert: makeCa({ isCa: false }).certificate.pem + good.rootCert }

    expect(brief(judge(files, { multiRoot: true }))).toEqual(['error root-cert.pem not-a-ca'])
    expect(brief(judge(files, { multiRoot: false }))).toEqual(['warning root-cert.pem not-a-ca'])
  })
})

describe('istiod takes it, and the mesh breaks', () => {
  test.each<[string, CaFiles, string[]]>([
    ['an empty chain below a root', { ...good, certChain: '' }, ['error cert-chain.pem chain-without-signer']],
    ['a chain with the root only', { ...good, certChain: root.certificate.pem }, ['error cert-chain.pem chain-without-signer']],
    [
      'another cluster’s intermediate in the chain',
      { ...good, certChain: makeCa({ issuer: root }).certificate.pem },
      ['error cert-chain.pem chain-without-signer', 'warning cert-chain.pem chain-stray-certificate'],
    ],
    ['a root with pathlen:0', withRoot({ pathLength: 0 }), ['error root-cert.pem path-length']],
    ['a signer without keyCertSign', withSigner({ keyUsage: ['digitalSignature'] }), ['error ca-cert.pem no-cert-sign']],
    ['a signer for servers only', withSigner({ extendedKeyUsage: ['serverAuth'] }), ['error ca-cert.pem extended-key-usage']],
    [
      'constraints that forbid the trust domain',
      withRoot({ permitted: [['uri', 'mesh.example']] }),
      ['error root-cert.pem name-constraint'],
    ],
    [
      'glued roots',
      { ...good, rootCert: good.rootCert.trimEnd() + other.certificate.pem },
      ['error root-cert.pem glued-pem', 'error root-cert.pem unknown-authority', 'error root-cert.pem no-certificate'],
    ],
    [
      'a glued chain',
      { ...good, certChain: good.certChain.trimEnd() + root.certificate.pem },
      ['error cert-chain.pem glued-pem', 'error cert-chain.pem chain-without-signer'],
    ],
    [
      'headers inside a root',
      { ...good, rootCert: good.rootCert.replace('-----\n', '-----\nKey: value\n\n') },
      ['error root-cert.pem pem-headers', 'error root-cert.pem unknown-authority'],
    ],
    ['a root on P-224', withRoot({ key: ecKey('P-224') }), ['error root-cert.pem unsupported-key']],
    [
      'a signer on P-521',
      withSigner({ key: ecKey('P-521') }),
      ['error ca-cert.pem unsupported-key', 'error cert-chain.pem unsupported-key'],
    ],
    [
      'a signer with RSA-1024',
      withSigner({ key: rsaKey(1024) }),
      ['error ca-cert.pem unsupported-key', 'error cert-chain.pem unsupported-key'],
    ],
    [
      'an Ed25519 signer',
      withSigner({ key: generateKeyPairSync('ed25519') }),
      ['error ca-cert.pem unsupported-key', 'error cert-chain.pem unsupported-key'],
    ],
  ])('%s', (_, files, expected) => {
    expect(brief(judge(files))).toEqual(expected)
  })

  test('two roots with one subject: OpenSSL takes the first', () => {
    const name = [{ type: 'CN' as const, value: 'Root CA' }]
    const [old, young] = [makeCa({ name }), makeCa({ name })]

    const [problem, ...rest] = judge(caFiles(makeCa({ issuer: old, dnsNames }), [], [old.certificate, young.certificate]))

    expect(problem).toMatchObject({ rule: 'same-subject-roots', severity: 'error', line: old.certificate.pem.split('\n').length })
    expect(rest).toEqual([])
  })
})

describe('the mesh works, with a warning', () => {
  test.each<[string, CaFiles, string[]]>([
    ['a chain from the root down', { ...good, certChain: root.certificate.pem + good.certChain }, ['warning cert-chain.pem chain-order']],
    [
      'a stranger in the chain',
      { ...good, certChain: good.certChain + other.certificate.pem },
      ['warning cert-chain.pem chain-stray-certificate'],
    ],
    ['a certificate twice', { ...good, rootCert: good.rootCert.repeat(2) }, ['warning root-cert.pem duplicate-certificate']],
    ['a comment', { ...good, rootCert: `# root\n${good.rootCert}` }, ['warning root-cert.pem text-outside-blocks']],
    ['Windows line ends', { ...good, rootCert: good.rootCert.replaceAll('\n', '\r\n') }, ['warning root-cert.pem carriage-return']],
    ['no final newline', { ...good, rootCert: good.rootCert.trimEnd() }, ['warning root-cert.pem no-final-newline']],
    [
      'the chain behind the signer in ca-cert',
      { ...good, caCert: good.caCert + root.certificate.pem },
      ['warning ca-cert.pem ignored-block'],
    ],
    [
      'an expired root that nobody needs',
      { ...good, rootCert: good.rootCert + makeCa({ notAfter: days(-1) }).certificate.pem },
      ['warning root-cert.pem expired'],
    ],
    ['a root of version 1', withRoot({ version: 1 }), ['warning root-cert.pem version-1-root']],
    ['a signer that outlives its root', withSigner({ notAfter: days(1002) }), ['warning ca-cert.pem outlives-issuer']],
  ])('%s', (_, files, expected) => {
    expect(brief(judge(files))).toEqual(expected)
  })

  test('an intermediate among the roots', () => {
    const middle = makeCa({ issuer: root })

    expect(brief(judge(caFiles(makeCa({ issuer: middle, dnsNames }), [], [middle.certificate])))).toEqual([
      'warning root-cert.pem root-not-self-issued',
    ])
  })

  test('two roots with one subject and one key', () => {
    const name = [{ type: 'CN' as const, value: 'Root CA' }]
    const old = makeCa({ name })
    const renewed = makeCa({ name, key: old })

    expect(brief(judge(caFiles(makeCa({ issuer: old, dnsNames }), [], [old.certificate, renewed.certificate])))).toEqual([
      'warning root-cert.pem same-subject-roots',
    ])
  })
})

describe('accepted without a word', () => {
  const middle = makeCa({ issuer: root })
  const third = makeCa({ issuer: middle, pathLength: 0, dnsNames })
  const crossed = makeCa({ name: [{ type: 'CN', value: 'crossed' }] })
  const crossSigned = makeCa({ name: [{ type: 'CN', value: 'crossed' }], key: crossed, issuer: root })
  const below = makeCa({ issuer: crossed, dnsNames })

  test.each<[string, CaFiles]>([
    ['intermediate alone in the chain', good],
    ['intermediate and root in the chain', { ...good, certChain: good.certChain + root.certificate.pem }],
    ['three levels', caFiles(third, [middle.certificate], [root.certificate])],
    ['the root itself signs, and the chain is empty', caFiles(root, [], [root.certificate])],
    ['the root itself signs, and is its chain', { ...caFiles(root, [], [root.certificate]), certChain: root.certificate.pem }],
    ['two roots, old first', { ...good, rootCert: good.rootCert + other.certificate.pem }],
    ['two roots, old last', { ...good, rootCert: other.certificate.pem + good.rootCert }],
    ['a cross-signed root, for those who trust the new one', caFiles(below, [crossSigned.certificate], [crossed.certificate])],
    ['a cross-signed root, for those who trust the old one', caFiles(below, [crossSigned.certificate], [root.certificate])],
    ['RSA', caFiles(makeCa({ issuer: root, key: rsaKey(2048), dnsNames }), [], [root.certificate])],
    ['a SEC 1 key', { ...good, caKey: secret(keyPem(signer, 'sec1')) }],
    [
      'a signer that outlives its root by an hour, as tools/certs makes them',
      withSigner({ notAfter: new Date(days(1000).getTime() + 3_600_000) }),
    ],
    [
      'constraints that permit the mesh',
      withRoot({
        permitted: [
          ['dns', 'svc'],
          ['uri', 'cluster.local'],
        ],
      }),
    ],
  ])('%s', (_, files) => {
    expect(judge(files)).toEqual([])
    expect(judge(files, { multiRoot: true })).toEqual([])
  })
})

test('one problem does not hide another', () => {
  const weak = makeCa({ issuer: root, keyUsage: ['digitalSignature'], extendedKeyUsage: ['serverAuth'], notAfter: days(-1) })
  const files = {
    ...caFiles(weak, [], [root.certificate]),
    certChain: '',
    rootCert: `${good.rootCert}${writePem('X509 CRL', Uint8Array.of(1))}`.trimEnd(),
  }

  expect(brief(judge(files))).toEqual([
    'warning root-cert.pem no-final-newline',
    'error ca-cert.pem expired',
    'error cert-chain.pem chain-without-signer',
    'error root-cert.pem not-a-certificate',
    'error ca-cert.pem no-cert-sign',
    'error ca-cert.pem extended-key-usage',
  ])
})

test('validity is judged at the given moment', () => {
  expect(judge(good, { at: days(-200) }).map(({ rule }) => rule)).toContain('not-yet-valid')
  expect(judge(good, { at: days(2000) }).map(({ rule }) => rule)).toContain('expired')
})

test('no problem holds a byte of the key, however the key file is damaged', () => {
  const pem = keyPem(signer)
  const body = pem.split('\n')[1] ?? ''
  for (const damaged of [
    pem.replace('-----BEGIN', '----BEGIN'),
    pem.replaceAll('\n', ''),
    body,
    `${body}:${pem}`,
    pem.replace('BEGIN PRIVATE KEY', `BEGIN ${body}`),
  ]) {
    const problems = judge({ ...good, caKey: secret(damaged) })

    expect(problems).not.toEqual([])
    expect(JSON.stringify(problems)).not.toContain(body.slice(0, 20))
  }
})

test('every problem says what to do, and whose rule it is', () => {
  const problems = judge({
    caCert: 'x',
    caKey: secret('x'),
    certChain: `x\r\n${other.certificate.pem}`,
    rootCert: writePem('CERTIFICATE', Uint8Array.of(1)),
  })

  expect(problems.length).toBeGreaterThan(5)
  for (const { message, remedy, source } of problems) {
    expect(message).toMatch(/^\S.*[^.]$/)
    expect(remedy).not.toBe('')
    expect(source).not.toBe('')
  }
})

test('of very many problems of one kind the first are told, and those of other kinds', { timeout: 20_000 }, () => {
  const broken = '-----BEGIN x\n'.repeat(40_000)
  const problems = judge({ ...good, certChain: broken, rootCert: `${good.rootCert}${broken}x` })

  expect(problems.filter(({ rule }) => rule === 'broken-pem')).toHaveLength(40)
  expect(problems.filter(({ file }) => file === 'cert-chain.pem')[19]).toMatchObject({
    line: 20,
    message: 'a BEGIN or END line is malformed or not alone on its line: the block is lost; there are 39980 more of this kind',
  })
  expect(brief(problems)).toEqual(
    expect.arrayContaining(['warning root-cert.pem no-final-newline', 'error cert-chain.pem chain-without-signer']),
  )
})

test('roots of one name, each told with the first other one before it', () => {
  const name = [{ type: 'CN' as const, value: 'Root CA' }]
  const [a, b, c] = [makeCa({ name }), makeCa({ name }), makeCa({ name })].map(({ certificate }) => certificate)
  const lines = (a?.pem.split('\n').length ?? 0) - 1
  const problems = judge(
    caFiles(
      signer,
      [],
      [a, a, b, c, a, b].flatMap((one) => one ?? []),
    ),
  )

  const found = problems
    .filter(({ rule }) => rule === 'same-subject-roots')
    .map((problem) => problem.found?.match(/(?<=at line )\d+/g)?.map(Number))
  const at = (first: number, second: number): number[] => [first, second].map((index) => index * lines + 1)
  expect(found).toEqual([at(0, 2), at(0, 3), at(2, 4), at(0, 5)])
  expect(problems.filter(({ rule }) => rule === 'duplicate-certificate').map(({ line }) => line)).toEqual(
    [1, 4, 5].map((index) => index * lines + 1),
  )
})
