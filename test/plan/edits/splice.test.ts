import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applySplices } from '../../../src/plan/edits/index.ts'
import { bytesOf, textOf } from './edited.ts'

test('splices that overlap or leave the file are a bug', () => {
  expect(() =>
    applySplices(bytesOf('abc'), [
      { offset: 0, length: 2, text: '' },
      { offset: 1, length: 1, text: '' },
    ]),
  ).toThrow(RangeError)
  expect(() => applySplices(bytesOf('abc'), [{ offset: 3, length: 1, text: '' }])).toThrow(RangeError)
})

test('bytes that are no UTF-8 are a bug', () => {
  expect(() => applySplices(Uint8Array.of(0xff), [{ offset: 0, length: 0, text: 'a' }])).toThrow(TypeError)
})

test('every byte outside of the splices stays', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      (before, gone, after, text) => {
        const bytes = bytesOf(`\uFEFF${before}${gone}${after}`)

        expect(textOf(applySplices(bytes, [{ offset: before.length + 1, length: gone.length, text }]))).toBe(
          `\uFEFF${before}${text}${after}`,
        )
      },
    ),
  )
})
