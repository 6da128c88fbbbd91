import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { Confidential, RerootError } from '../../src/base/index.ts'
import {
  generateKey,
  intermediateTemplate,
  isSignedBy,
  issueIntermediate,
  issueLeaf,
  issueRoot,
  keyMatches,
  leafTemplate,
  lint,
  rootTemplate,
} from '../../src/pki/index.ts'
import type { Certificate, Issuer, KeyAlgorithm, KeyPair } from '../../src/pki/index.ts'
import { readDer, sequence, set, writeDer } from '../../src/pki/der.ts'
import { serialNumber } from '../../src/pki/serial.ts'
import { at, ecKey, entropy, makeCa } from './made-ca.ts'

const issuedRoot = (key: KeyPair): Certificate =>
  issueRoot(lint(rootTemplate({ mesh: 'shop', generation: 'g2', at, days: 3650, backdateMinutes: 60 })), key, entropy)
const templateBelow = (issuer: Certificate) =>
  lint(
    intermediateTemplate({
      mesh: 'shop',
      generation: 'g2',
      cluster: 'prod-eu',
      dnsNames: ['istiod.istio-system.svc'],
      at,
      days: 1825,
      backdateMinutes: 60,
      issuer,
    }),
  )

let rootKey: KeyPair
let otherKey: KeyPair
let root: Issuer
beforeAll(async () => {
  ;[rootKey, otherKey] = await Promise.all([generateKey('ecdsa-p256'), generateKey('ecdsa-p256')])
  root = { certificate: issuedRoot(rootKey), key: rootKey.privateKey }
})

describe('refused', () => {
  test('a key that does not belong to the issuer’s certificate', () => {
    const wrong = { certificate: root.certificate, key: otherKey.privateKey }

    const issue = (): Certificate => issueIntermediate(templateBelow(root.certificate), otherKey.publicKey, wrong, entropy)

    expect(issue).toThrow(RerootError)
    expect(issue).toThrow('the private key does not belong to O=shop, CN=shop root CA g2')
  })

  test('a template that was checked against another issuer', () => {
    const other = makeCa()
    const issuer = { certificate: other.certificate, key: new Confidential(other.privateKey) }

    expect(() => issueIntermediate(templateBelow(root.certificate), otherKey.publicKey, issuer, entropy)).toThrow('made for another issuer')
  })

  test('a subject key that proxies do not verify', () => {
    expect(() => issueIntermediate(templateBelow(root.certificate), ecKey('P-521').publicKey, root, entropy)).toThrow(
      'no certificates for ecdsa-p521 keys',
    )
  })

  test('entropy that gives too little', () => {
    expect(() => issueIntermediate(templateBelow(root.certificate), otherKey.publicKey, root, { bytes: () => new Uint8Array(4) })).toThrow(
      '4 bytes instead of 16',
    )
  })
})

test('serial numbers are positive, below 2^127, and all of one length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const serial = serialNumber({ bytes: () => bytes })
      expect(serial).toBeGreaterThan(0n)
      expect(serial).toBeLessThan(2n ** 127n)
      expect(serial.toString(16)).toHaveLength(32)
    }),
  )
})

const signatures: readonly (readonly [KeyAlgorithm, string])[] = [
  ['rsa-2048', 'sha256WithRSAEncryption'],
  ['rsa-4096', 'sha256WithRSAEncryption'],
  ['ecdsa-p256', 'ecdsa-with-SHA256'],
  ['ecdsa-p384', 'ecdsa-with-SHA384'],
]

