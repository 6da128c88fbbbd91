import { createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseCertificate } from '../../src/pki/index.ts'
import {
  bitString,
  bytesOf,
  childrenOf,
  explicit,
  implicit,
  integer,
  nullValue,
  octetString,
  oid,
  readDer,
  sequence,
  set,
  trueValue,
  writeDer,
} from '../../src/pki/der.ts'
import type { Der } from '../../src/pki/der.ts'
import { generalName } from '../../src/pki/general-names.ts'
import { attributeOids, extensionOids } from '../../src/pki/oids.ts'
import { writePem } from '../../src/pki/pem.ts'
import { ecKey, makeCa, rsaKey } from './made-ca.ts'

// Each of these was given to `x509.ParseCertificate` of Go 1.26.8: it refuses the first table and takes the second.

type Edit = (tbs: readonly Der[]) => readonly Der[]

const made = makeCa()
const [subjectField, keyField, extensionsField] = [5, 6, 7]

/** A certificate with other fields; its signature is not made anew, and nobody looks at it. */
function changed(edit: Edit): Uint8Array {
  const [tbs, ...rest] = childrenOf(readDer(made.certificate.der))
  return writeDer(sequence(sequence(...edit(childrenOf(tbs))), ...rest))
}

const primitive = (type: number, value: string): Der => ({ ...nullValue(), type, value })
const named = (type: number, value: string): Edit => {
  const name = sequence(set(sequence(oid(attributeOids.O), primitive(type, value))))
  return (tbs) => tbs.with(subjectField, name)
}
const extended = (name: keyof typeof extensionOids, critical: boolean, value: Der): Edit => {
  const extension = sequence(oid(extensionOids[name]), ...(critical ? [trueValue()] : []), octetString(writeDer(value)))
  return (tbs) => tbs.with(extensionsField, explicit(3, sequence(extension)))
}
const alsoNamed = (kind: keyof typeof generalName, value: string): Edit =>
  extended('subjectAltName', false, sequence(implicit(generalName[kind], Buffer.from(value, 'latin1'))))
const constrained = (kind: keyof typeof generalName, value: string): Edit =>
  extended('nameConstraints', true, sequence(explicit(0, sequence(implicit(generalName[kind], Buffer.from(value, 'latin1'))))))
const versioned =
  (version: number): Edit =>
  (tbs) =>
    tbs.with(0, explicit(0, integer(version - 1)))
const keyed =
  (key: Der): Edit =>
  (tbs) =>
    tbs.with(keyField, key)
const secp256k1 = readDer(ecKey('secp256k1').publicKey.export({ format: 'der', type: 'spki' }))
const compressed = (): Der => {
  const [identifier, point] = childrenOf(readDer(ecKey().publicKey.export({ format: 'der', type: 'spki' })))
  const whole = bytesOf(point).subarray(1)
  const short = Buffer.concat([Buffer.of(2 + ((whole.at(-1) ?? 0) & 1)), whole.subarray(1, 33)])
  const key = sequence(identifier as Der, bitString(short))
  createPublicKey({ key: writeDer(key), format: 'der', type: 'spki' }) // OpenSSL reads it
  return key
}
const withoutParameters = (): Der => {
  const [, key] = childrenOf(readDer(rsaKey(2048).publicKey.export({ format: 'der', type: 'spki' })))
  return sequence(sequence(oid('1.2.840.113549.1.1.1')), key as Der)
}

const [numeric, printable, t61, ia5, utf8, visible, bmp] = [18, 19, 20, 22, 12, 26, 30]

