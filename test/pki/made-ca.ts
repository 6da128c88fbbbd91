import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { Confidential } from '../../src/base/index.ts'
import { certificateFromDer } from '../../src/pki/certificate.ts'
import type { Certificate } from '../../src/pki/certificate.ts'
import {
  bitString,
  explicit,
  implicit,
  integer,
  nullValue,
  octetString,
  oid,
  readDer,
  sequence,
  time,
  trueValue,
  writeDer,
} from '../../src/pki/der.ts'
import type { Der } from '../../src/pki/der.ts'
import { keyUsageBits } from '../../src/pki/extensions.ts'
import { generalName } from '../../src/pki/general-names.ts'
import { nameDer } from '../../src/pki/name.ts'
import type { Name } from '../../src/pki/name.ts'
import { extendedKeyUsageOids, extensionOids, signatureOids } from '../../src/pki/oids.ts'

export const entropy = { bytes: (length: number): Uint8Array => randomBytes(length) }
export const at = new Date('2030-06-01T12:00:00Z')
export const days = (count: number): Date => new Date(at.getTime() + count * 86_400_000)

/** A key made at run time: no private key is ever in the repository. */
export interface MadeKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}
export const ecKey = (namedCurve = 'P-256'): MadeKey => generateKeyPairSync('ec', { namedCurve })
export const rsaKey = (modulusLength: number): MadeKey => generateKeyPairSync('rsa', { modulusLength })

/** A certificate that other people's tools could have made, with the key that belongs to it. */
export interface MadeCa extends MadeKey {
  readonly certificate: Certificate
}

export interface Wishes {
  readonly name?: Name
  readonly key?: MadeKey
  readonly issuer?: MadeCa
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly version?: 1 | 3
  /** `null` leaves the extension out. */
  readonly isCa?: boolean | null
  readonly pathLength?: number
  readonly keyUsage?: readonly (typeof keyUsageBits)[number][] | null
  readonly extendedKeyUsage?: readonly (keyof typeof extendedKeyUsageOids)[]
  readonly dnsNames?: readonly string[]
  readonly uris?: readonly string[]
  readonly permitted?: readonly (readonly ['dns' | 'uri' | 'email', string])[]
  readonly excluded?: readonly (readonly ['dns' | 'uri' | 'email', string])[]
  /** A critical extension that nobody knows. */
  readonly unknownCritical?: boolean
  readonly digest?: 'sha1' | 'sha256'
}

let made = 0

/** Makes a certificate with every freedom that `issueRoot` and `issueIntermediate` do not give. */
export function makeCa(wishes: Wishes = {}): MadeCa {
  const key = wishes.key ?? ecKey()
  const name = wishes.name ?? [{ type: 'CN' as const, value: `made ${++made}` }]
  const signer = wishes.issuer ?? key
  const algorithm = signatureAlgorithm(signer.privateKey, wishes.digest ?? 'sha256')
  const tbs = sequence(
    ...(wishes.version === 1 ? [] : [explicit(0, integer(2))]),
    integer(BigInt(`0x40${randomBytes(15).toString('hex')}`)),
    algorithm,
    wishes.issuer === undefined ? nameDer(name) : readDer(wishes.issuer.certificate.rawSubject),
    sequence(time(wishes.notBefore ?? days(-100)), time(wishes.notAfter ?? days(1000))),
    nameDer(name),
    readDer(key.publicKey.export({ format: 'der', type: 'spki' })),
    ...(wishes.version === 1 ? [] : [explicit(3, sequence(...extensions(wishes)))]),
  )
  const isEdwards = signer.privateKey.asymmetricKeyType === 'ed25519'
  const signature = sign(isEdwards ? null : (wishes.digest ?? 'sha256'), writeDer(tbs), signer.privateKey)
  return { ...key, certificate: certificateFromDer(writeDer(sequence(tbs, algorithm, bitString(signature)))) }
}

/** The four files of a CA: the signer first, then those above it up to, and without, the root. */
export function caFiles(
  signer: MadeCa,
  above: readonly Certificate[],
  roots: readonly Certificate[],
): { caCert: string; caKey: Confidential<string>; certChain: string; rootCert: string } {
  const isRoot = roots.some((root) => root.fingerprint === signer.certificate.fingerprint)
  return {
    caCert: signer.certificate.pem,
    caKey: new Confidential(signer.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
    certChain: isRoot ? '' : [signer.certificate, ...above].map(({ pem }) => pem).join(''),
    rootCert: roots.map(({ pem }) => pem).join(''),
  }
}

function signatureAlgorithm(key: KeyObject, digest: 'sha1' | 'sha256'): Der {
  if (key.asymmetricKeyType === 'ed25519') return sequence(oid(signatureOids.ed25519))
  if (key.asymmetricKeyType === 'ec')
    return sequence(oid(digest === 'sha1' ? signatureOids['ecdsa-with-SHA1'] : signatureOids['ecdsa-with-SHA256']))
  return sequence(oid(digest === 'sha1' ? signatureOids.sha1WithRSAEncryption : signatureOids.sha256WithRSAEncryption), nullValue())
}

function extensions(wishes: Wishes): Der[] {
  const list: Der[] = []
  const add = (dotted: string, critical: boolean, value: Der): number =>
    list.push(sequence(oid(dotted), ...(critical ? [trueValue()] : []), octetString(writeDer(value))))
  if (wishes.isCa !== null) {
    const isCa = wishes.isCa ?? true
    add(
      extensionOids.basicConstraints,
      true,
      sequence(...(isCa ? [trueValue()] : []), ...(wishes.pathLength === undefined ? [] : [integer(wishes.pathLength)])),
    )
  }
  if (wishes.keyUsage !== null) {
    const bits = (wishes.keyUsage ?? ['digitalSignature', 'keyCertSign']).map((usage) => keyUsageBits.indexOf(usage))
    add(extensionOids.keyUsage, true, bitString(Uint8Array.of(bits.reduce((sum, bit) => sum | (0x80 >> bit), 0)), 7 - Math.max(...bits)))
  }
  if (wishes.extendedKeyUsage !== undefined)
    add(extensionOids.extendedKeyUsage, false, sequence(...wishes.extendedKeyUsage.map((usage) => oid(extendedKeyUsageOids[usage]))))
  const names = [
    ...(wishes.dnsNames ?? []).map((dns) => implicit(generalName.dns, Buffer.from(dns))),
    ...(wishes.uris ?? []).map((uri) => implicit(generalName.uri, Buffer.from(uri))),
  ]
  if (names.length > 0) add(extensionOids.subjectAltName, false, sequence(...names))
  const subtrees = (items: Wishes['permitted']): Der[] =>
    (items ?? []).map(([kind, value]) => sequence(implicit(generalName[kind], Buffer.from(value))))
  if (wishes.permitted !== undefined || wishes.excluded !== undefined) {
    const parts = [subtrees(wishes.permitted), subtrees(wishes.excluded)]
    add(
      extensionOids.nameConstraints,
      true,
      sequence(...parts.flatMap((items, index) => (items.length === 0 ? [] : [implicitSequence(index, items)]))),
    )
  }
  if (wishes.unknownCritical === true) add('1.2.3.4.5', true, nullValue())
  return list
}

function implicitSequence(number: number, items: readonly Der[]): Der {
  const wrapped = explicit(number, nullValue())
  return { ...wrapped, value: [...items] }
}
