import { expect, test } from 'vitest'
import { lastPart } from '../../src/workloads/chart-install.ts'
import { asDnsLabel } from '../../src/workloads/clusters.ts'

const many = (character: string): string => character.repeat(1_000_000)

test('the name of a chart is the last part of its address, however many slashes are in it', () => {
  expect(['charts/istiod', 'charts/istiod//', `a${many('/')}istiod${many('/')}`, '/'].map(lastPart)).toEqual([
    'istiod',
    'istiod',
    'istiod',
    null,
  ])
})

test('the name of a cluster neither begins nor ends with a dash, however many are in it', () => {
  expect(['Prod_EU', '--prod--', `${many('-')}x${many('-')}y`, '..'].map(asDnsLabel)).toEqual([
    'prod-eu',
    'prod',
    `x${'-'.repeat(62)}`,
    'cluster',
  ])
})
