import { X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { sha256 } from '../base/index.ts'
import type { Confidential, Fingerprint } from '../base/index.ts'
import { algorithmOf } from './algorithm.ts'
import { childrenOf, contextTagOf, integerOf, oidOf, readDer, timeOf, writeDer } from './der.ts'
import type { Der } from './der.ts'
import { readExtensions } from './extensions.ts'
import type { Extensions } from './extensions.ts'
import { publicKeyFault } from './go-public-key.ts'
import { publicKeyMatches } from './key.ts'
import { formatName } from './name.ts'
import { digestOids, nameOfOid, signatureOids } from './oids.ts'
import { splitPem, writePem } from './pem.ts'

/** A certificate, read once. Everything in it is public. */
export interface Certificate {
  /** Canonical: one block, LF, a final newline. */
  readonly pem: string
  readonly der: Uint8Array
  /** SHA-256 of the DER. */
  readonly fingerprint: Fingerprint
  /** `O=Istio, CN=Root CA`, in the order of the DER. */
  readonly subject: string
  readonly issuer: string
  /** DER of the names: what a chain is built by. */
  readonly rawSubject: Uint8Array
  readonly rawIssuer: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  /** `rsa-4096`, `ecdsa-p256`, or e.g. `ed25519` when it is none of ours. */
  readonly algorithm: string
  readonly publicKey: KeyObject
  /** `sha256WithRSAEncryption`, `ecdsa-with-SHA384`, `rsassaPss-sha256`, …; the OID if it is unknown. */
  readonly signatureAlgorithm: string
  /** Hex. */
  readonly subjectKeyId: string | null
  /** Hex. */
  readonly authorityKeyId: string | null
  /** Whether basicConstraints say CA:TRUE. */
  readonly isCa: boolean
  readonly pathLength: number | null
  /** Names of the bits; `null` without the extension. */
  readonly keyUsage: readonly string[] | null
  /** Names or OIDs; `null` without the extension. */
  readonly extendedKeyUsage: readonly string[] | null
  readonly dnsNames: readonly string[]
  readonly uris: readonly string[]
  readonly extensions: Extensions
  /** Hex, without leading zeros. */
  readonly serial: string
  /** 1 or 3. */
  readonly version: number
  readonly isSelfIssued: boolean
}

/**
 * Reads one certificate. What stands around its block is left out.
 * @throws TypeError unless the text holds exactly one PEM block, and that is a CERTIFICATE that Go and OpenSSL both read.
 */
export function parseCertificate(pem: string): Certificate {
  const { blocks, faults } = splitPem(pem)
  const [block] = blocks
  const fault = faults[0]
  if (fault !== undefined) throw new TypeError(`not a certificate: the PEM is broken at line ${fault.line} (${fault.kind})`)
  if (block === undefined) throw new TypeError('not a certificate: there is no PEM block')
  if (blocks.length > 1) throw new TypeError(`not one certificate: there are ${blocks.length} PEM blocks`)
  if (block.type !== 'CERTIFICATE') throw new TypeError(`not a certificate: the PEM block is a ${block.type}`)
  return certificateFromDer(block.der)
}

// A run meets the same few certificates in every bundle of every state of every cluster. A hostile file must not fill the memory.
const mostKnown = 10_000
const known = new Map<Fingerprint, Certificate>()
const verified = new WeakMap<Certificate, WeakMap<Certificate, boolean>>()

/** Reads a certificate from its DER, once. @throws TypeError as `parseCertificate`. */
export function certificateFromDer(bytes: Uint8Array): Certificate {
  const fingerprint = sha256(bytes)
  const before = known.get(fingerprint)
  if (before !== undefined) return before
  try {
    const certificate = read(bytes, fingerprint)
    if (known.size < mostKnown) known.set(fingerprint, certificate)
    return certificate
  } catch (cause) {
    const why = cause instanceof TypeError ? cause.message : 'OpenSSL does not read it'
    throw new TypeError(`not a certificate: ${why}`, { cause })
  }
}

/** Whether the key signs for this certificate. */
export function keyMatches(certificate: Certificate, key: Confidential<KeyObject>): boolean {
  return publicKeyMatches(certificate.publicKey, key)
}

/** Whether the issuer's key made the signature on the certificate. Names, dates and extensions are not looked at. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  const issuers = verified.get(certificate) ?? new WeakMap<Certificate, boolean>()
  verified.set(certificate, issuers)
  const verdict = issuers.get(issuer) ?? hasSignatureOf(certificate, issuer)
  issuers.set(issuer, verdict)
  return verdict
}

function hasSignatureOf(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return new X509Certificate(certificate.der).verify(issuer.publicKey)
  } catch {
    return false // a signature of another algorithm than the key's
  }
}

function read(bytes: Uint8Array, fingerprint: Fingerprint): Certificate {
  const parts = tbsParts(readDer(bytes))
  const [subject, issuer] = [formatName(parts.subject), formatName(parts.issuer)]
  const extensions = readExtensions(parts.extensions)
  // Last, because OpenSSL does not say why it refuses.
  const { publicKey } = new X509Certificate(bytes)
  const rawSubject = writeDer(parts.subject)
  const rawIssuer = writeDer(parts.issuer)
  return {
    pem: writePem('CERTIFICATE', bytes),
    der: Uint8Array.from(bytes),
    fingerprint,
    subject,
    issuer,
    rawSubject,
    rawIssuer,
    notBefore: parts.notBefore,
    notAfter: parts.notAfter,
    algorithm: algorithmOf(publicKey),
    publicKey,
    signatureAlgorithm: parts.signatureAlgorithm,
    subjectKeyId: extensions.subjectKeyId,
    authorityKeyId: extensions.authorityKeyId,
    isCa: extensions.basicConstraints?.isCa ?? false,
    pathLength: extensions.basicConstraints?.pathLength ?? null,
    keyUsage: extensions.keyUsage,
    extendedKeyUsage: extensions.extendedKeyUsage,
    dnsNames: extensions.subjectNames?.dns ?? [],
    uris: extensions.subjectNames?.uris ?? [],
    extensions,
    serial: parts.serial.toString(16),
    version: parts.version,
    isSelfIssued: rawSubject.equals(rawIssuer),
  }
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature } (RFC 5280, 4.1). */
function tbsParts(certificate: Der) {
  const [tbs, outerAlgorithm] = childrenOf(certificate)
  const fields = childrenOf(tbs)
  const versionField = fields[0] !== undefined && contextTagOf(fields[0]) === 0 ? fields[0] : null
  const version = versionField === null ? 1 : Number(integerOf(childrenOf(versionField)[0])) + 1
  if (version < 1 || version > 3) throw new TypeError(`its version is ${version}, not 1 to 3`)
  const [serialField, innerAlgorithm, issuer, validity, subject, publicKey, ...rest] = versionField === null ? fields : fields.slice(1)
  if (
    innerAlgorithm === undefined ||
    outerAlgorithm === undefined ||
    issuer === undefined ||
    subject === undefined ||
    publicKey === undefined
  )
    throw new TypeError('fields are missing')
  // Go: "inner and outer signature algorithm identifiers don't match".
  if (!writeDer(innerAlgorithm).equals(writeDer(outerAlgorithm))) throw new TypeError('it names two signature algorithms')
  const serial = integerOf(serialField)
  if (serial < 0n) throw new TypeError('its serial number is negative') // Go 1.23 and later
  const keyFault = publicKeyFault(publicKey)
  if (keyFault !== null) throw new TypeError(keyFault)
  const [notBefore, notAfter] = childrenOf(validity)
  const extensions = rest.find((field) => contextTagOf(field) === 3)
  // Go passes over them, OpenSSL goes by them, and Envoy's BoringSSL refuses the certificate (`x509_parse` of crypto/x509/x_x509.cc).
  if (extensions !== undefined && version < 3) throw new TypeError(`it has extensions, and is of version ${version}: they need version 3`)
  return {
    version,
    serial,
    issuer,
    subject,
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    signatureAlgorithm: signatureName(innerAlgorithm),
    extensions: extensions === undefined ? undefined : childrenOf(extensions)[0],
  }
}

/** `sha256WithRSAEncryption`; RSA-PSS has its digest among its parameters, SHA-1 if there is none (RFC 4055, 3.1). */
function signatureName(identifier: Der): string {
  const [algorithm, parameters] = childrenOf(identifier)
  const name = nameOfOid(signatureOids, oidOf(algorithm))
  if (name !== 'rsassaPss') return name
  const digest = parameters === undefined ? undefined : childrenOf(parameters).find((parameter) => contextTagOf(parameter) === 0)
  return `${name}-${digest === undefined ? 'sha1' : nameOfOid(digestOids, oidOf(childrenOf(childrenOf(digest)[0])[0]))}`
}
