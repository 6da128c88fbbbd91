import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Confidential, RerootError } from '../../src/base/index.ts'
import { algorithmProblem, generateKey, generateKeys, keyMatches, loadPrivateKey, privateKeyPem } from '../../src/pki/index.ts'
import { algorithmOf } from '../../src/pki/algorithm.ts'
import { rsaKeysOnThreads } from '../../src/pki/key-threads.ts'
import { isSamePublicKey } from '../../src/pki/key.ts'
import { makeCa } from './made-ca.ts'

const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = (key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1', secret?: { cipher: string; passphrase: string }): string =>
  key.export({ format: 'pem', type, ...secret } as never).toString()
const locked = { cipher: 'aes-256-cbc', passphrase: 'x' }

test.each([
  ['no PEM', 'secret words', 'the private key is not PEM'],
  [
    'PKCS#8 with a passphrase',
    pem(ec, 'pkcs8', locked),
    'a PEM block of type ENCRYPTED PRIVATE KEY is not a private key that istiod reads',
  ],
  [
    'PKCS#1 with a passphrase',
    pem(rsa, 'pkcs1', locked),
    'the RSA PRIVATE KEY block cannot be read as a private key, because it is encrypted',
  ],
  [
    'EC PARAMETERS first, as "openssl ecparam -genkey" writes',
    `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pem(ec, 'sec1')}`,
    'EC PARAMETERS',
  ],
  ['a certificate', makeCa().certificate.pem, 'CERTIFICATE is not a private key'],
  ['another encoding than the type says', pem(ec, 'pkcs8').replaceAll('PRIVATE KEY', 'RSA PRIVATE KEY'), 'cannot be read as a private key'],
  [
    'RSA-PSS, which Go’s PKCS#8 does not know',
    pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey, 'pkcs8'),
    'the private key is rsa-pss-2048, which istiod does not read',
  ],
  ['a curve that Go does not know', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey, 'pkcs8'), 'is ecdsa-secp256k1'],
  ['X25519, which cannot sign', pem(generateKeyPairSync('x25519').privateKey, 'pkcs8'), 'is x25519'],
  ['bytes that are no key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', 'cannot be read as a private key'],
])('refused: %s', (_, text, message) => {
  let caught: unknown
  try {
    loadPrivateKey(new Confidential(text))
  } catch (error) {
    caught = error
  }

  expect(caught).toBeInstanceOf(RerootError)
  expect(caught).toMatchObject({ code: 'FILE_INVALID', message: expect.stringContaining(message) })
  for (const line of text.split('\n').filter((part) => part.length > 20 && !part.startsWith('-----')))
    expect(inspect(caught)).not.toContain(line)
  expect((caught as Error).cause).toBeUndefined()
})

test('the label of a damaged block, which could be key bytes, is not shown', () => {
  const text = pem(ec, 'pkcs8').replace('BEGIN PRIVATE KEY', 'BEGIN MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg')

  expect(() => loadPrivateKey(new Confidential(text))).toThrow('the private key is not PEM')
})

test.each([
  ['PKCS#8', pem(ec, 'pkcs8'), ec],
  ['SEC 1', pem(ec, 'sec1'), ec],
  ['PKCS#1', pem(rsa, 'pkcs1'), rsa],
])('read: %s', (_, text, key) => {
  expect(loadPrivateKey(new Confidential(text)).reveal().equals(key)).toBe(true)
})

test('a key leaves as PKCS#8 and comes back as itself', async () => {
  const key = await generateKey('ecdsa-p384')

  const text = privateKeyPem(key.privateKey)

  expect(text.reveal()).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
  expect(inspect(key)).toContain('[secret]')
  expect(loadPrivateKey(text).reveal().equals(key.privateKey.reveal())).toBe(true)
})

test('a key belongs to its own certificate only', () => {
  const [one, other] = [makeCa(), makeCa()]

  expect(keyMatches(one.certificate, new Confidential(one.privateKey))).toBe(true)
  expect(keyMatches(one.certificate, new Confidential(other.privateKey))).toBe(false)
  expect(keyMatches(one.certificate, new Confidential(rsa))).toBe(false)
})

// KeyObject.equals leaves an error in OpenSSL's queue when the kinds differ, and the next key from DER failed with it.
test('comparing keys of different kinds does not make the next key unreadable', () => {
  const kinds = [ec, rsa, generateKeyPairSync('ed25519').privateKey, generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey].map(
    (key) => createPublicKey(key),
  )
  for (const one of kinds) {
    for (const other of kinds) {
      expect(isSamePublicKey(one, other)).toBe(one === other)
      expect(
        loadPrivateKey(new Confidential(pem(ec, 'pkcs8')))
          .reveal()
          .equals(ec),
      ).toBe(true)
    }
  }
})

test.each([
  ['rsa-2048', null],
  ['rsa-4096', null],
  ['ecdsa-p256', null],
  ['ecdsa-p384', null],
  ['rsa-1024', 'too short'],
  ['rsa-16384', 'too long'],
  ['rsa-pss-2048', 'not verified by every proxy'],
  ['ecdsa-p224', 'not verified by every proxy'],
  ['ecdsa-p521', 'not verified by every proxy'],
  ['ed25519', 'not verified by every proxy'],
])('%s for a CA: %s', (algorithm, problem) => {
  expect(algorithmProblem(algorithm)).toEqual(problem === null ? null : expect.stringContaining(problem))
})

test.each([
  [{ namedCurve: 'P-224' }, 'ecdsa-p224'],
  [{ namedCurve: 'P-521' }, 'ecdsa-p521'],
  [{ namedCurve: 'secp256k1' }, 'ecdsa-secp256k1'],
])('%o is %s', (options, name) => {
  expect(algorithmOf(generateKeyPairSync('ec', options).publicKey)).toBe(name)
})

test.each([
  ['rsa-2048', 2],
  ['rsa-2048', 64],
  ['ecdsa-p256', 64],
] as const)('many keys of %s on %i cores are as many different pairs', async (algorithm, cores) => {
  const pairs = await generateKeys(algorithm, 6, cores)

  expect(pairs.map(({ privateKey, publicKey }) => isSamePublicKey(createPublicKey(privateKey.reveal()), publicKey))).toEqual(
    Array(6).fill(true),
  )
  expect(new Set(pairs.map(({ publicKey }) => publicKey.export({ format: 'pem', type: 'spki' }))).size).toBe(6)
  expect(pairs.map(({ publicKey }) => algorithmOf(publicKey))).toEqual(Array(6).fill(algorithm))
})

test('a key that cannot be made is an error, whichever thread meets it', async () => {
  await expect(rsaKeysOnThreads(-1, 3, 2)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' })
})
