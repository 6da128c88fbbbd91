import { expect, test } from 'vitest'
import { ownersLeft } from '../../src/plan/index.ts'
import type { RestartEntry, RestartList } from '../../src/rotation/index.ts'
import type { FluxKustomizationFacts, Workload } from '../../src/workloads/index.ts'
import { discoveryOf, makeConfig, workloadOf } from '../support/mesh.ts'

const apps: FluxKustomizationFacts = {
  type: 'flux',
  id: 'flux-system/apps',
  name: 'apps',
  namespace: 'flux-system',
  site: { file: 'clusters/prod/apps.yaml', document: 0, line: 1 },
  path: 'apps',
  source: { kind: 'GitRepository', name: 'flux-system', namespace: 'flux-system' },
  dependsOn: [],
  wait: true,
  suspended: false,
  decryption: null,
}
const config = makeConfig('restarts: { rules: [{ match: Deployment/shop/*, delivery: owner }] }\n')
const listed: RestartEntry = {
  workload: workloadOf('Deployment/shop/cart').id,
  delivery: 'owner',
  drain: 'restart',
  file: 'apps/cart.yaml',
  at: null,
  why: 'a rule',
}

/** What is left of `g2-promoted`, whose list names one Deployment, in apps/cart.yaml. */
function left(more: Partial<Workload>, entry: Partial<RestartEntry> = {}): readonly string[] {
  const list: RestartList = {
    id: 'g2-promoted',
    entry: null,
    namespaces: ['shop'],
    waves: [{ name: 'default', restarts: [{ ...listed, ...entry }] }] as unknown as RestartList['waves'],
  }
  const discovery = discoveryOf({ workloads: [workloadOf('Deployment/shop/cart', more)], controllers: [apps] })
  return ownersLeft(config, config.clusters[0]!, discovery, { list, step: 'promote', earlier: ['g2-staged'] })
}

test('what bears a later restart, or this one, is not left', () => {
  expect(left({ carried: 'g2-promoted' })).toEqual([])
  expect(left({ carried: 'g2-steady' })).toEqual([])
  expect(left({ carried: 'g3-staged' })).toEqual([])
})

test('what was moved to another file since is not left: no change set would be made for the old one', () => {
  expect(left({ definition: { file: 'apps/moved/cart.yaml', document: 0, line: 1 } })).toEqual([])
})

test('what somebody else restarts is not left', () => {
  expect(left({}, { delivery: 'job', file: null })).toEqual([])
})

test('what bears none, or an earlier one, in its file, is left', () => {
  expect(left({})).toEqual(['Deployment/shop/cart'])
  expect(left({ carried: 'g2-staged' })).toEqual(['Deployment/shop/cart'])
})