const refused: readonly (readonly [string, Edit, string])[] = [
  ['a PrintableString with "_"', named(printable, 'My_Org'), 'a PrintableString holds "_", which Go does not read there'],
  ['a PrintableString with "@"', named(printable, 'ca@example.com'), 'a PrintableString holds "@"'],
  ['a UTF8String that is Latin-1', named(utf8, 'K\xe4se'), 'a UTF8String is not UTF-8'],
  ['a BMPString with half a character', named(bmp, '\ud800'), 'a BMPString holds what is no character'],
  ['an IA5String beyond ASCII', named(ia5, 'K\xe4se'), 'a IA5String holds "ä"'],
  ['a NumericString with letters', named(numeric, '12a'), 'a NumericString holds "a"'],
  ['a VisibleString', named(visible, 'Istio'), 'a text is of an ASN.1 type that Go does not read (26)'],
  [
    'a critical subjectKeyIdentifier',
    extended('subjectKeyIdentifier', true, octetString(Buffer.of(1))),
    'subjectKeyIdentifier is marked critical',
  ],
  [
    'a critical authorityKeyIdentifier',
    extended('authorityKeyIdentifier', true, sequence(implicit(0, Buffer.of(1)))),
    'authorityKeyIdentifier is marked critical',
  ],
  ['critical authorityInfoAccess', extended('authorityInfoAccess', true, sequence()), 'authorityInfoAccess is marked critical'],
  ['version 4', versioned(4), 'its version is 4, not 1 to 3'],
  [
    'an IP address of five bytes',
    alsoNamed('ip', '\x0a\0\0\x01\0'),
    'subjectAltName cannot be read: an IP address has 5 bytes, not 4 or 16',
  ],
  ['a DNS name beyond ASCII', alsoNamed('dns', 'k\xe4se.example'), 'a DNS name has bytes that are not ASCII'],
  ['an email address beyond ASCII', alsoNamed('email', 'k\xe4se@example.com'), 'an email address has bytes that are not ASCII'],
  ['a URI beyond ASCII', alsoNamed('uri', 'spiffe://k\xe4se/'), 'a URI has bytes that are not ASCII'],
  [
    'a URI with a broken escape',
    alsoNamed('uri', 'spiffe://cluster.local/ns/%zz'),
    'Go does not read the URI "spiffe://cluster.local/ns/%zz"',
  ],
  ['a URI with a broken escape behind #', alsoNamed('uri', 'a:b#%'), 'a broken %-escape'],
  ['nothing but a star, and a broken escape behind #', alsoNamed('uri', '*#%'), 'a broken %-escape'],
  ['a URI with a space in its host', alsoNamed('uri', 'spiffe://a b/'), 'a host that is no host name'],
  ['a URI with an empty label', alsoNamed('uri', 'spiffe://a..b/'), 'a host that is no host name'],
  ['a URI with a dot at the end of its host', alsoNamed('uri', 'spiffe://cluster.local./x'), 'a host that is no host name'],
  ['a URI with %41 in its host', alsoNamed('uri', 'spiffe://%41/'), 'a host that is no host name'],
  ['a URI with a named port', alsoNamed('uri', 'spiffe://a:http/'), 'a port that is no number'],
  ['an http URI with two colons', alsoNamed('uri', 'http://a:1:2/'), 'a port that is no number'],
  ['a URI with a broken IPv6 address', alsoNamed('uri', 'spiffe://[::g]/'), 'a host that is no IPv6 address'],
  ['a URI with a user of other letters', alsoNamed('uri', 'spiffe://a"b@c/'), 'a user name that cannot be read'],
  ['a URI without a scheme', alsoNamed('uri', '://cluster.local'), 'no scheme before ":"'],
  ['a path with a colon', alsoNamed('uri', '1a:b/c'), 'a colon before the first slash, and no scheme'],
  ['a URI with a line feed', alsoNamed('uri', 'spiffe://a/\n'), 'a control character'],
  ['constraints to a DNS name with an empty label', constrained('dns', 'a..b'), '"a..b" is no domain name'],
  ['constraints to a URI with an IP address', constrained('uri', '10.0.0.1'), 'cannot be constrained to the IP address 10.0.0.1'],
  ['constraints to a URI with an IPv6 address', constrained('uri', '2001:db8::1'), 'cannot be constrained to the IP address 2001:db8::1'],
  ['constraints to an address without a mask', constrained('ip', '\x0a\0\0\x01'), '0x0a000001 is no IP address and its mask'],
  ['constraints to a mask with a hole', constrained('ip', '\x0a\0\0\0\xff\0\xff\0'), 'no IP address and its mask'],
  ['empty constraints', extended('nameConstraints', true, sequence()), 'nameConstraints cannot be read: they are empty'],
  ['an RSA key without parameters', keyed(withoutParameters()), 'its RSA key has no NULL parameters'],
  ['a curve that Go does not know', keyed(secp256k1), 'Go does not know the curve of its key (1.3.132.0.10)'],
  ['a compressed point', keyed(compressed()), 'its key is a compressed point'],
]