test.each(signatures)(
  'a root with %s has the profile of Istio’s tools/certs, and key identifiers',
  async (algorithm, signatureAlgorithm) => {
    const key = await generateKey(algorithm)

    const certificate = issuedRoot(key)

    expect(certificate).toMatchObject({
      subject: 'O=shop, CN=shop root CA g2',
      issuer: 'O=shop, CN=shop root CA g2',
      algorithm,
      signatureAlgorithm,
      isCa: true,
      pathLength: null,
      keyUsage: ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'keyCertSign'],
      extendedKeyUsage: null,
      authorityKeyId: certificate.subjectKeyId,
      version: 3,
    })
    expect(certificate.extensions.critical).toEqual(['basicConstraints', 'keyUsage'])
    expect(isSignedBy(certificate, certificate)).toBe(true)
    expect(keyMatches(certificate, key.privateKey)).toBe(true)
  },
)

test('an intermediate has pathlen:0, its DNS name, and its issuer’s key identifier', () => {
  const certificate = issueIntermediate(templateBelow(root.certificate), otherKey.publicKey, root, entropy)

  expect(certificate).toMatchObject({
    subject: 'O=shop, CN=shop intermediate CA g2, L=prod-eu',
    issuer: root.certificate.subject,
    isCa: true,
    pathLength: 0,
    keyUsage: root.certificate.keyUsage,
    dnsNames: ['istiod.istio-system.svc'],
    authorityKeyId: root.certificate.subjectKeyId,
  })
  expect(isSignedBy(certificate, root.certificate)).toBe(true)
})

test('a workload’s certificate is what istiod issues: no subject, a critical SPIFFE URI, client and server', () => {
  const uri = 'spiffe://cluster.local/ns/shop/sa/cart'

  const certificate = issueLeaf(lint(leafTemplate({ uri, at, hours: 24, issuer: root.certificate })), otherKey.publicKey, root, entropy)

  expect(certificate).toMatchObject({
    subject: '',
    isCa: false,
    uris: [uri],
    extendedKeyUsage: ['serverAuth', 'clientAuth'],
    keyUsage: ['digitalSignature', 'keyEncipherment'],
  })
  expect(certificate.extensions.critical).toContain('subjectAltName')
  expect([certificate.notBefore, certificate.notAfter]).toEqual([new Date(at.getTime() - 120_000), new Date(at.getTime() + 86_400_000)])
})

test('the name of an adopted issuer is copied as DER: PrintableString stays PrintableString', () => {
  const adopted = makeCa({
    name: [
      { type: 'O', value: 'Istio' },
      { type: 'CN', value: 'Root CA' },
    ],
  })
  const printable = Buffer.from(adopted.certificate.rawSubject)
  const issuer = { certificate: { ...adopted.certificate, rawSubject: asPrintable(printable) }, key: new Confidential(adopted.privateKey) }

  const certificate = issueIntermediate(lint(templateBelow(issuer.certificate)), otherKey.publicKey, issuer, entropy)

  expect(Buffer.from(certificate.rawIssuer)).toEqual(Buffer.from(issuer.certificate.rawSubject))
  expect(Buffer.from(certificate.rawIssuer)).not.toEqual(printable)
  expect(certificate.issuer).toBe('O=Istio, CN=Root CA')
})

test('an adopted issuer without a key identifier gets the usual one', () => {
  const adopted = makeCa()

  const certificate = issueIntermediate(
    templateBelow(adopted.certificate),
    otherKey.publicKey,
    { certificate: adopted.certificate, key: new Confidential(adopted.privateKey) },
    entropy,
  )

  expect(adopted.certificate.subjectKeyId).toBeNull()
  expect(certificate.authorityKeyId).toMatch(/^[0-9a-f]{40}$/)
})

test('DER is written as it was read', () => {
  const bytes = writeDer(sequence(set(), readDer(root.certificate.der)))

  expect(writeDer(readDer(bytes))).toEqual(bytes)
})

/** The same name with every UTF8String (tag 12) as PrintableString (tag 19). */
function asPrintable(name: Buffer): Uint8Array {
  const changed = Buffer.from(name)
  for (const text of ['Istio', 'Root CA']) changed[changed.indexOf(text) - 2] = 19
  return changed
}
