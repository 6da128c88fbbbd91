import { createPrivateKey, createPublicKey, generateKeyPair, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { Confidential, RerootError } from '../base/index.ts'
import { algorithmOf } from './algorithm.ts'
import type { KeyAlgorithm } from './algorithm.ts'
import { childrenOf, isUniversal, readDer } from './der.ts'
import { rsaKeysOnThreads } from './key-threads.ts'
import { splitPem } from './pem.ts'

/** A key that signs, and the half of it that everybody may see. */
export interface KeyPair {
  readonly algorithm: KeyAlgorithm
  readonly privateKey: Confidential<KeyObject>
  readonly publicKey: KeyObject
}

const parameters: Readonly<Record<KeyAlgorithm, { readonly modulusLength: number } | { readonly namedCurve: string }>> = {
  'rsa-2048': { modulusLength: 2048 },
  'rsa-3072': { modulusLength: 3072 },
  'rsa-4096': { modulusLength: 4096 },
  'ecdsa-p256': { namedCurve: 'P-256' },
  'ecdsa-p384': { namedCurve: 'P-384' },
}

const generate = promisify(generateKeyPair)

// Of Node's own threads there are four, and how many is decided before a program begins (UV_THREADPOOL_SIZE).
const nodeThreads = 4

/** Makes keys side by side, on all cores. @param cores how many there are. */
export async function generateKeys(algorithm: KeyAlgorithm, count: number, cores = availableParallelism()): Promise<readonly KeyPair[]> {
  const wanted = parameters[algorithm]
  const threads = Math.min(count, cores)
  const pairs =
    'modulusLength' in wanted && threads > nodeThreads
      ? await rsaKeysOnThreads(wanted.modulusLength, count, threads)
      : await Promise.all(
          Array.from({ length: count }, () => ('modulusLength' in wanted ? generate('rsa', wanted) : generate('ec', wanted))),
        )
  return pairs.map(({ privateKey, publicKey }) => ({ algorithm, privateKey: new Confidential(privateKey), publicKey }))
}

/** Makes one key, on a thread of its own. */
export async function generateKey(algorithm: KeyAlgorithm): Promise<KeyPair> {
  const [pair] = await generateKeys(algorithm, 1)
  if (pair === undefined) throw new TypeError('a key was asked for')
  return pair
}

/** A P-256 key for a certificate that never leaves memory. Takes less than a millisecond, so no thread. */
export function throwawayKey(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { algorithm: 'ecdsa-p256', privateKey: new Confidential(privateKey), publicKey }
}

/** PKCS#8 PEM of a private key: istiod takes `PRIVATE KEY` for every algorithm (istio crypto.go:129-157). */
export function privateKeyPem(key: Confidential<KeyObject>): Confidential<string> {
  return new Confidential(key.reveal().export({ format: 'pem', type: 'pkcs8' }).toString())
}

/**
 * Reads a private key, with the acceptance of istiod: the first PEM block, which must be PKCS#8, PKCS#1 or SEC 1, not encrypted
 * (istio keycertbundle.go Verify 3; crypto.go:129-157).
 * @throws RerootError FILE_INVALID, also for a key of a kind that Go does not know. No text of the file is in it, and no cause: both could hold key bytes.
 */
export function loadPrivateKey(pem: Confidential<string>): Confidential<KeyObject> {
  const block = splitPem(pem.reveal()).blocks[0]
  if (block === undefined)
    throw refusal(
      'the private key is not PEM',
      'give the key as a "-----BEGIN PRIVATE KEY-----" block that starts at the beginning of a line',
    )
  const encoding = privateKeyEncodings[block.type]
  if (encoding === undefined)
    throw refusal(`a PEM block of type ${block.type} is not a private key that istiod reads`, hintForType(block.type))
  let key: KeyObject
  try {
    if (encodingOf(block.der) !== encoding) throw new TypeError('another encoding')
    key = createPrivateKey({ key: Buffer.from(block.der), format: 'der', type: encoding })
  } catch {
    const encrypted = block.hasHeaders ? ', because it is encrypted' : ''
    throw refusal(
      `the ${block.type} block cannot be read as a private key${encrypted}`,
      'write the key anew with "openssl pkey", without a passphrase',
    )
  }
  const algorithm = algorithmOf(key)
  if (!readByGo.test(algorithm))
    throw refusal(
      `the private key is ${algorithm}, which istiod does not read`,
      'issue the CA anew with an RSA key (rsaEncryption, not RSA-PSS) or a key on P-256 or P-384',
    )
  return new Confidential(key)
}

// What `ParsePKCS8PrivateKey` of Go's crypto/x509/pkcs8.go and `parsePrivateKey` of crypto/tls/tls.go both take. A key that is RSA-PSS by its
// OID is "unknown algorithm" there.
const readByGo = /^(rsa-\d+|ecdsa-p(224|256|384|521)|ed25519)$/

/**
 * How a private key is encoded, by its second element: an algorithm (RFC 5958, 2), a modulus (RFC 8017, A.1.2) or the key's bytes (RFC 5915, 3).
 * Node 22 takes one for another, which istiod does not.
 */
function encodingOf(der: Uint8Array): 'pkcs8' | 'pkcs1' | 'sec1' | null {
  const second = childrenOf(readDer(der))[1]
  if (second === undefined) return null
  if (isUniversal(second, 'sequence')) return 'pkcs8'
  if (isUniversal(second, 'integer')) return 'pkcs1'
  return isUniversal(second, 'octetString') ? 'sec1' : null
}

/** Whether the public key belongs to this private key. */
export function publicKeyMatches(publicKey: KeyObject, key: Confidential<KeyObject>): boolean {
  return isSamePublicKey(createPublicKey(key.reveal()), publicKey)
}

/** Whether two public keys are the same. */
// `equals` alone would do, but on keys of different kinds it leaves an error in OpenSSL's queue, and the next key that is read from DER fails
// with it (seen with Node 20.20).
export function isSamePublicKey(one: KeyObject, other: KeyObject): boolean {
  return algorithmOf(one) === algorithmOf(other) && one.equals(other)
}

const privateKeyEncodings: Readonly<Record<string, 'pkcs8' | 'pkcs1' | 'sec1'>> = {
  'PRIVATE KEY': 'pkcs8',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
}

function refusal(message: string, hint: string): RerootError {
  return new RerootError('FILE_INVALID', message, { hint })
}

function hintForType(type: string): string {
  if (type === 'ENCRYPTED PRIVATE KEY') return 'istiod cannot ask for a passphrase: decrypt the key with "openssl pkey" before it is sealed'
  if (type === 'EC PARAMETERS') return 'remove the EC PARAMETERS block ("openssl ecparam -noout" does not write it)'
  return 'give the key as PKCS#8: "openssl pkey" writes it'
}
