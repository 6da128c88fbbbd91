import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readGoDocument } from '../../src/seal/go-document.ts'
import { resolvePlain } from '../../src/seal/go-scalar.ts'
import { floatScalar } from '../../src/seal/scalar.ts'

describe('what SOPS stops at', () => {
  test.each(['18446744073709551616000000000000x'.slice(0, 20), '.inf', '-.Inf', '.NaN', '9223372036854775808', '1e999'])('%s', (text) => {
    expect(resolvePlain(text)).toBeUndefined()
  })

  test.each([
    ['several documents', 'a: 1\n---\nb: 2\n'],
    ['a list at the top', '- a\n'],
    ['nothing', ''],
    ['a key that is a number', '1: a\n'],
    ['a key twice', 'a: 1\na: 2\n'],
    ['an alias', 'a: &x 1\nb: *x\n'],
    ['a tag', 'a: !custom 1\n'],
  ])('%s', (_name, text) => {
    expect(() => readGoDocument(text)).toThrow(expect.objectContaining({ name: 'GoDocumentError' }) as Error)
  })
})

// The same pairs are put before the official program in test/interop/sops.test.ts.
test.each([
  ['yes', 'str', 'yes'],
  ['Off', 'str', 'Off'],
  ['tRUE', 'str', 'tRUE'],
  ['TRUE', 'bool', 'True'],
  ['0777', 'int', '511'],
  ['0o17', 'int', '15'],
  ['08', 'float', '8'],
  ['0x1F', 'int', '31'],
  ['-0b11', 'int', '-3'],
  ['1_000', 'int', '1000'],
  ['+12', 'int', '12'],
  ['12:30:45', 'str', '12:30:45'],
  ['1e3', 'float', '1000'],
  ['1e23', 'float', '100000000000000000000000'],
  ['.5', 'float', '0.5'],
  ['1.', 'float', '1'],
  ['-0.0', 'float', '-0'],
  ['2024-01-02', 'time', '2024-01-02T00:00:00Z'],
  ['2024-1-2 3:04:05.60', 'time', '2024-01-02T03:04:05.6Z'],
  ['2024-01-02T03:04:05+02:00', 'time', '2024-01-02T03:04:05+02:00'],
  ['2024-13-02', 'str', '2024-13-02'],
  ['2024-02-30', 'str', '2024-02-30'],
] as const)('%s is %s %s', (text, type, bytes) => {
  expect(resolvePlain(text)).toEqual({ type, text: bytes })
})

test('a float is written without an exponent and reads back as itself', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const { text } = floatScalar(number)

      expect(text).toMatch(/^-?\d+(\.\d+)?$/)
      expect(Number(text)).toBe(number)
    }),
  )
})
