import { expect, test } from 'vitest'
import { labelSelector, makeSelection } from '../../src/workloads/selector.ts'

test.each([
  ['app=cart,tier in (front,back),!old', true],
  ['app = cart , tier notin (front, back)', false],
  ['app in (till, cart)', true],
  ['app!=cart', false],
  ['tier', true],
  ['old', false],
])('%s', (selector, matches) => {
  expect(labelSelector(selector)({ app: 'cart', tier: 'front' })).toBe(matches)
})

test('hundreds of thousands of requirements take no time', () => {
  const many = `${'app=cart,'.repeat(200_000)}tier in (${'x,'.repeat(200_000)}front)`

  expect(labelSelector(many)({ app: 'cart', tier: 'front' })).toBe(true)
  expect(labelSelector(many)({ app: 'cart', tier: 'back' })).toBe(false)
})

test('what a replacement selects is an expression, and may be anything if it cannot be read', () => {
  const mayMean = (kind: string): readonly boolean[] => ['HelmRelease', 'Deployment'].map(makeSelection({ kind }).mayMeanKind)

  expect([mayMean('Deployment'), mayMean('Helm.*'), mayMean('(')]).toEqual([
    [false, true],
    [true, false],
    [true, true],
  ])
})