const taken: readonly (readonly [name: string, edit: Edit, subject: string | null])[] = [
  ['a PrintableString', named(printable, "Istio (a+b), c-d.e/f:g=h?*&'"), "O=Istio (a\\+b)\\, c-d.e/f:g=h?*&'"],
  ['a UTF8String', named(utf8, Buffer.from('Käse').toString('latin1')), 'O=Käse'],
  ['a BMPString', named(bmp, 'Käse\0'), 'O=Käse'],
  ['a T61String', named(t61, 'K\xe4se'), 'O=Käse'],
  ['an IA5String', named(ia5, 'ca@example.com'), 'O=ca@example.com'],
  ['a NumericString', named(numeric, '12 3'), 'O=12 3'],
  ['a SPIFFE identity', alsoNamed('uri', 'spiffe://cluster.local/ns/default/sa/default'), null],
  ['a URI with a port, a user, a query and a fragment', alsoNamed('uri', 'https://me:x@a.b:80/c%20d?e=%zz#f'), null],
  ['a URI with an IPv6 address', alsoNamed('uri', 'spiffe://[::1]:80/'), null],
  ['a URI with a % in its host', alsoNamed('uri', 'spiffe://a%25b/'), null],
  ['an opaque URI', alsoNamed('uri', 'urn:a%zz b'), null],
  ['a relative URI', alsoNamed('uri', 'a/b:c'), null],
  ['an empty URI', alsoNamed('uri', ''), null],
  ['a URI without a host', alsoNamed('uri', 'spiffe:///a'), null],
  ['an IP address', alsoNamed('ip', '\x0a\0\0\x01'), null],
  ['constraints to what is below a domain', constrained('dns', '.example.com'), null],
  ['constraints to nothing', constrained('uri', ''), null],
  ['constraints to a network', constrained('ip', '\x0a\0\0\0\xff\0\0\0'), null],
  ['a key identifier', extended('subjectKeyIdentifier', false, octetString(Buffer.of(1))), null],
]

describe('refused, because Go refuses it', () => {
  test.each(refused)('%s', (_, edit, message) => {
    const pem = writePem('CERTIFICATE', changed(edit))

    expect(() => parseCertificate(pem)).toThrow(TypeError)
    expect(() => parseCertificate(pem)).toThrow(message)
  })

  test('a BMPString of an odd number of bytes', () => {
    const der = Buffer.from(changed(named(printable, 'abc')))
    der[der.indexOf(Buffer.from('\x13\x03abc', 'latin1'))] = bmp

    expect(() => parseCertificate(writePem('CERTIFICATE', der))).toThrow('ASN.1')
  })

  // Go passes over the extensions, OpenSSL goes by them, and BoringSSL refuses the certificate.
  test.each([1, 2])('extensions in a certificate of version %d', (version) => {
    const der = changed(version === 1 ? (tbs) => tbs.slice(1) : versioned(version))

    expect(() => parseCertificate(writePem('CERTIFICATE', der))).toThrow(`it has extensions, and is of version ${version}`)
  })
})

describe('taken, as Go takes it', () => {
  test.each(taken)('%s', (_, edit, subject) => {
    const certificate = parseCertificate(writePem('CERTIFICATE', changed(edit)))

    expect(certificate.subject).toBe(subject ?? made.certificate.subject)
  })
})
