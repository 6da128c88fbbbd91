import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sameValue } from '../../src/base/index.ts'

const scalars = [fc.constantFrom(null, undefined, true, 0, -0, Number.NaN, '', 'a', 1n), fc.string(), fc.double()] as const
const value = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    ...scalars,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'constructor', 'valueOf', '__proto__', 'length', '0'), tie('tree'), { maxKeys: 3 }),
    fc.constantFrom(new Map(), new Map([['a', 1]]), new Date(0), new Date(1), new Uint8Array([1]), new Uint8Array([2])),
  ),
})).tree

test('it agrees with node', () => {
  let same = 0
  fc.assert(
    fc.property(value, value, (one, other) => {
      expect(sameValue(one, other)).toBe(isDeepStrictEqual(one, other))
      const copy: unknown = structuredClone(one)
      expect(sameValue(one, copy)).toBe(isDeepStrictEqual(one, copy))
      if (sameValue(one, copy)) same++
    }),
    { numRuns: 2000 },
  )
  expect(same).toBeGreaterThan(1000)
})

test('the order of keys does not count; that of a list does', () => {
  expect(sameValue({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true)
  expect(sameValue([1, 2], [2, 1])).toBe(false)
})
