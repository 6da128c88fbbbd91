import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseCertificate } from '../../src/pki/index.ts'
import { bytesOf, childrenOf, readDer, writeDer } from '../../src/pki/der.ts'
import type { Der } from '../../src/pki/der.ts'
import { writePem } from '../../src/pki/pem.ts'
import { days, ecKey, makeCa, rsaKey } from './made-ca.ts'

const made = makeCa({
  name: [
    { type: 'O', value: 'Istio' },
    { type: 'CN', value: 'Root CA' },
  ],
  pathLength: 2,
  dnsNames: ['istiod.istio-system.svc'],
  extendedKeyUsage: ['serverAuth'],
})

describe('refused', () => {
  test.each([
    ['nothing', '', 'there is no PEM block'],
    ['two certificates', made.certificate.pem.repeat(2), 'there are 2 PEM blocks'],
    ['a key', writePem('PRIVATE KEY', Uint8Array.of(1)), 'the PEM block is a PRIVATE KEY'],
    ['OpenSSL’s own kind', made.certificate.pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'), 'the PEM block is a TRUSTED CERTIFICATE'],
    ['a broken block', made.certificate.pem.replace('-----END', '----END'), 'the PEM is broken at line 1'],
    ['bytes that are no ASN.1', writePem('CERTIFICATE', Uint8Array.of(1, 2, 3)), 'the bytes are not ASN.1'],
    ['ASN.1 that is no certificate', writePem('CERTIFICATE', Uint8Array.of(0x30, 3, 2, 1, 5)), 'not a certificate'],
    [
      'bytes after the certificate',
      writePem('CERTIFICATE', Buffer.concat([made.certificate.der, Buffer.of(0)])),
      'the bytes are not ASN.1',
    ],
  ])('%s', (_, text, message) => {
    expect(() => parseCertificate(text)).toThrow(TypeError)
    expect(() => parseCertificate(text)).toThrow(message)
  })

  test('BER: a length in more bytes than needed, which Go does not read either', () => {
    const ber = Buffer.concat([Buffer.of(0x30, 0x83, 0), Buffer.from(made.certificate.der.subarray(2))])

    expect(() => parseCertificate(writePem('CERTIFICATE', ber))).toThrow('ASN.1')
  })

  test('a negative serial number', () => {
    const changed = change(made.certificate.der, (tbs) => {
      const serial = tbs[1] as Der
      return tbs.with(1, { ...serial, value: `\xff${bytesOf(serial).toString('latin1').slice(1)}` })
    })

    expect(() => parseCertificate(writePem('CERTIFICATE', changed))).toThrow('its serial number is negative')
  })

  test('an extension that occurs twice', () => {
    const changed = change(made.certificate.der, (tbs) => {
      const wrapper = tbs.at(-1) as Der
      const [list] = childrenOf(wrapper)
      const items = childrenOf(list)
      return tbs.with(-1, { ...wrapper, value: [{ ...list, value: [...items, items[0]] } as Der] })
    })

    expect(() => parseCertificate(writePem('CERTIFICATE', changed))).toThrow('the extension basicConstraints occurs twice')
  })
})

test('every fact of a certificate, as OpenSSL has it', () => {
  const certificate = parseCertificate(`# comment\n${made.certificate.pem.replaceAll('\n', '\r\n')}`)
  const openssl = new X509Certificate(made.certificate.pem)

  expect(certificate).toMatchObject({
    pem: made.certificate.pem,
    fingerprint: openssl.fingerprint256.replaceAll(':', '').toLowerCase(),
    subject: 'O=Istio, CN=Root CA',
    issuer: 'O=Istio, CN=Root CA',
    algorithm: 'ecdsa-p256',
    signatureAlgorithm: 'ecdsa-with-SHA256',
    isCa: true,
    pathLength: 2,
    keyUsage: ['digitalSignature', 'keyCertSign'],
    extendedKeyUsage: ['serverAuth'],
    dnsNames: ['istiod.istio-system.svc'],
    subjectKeyId: null,
    authorityKeyId: null,
    serial: openssl.serialNumber.toLowerCase(),
    version: 3,
    isSelfIssued: true,
  })
  expect(certificate.notBefore).toEqual(new Date(openssl.validFrom))
  expect(certificate.notAfter).toEqual(new Date(openssl.validTo))
})

test.each([
  ['2049-12-31T23:59:59Z', '2050-01-01T00:00:00Z'],
  ['1999-12-31T23:59:59Z', '2126-01-01T00:00:00Z'],
])('dates on both sides of the change of format: %s to %s', (notBefore, notAfter) => {
  const { certificate } = makeCa({ notBefore: new Date(notBefore), notAfter: new Date(notAfter) })

  expect([certificate.notBefore, certificate.notAfter]).toEqual([new Date(notBefore), new Date(notAfter)])
  expect(new Date(new X509Certificate(certificate.der).validTo)).toEqual(new Date(notAfter))
})

test('names are printed in the order of the DER, with what is special in them escaped', () => {
  const { certificate } = makeCa({
    name: [
      { type: 'CN', value: ' a,b+c"d\\e\n' },
      { type: 'O', value: '#Käse GmbH ' },
    ],
  })

  expect(certificate.subject).toBe('CN=\\ a\\,b\\+c\\"d\\\\e\\0a, O=\\#Käse GmbH\\ ')
})

test('a certificate of version 1 has no extensions, and says so', () => {
  const { certificate } = makeCa({ version: 1 })

  expect(certificate).toMatchObject({ version: 1, isCa: false, pathLength: null, keyUsage: null, subjectKeyId: null })
})

test.each([
  ['rsa-2048', rsaKey(2048), 'sha256WithRSAEncryption'],
  ['ecdsa-p521', ecKey('P-521'), 'ecdsa-with-SHA256'],
])('%s', (algorithm, key, signatureAlgorithm) => {
  expect(makeCa({ key, notAfter: days(5) }).certificate).toMatchObject({ algorithm, signatureAlgorithm })
})

/** The certificate with other fields; its signature is not made anew. */
function change(der: Uint8Array, edit: (tbs: readonly Der[]) => readonly Der[]): Uint8Array {
  const certificate = readDer(der)
  const [tbs, ...rest] = childrenOf(certificate)
  return writeDer({ ...certificate, value: [{ ...tbs, value: [...edit(childrenOf(tbs))] } as Der, ...rest] })
}
