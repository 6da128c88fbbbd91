import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decryptValue, encryptValue, isEncryptedValue, placeOf } from '../../src/seal/cipher.ts'
import { scalarOf } from '../../src/seal/scalar.ts'

const key = randomBytes(32)
const sealed = encryptValue({ type: 'str', text: 'a value' }, key, 'data:key:')

describe('a value that does not open', () => {
  test.each([
    ['another key', sealed, randomBytes(32), 'data:key:'],
    ['another place', sealed, key, 'data:other:'],
    ['altered bytes', sealed.replace(/data:(.)/, (_all, first: string) => `data:${first === 'A' ? 'B' : 'A'}`), key, 'data:key:'],
    ['a number that is none', sealed.replace('type:str', 'type:int'), key, 'data:key:'],
    ['text behind the envelope', `${sealed} and more`, key, 'data:key:'],
    ['no envelope', 'a value', key, 'data:key:'],
  ])('%s', (_name, text, itsKey, place) => {
    expect(() => decryptValue(text, itsKey, place)).toThrow(expect.objectContaining({ name: 'CipherError' }) as Error)
  })

  test('is not quoted in the error', () => {
    expect(() => decryptValue('CLEARTEXT', key, 'data:')).toThrow(/^(?!.*CLEARTEXT)/)
  })
})

test('the known answer of sops (aes/cipher_test.go, TestDecrypt)', () => {
  const envelope = 'ENC[AES256_GCM,data:oYyi,iv:MyIDYbT718JRr11QtBkcj3Dwm4k1aCGZBVeZf0EyV8o=,tag:t5z2Z023Up0kxwCgw1gNxg==,type:str]'

  expect(decryptValue(envelope, Buffer.from('f'.repeat(32)), 'bar:')).toEqual({ type: 'str', text: 'foo' })
})

test('the indices of a list are no part of a place', () => {
  expect(placeOf(['a', 'list'])).toBe('a:list:')
})

test('the empty text stays empty, as SOPS has it', () => {
  expect(encryptValue({ type: 'str', text: '' }, key, 'a:')).toBe('')
  expect(decryptValue('', key, 'a:')).toEqual({ type: 'str', text: '' })
})

test('what was encrypted opens to the same text and type, and never twice to the same envelope', () => {
  const leaf = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  )
  fc.assert(
    fc.property(leaf, fc.string(), (value, place) => {
      const scalar = scalarOf(value)
      if (scalar === null) throw new TypeError('the arbitrary is wrong')

      const envelope = encryptValue(scalar, key, place)

      expect(isEncryptedValue(envelope)).toBe(true)
      expect(decryptValue(envelope, key, place)).toEqual(scalar)
      expect(encryptValue(scalar, key, place)).not.toBe(envelope)
    }),
  )
})
