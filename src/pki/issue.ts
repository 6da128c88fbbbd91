import { createHash, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { RerootError } from '../base/index.ts'
import type { Confidential } from '../base/index.ts'
import { algorithmOf, digestFor, keyAlgorithms } from './algorithm.ts'
import { certificateFromDer, isSignedBy, keyMatches } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { bitString, bytesOf, childrenOf, explicit, integer, nullValue, oid, readDer, sequence, time, writeDer } from './der.ts'
import type { Der } from './der.ts'
import type { KeyPair } from './key.ts'
import type { LintedTemplate } from './lint.ts'
import { nameDer } from './name.ts'
import { signatureOids } from './oids.ts'
import { profileExtensions } from './profile.ts'
import { serialNumber } from './serial.ts'
import type { Entropy } from './serial.ts'
import type { IntermediateTemplate, LeafTemplate, RootTemplate, Template } from './template.ts'

/** A CA that signs: its certificate, and the key that belongs to it. */
export interface Issuer {
  readonly certificate: Certificate
  readonly key: Confidential<KeyObject>
}

/** Issues a self-signed root for this key. */
export function issueRoot(template: LintedTemplate<RootTemplate>, key: KeyPair, entropy: Entropy): Certificate {
  const name = nameDer(template.subject)
  const certificate = signed(template, key.publicKey, { name, keyId: keyIdOf(key.publicKey), key: key.privateKey }, entropy)
  if (!isSignedBy(certificate, certificate)) throw new Error('a root was issued that does not verify')
  return certificate
}

/**
 * Issues an intermediate for this public key. The issuer's name is copied from its certificate as DER, so a CA that other tools made keeps
 * the very bytes that chains are built by.
 * @throws RerootError FILE_INVALID if the issuer's key does not belong to the issuer's certificate.
 */
export function issueIntermediate(
  template: LintedTemplate<IntermediateTemplate>,
  publicKey: KeyObject,
  issuer: Issuer,
  entropy: Entropy,
): Certificate {
  return issueBelow(template, publicKey, issuer, entropy)
}

/** Issues a workload's certificate, to be verified in memory. Refuses as `issueIntermediate`. */
export function issueLeaf(template: LintedTemplate<LeafTemplate>, publicKey: KeyObject, issuer: Issuer, entropy: Entropy): Certificate {
  return issueBelow(template, publicKey, issuer, entropy)
}

/**
 * What istiod would issue to a workload, whatever this CA may: a certificate to be judged, not used. No rule of ours stands before it, so that
 * the verifier's own judgement is seen. The issuer's key must belong to its certificate.
 */
export function issueProbe(
  input: { readonly uri: string; readonly at: Date; readonly issuer: Issuer },
  publicKey: KeyObject,
  entropy: Entropy,
): Certificate {
  const { uri, at, issuer } = input
  const start = Math.floor(at.getTime() / 1000) * 1000
  const template = {
    kind: 'leaf',
    subject: [],
    notBefore: new Date(start - 120_000),
    notAfter: new Date(start + 86_400_000),
    issuer: issuer.certificate,
    uri,
  } as const
  return signed(template, publicKey, signerOf(issuer), entropy)
}

function issueBelow(
  template: LintedTemplate<IntermediateTemplate | LeafTemplate>,
  publicKey: KeyObject,
  issuer: Issuer,
  entropy: Entropy,
): Certificate {
  if (template.issuer.fingerprint !== issuer.certificate.fingerprint) throw new TypeError('the template was made for another issuer')
  if (!keyMatches(issuer.certificate, issuer.key)) {
    throw new RerootError('FILE_INVALID', `the private key does not belong to ${issuer.certificate.subject}`, {
      hint: 'use the key that was made with this certificate: "openssl pkey -pubout" and "openssl x509 -pubkey" must print the same',
    })
  }
  const certificate = signed(template, publicKey, signerOf(issuer), entropy)
  if (!isSignedBy(certificate, issuer.certificate)) throw new Error('a certificate was issued that does not verify')
  return certificate
}

interface Signer {
  readonly name: Der
  readonly keyId: Uint8Array
  readonly key: Confidential<KeyObject>
}

function signerOf({ certificate, key }: Issuer): Signer {
  // A CA without subjectKeyIdentifier gets one by the usual rule: nobody compares it with anything.
  const keyId = certificate.subjectKeyId === null ? keyIdOf(certificate.publicKey) : Buffer.from(certificate.subjectKeyId, 'hex')
  return { name: readDer(certificate.rawSubject), keyId, key }
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature } (RFC 5280, 4.1), read back before it is handed out. */
function signed(template: Template, publicKey: KeyObject, signer: Signer, entropy: Entropy): Certificate {
  const algorithm = algorithmOf(publicKey)
  if (!keyAlgorithms.some((ours) => ours === algorithm)) throw new TypeError(`reroot makes no certificates for ${algorithm} keys`)
  const signerAlgorithm = algorithmOf(signer.key.reveal())
  const subjectPublicKey = readDer(publicKey.export({ format: 'der', type: 'spki' }))
  const tbs = sequence(
    explicit(0, integer(2)), // version 3
    integer(serialNumber(entropy)),
    signatureAlgorithm(signerAlgorithm),
    signer.name,
    sequence(time(template.notBefore), time(template.notAfter)),
    nameDer(template.subject),
    subjectPublicKey,
    explicit(3, profileExtensions(template, { subjectKeyId: keyIdOf(publicKey), authorityKeyId: signer.keyId })),
  )
  const signature = sign(digestFor(signerAlgorithm), writeDer(tbs), signer.key.reveal())
  return readBack(writeDer(sequence(tbs, signatureAlgorithm(signerAlgorithm), bitString(signature))), template)
}

/** SHA-1 of the public key's bits (RFC 5280, 4.2.1.2, method 1; OpenSSL's `hash`). An identifier, not a protection. */
function keyIdOf(publicKey: KeyObject): Buffer {
  const bits = bytesOf(childrenOf(readDer(publicKey.export({ format: 'der', type: 'spki' })))[1])
  return createHash('sha1').update(bits.subarray(1)).digest()
}

/** ECDSA identifiers have no parameters (RFC 5758, 3.2), RSA's have NULL (RFC 4055, 5). */
function signatureAlgorithm(signerAlgorithm: string): Der {
  if (signerAlgorithm.startsWith('rsa-')) return sequence(oid(signatureOids.sha256WithRSAEncryption), nullValue())
  return sequence(oid(digestFor(signerAlgorithm) === 'sha384' ? signatureOids['ecdsa-with-SHA384'] : signatureOids['ecdsa-with-SHA256']))
}

function readBack(der: Uint8Array, template: Template): Certificate {
  const certificate = certificateFromDer(der)
  const period = [certificate.notBefore.getTime(), certificate.notAfter.getTime()]
  const says =
    period[0] === template.notBefore.getTime() &&
    period[1] === template.notAfter.getTime() &&
    certificate.isCa === (template.kind !== 'leaf')
  if (!says) throw new Error('a certificate was issued that differs from its template')
  return certificate
}
