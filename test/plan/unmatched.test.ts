import { expect, test } from 'vitest'
import { unmatchedSettings } from '../../src/plan/index.ts'
import { makeConfig, workloadOf } from '../support/mesh.ts'

const workloads = [workloadOf('Deployment/shop/cart'), workloadOf('DaemonSet/monitoring/node-agent')]
const rule = (match: string) => ({ match, drain: 'expire', reason: 'slow' }) as const

test('what names a workload or a namespace of the mesh is no finding', () => {
  const { restarts } = makeConfig()
  const config = {
    ...makeConfig(),
    restarts: {
      ...restarts,
      rules: [rule('DaemonSet/monitoring/*')],
      tiers: [{ name: 'last', namespaces: ['shop', 'unseen'] }],
      namespaces: ['unseen'],
    },
  }

  expect(unmatchedSettings(config, 'mesh-ca/reroot.yaml', workloads)).toEqual([])
})

test('a typo in a rule or a tier is a warning', () => {
  const { restarts } = makeConfig()
  const config = {
    ...makeConfig(),
    restarts: {
      ...restarts,
      rules: [rule('Deployment/shop/cart'), rule('DaemonSet/monitoring/node-agnt')],
      tiers: [{ name: 'last', namespaces: ['shpo'] }],
    },
  }

  const found = unmatchedSettings(config, 'mesh-ca/reroot.yaml', workloads)

  expect(found.map(({ severity, id, place, message }) => `${severity} ${id} ${place.file} ${place.object}: ${message}`)).toEqual([
    'warning restart/unmatched mesh-ca/reroot.yaml restarts.rules[1]: DaemonSet/monitoring/node-agnt is not a workload of the mesh',
    'warning restart/unmatched mesh-ca/reroot.yaml restarts.tiers, last: shpo is not a namespace with workloads of the mesh',
  ])
})
