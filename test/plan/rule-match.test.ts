import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matches } from '../../src/plan/rule-match.ts'
import { workloadOf } from '../support/mesh.ts'

const means = (match: string, id: string): boolean => matches({ match }, workloadOf(id as never))

test.each([
  ['Deployment/shop/cart', true],
  ['*/shop/cart', true],
  ['Deployment/*/*', true],
  ['Deployment/shop/c*t', true],
  ['Deployment/shop/*cart*', true],
  ['Deployment/shop/c**', true],
  ['Deployment/shop/car', false],
  ['Deployment/shop/cart*cart', false],
  ['Deployment/shop/ca*art', false],
  ['Deployment/*', false],
  ['*', false],
  ['Deployment/sh*p/cart/x', false],
])('%s', (match, expected) => {
  expect(means(match, 'Deployment/shop/cart')).toBe(expected)
})

test('a star is any run of characters but a slash, as an expression reads it', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(part, fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 8 }), (pattern, name) => {
      const expression = new RegExp(`^${pattern.replaceAll(/\*+/g, '[^/]*')}$`)
      expect(means(`Deployment/shop/${pattern}`, `Deployment/shop/${name}`)).toBe(expression.test(name))
    }),
  )
})

test('many stars take no longer than few', () => {
  expect(means(`Deployment/${'*a'.repeat(40)}*!/x`, `Deployment/${'a'.repeat(63)}/x`)).toBe(false)
})
