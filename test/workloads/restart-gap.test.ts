import { expect, test } from 'vitest'
import { readPodOwner } from '../../src/workloads/pod-owner.ts'
import type { ValueMap } from '../../src/workloads/value.ts'

const gapOf = (kind: string, spec: ValueMap): boolean => {
  const object = { apiVersion: 'apps/v1', kind, metadata: { name: 'cart' }, spec }
  const site = { file: 'a.yaml', document: 0, line: 1 }
  return readPodOwner(object, 'shop', { kind: 'elsewhere', controller: null }, site, { wave: 0, replaced: false }).gap
}

test.each<[kind: string, spec: ValueMap]>([
  ['Deployment', { strategy: { type: 'Recreate' }, replicas: 3 }],
  ['Deployment', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } }],
  ['Deployment', { strategy: { rollingUpdate: { maxSurge: '0%' } }, replicas: 1 }],
  ['StatefulSet', {}],
  ['StatefulSet', { replicas: 1 }],
  ['DaemonSet', {}],
  ['DaemonSet', { updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '10%' } } }],
])('a %s with %j has a gap while it restarts', (kind, spec) => {
  expect(gapOf(kind, spec)).toBe(true)
})

test.each<[kind: string, spec: ValueMap]>([
  ['Deployment', {}],
  ['Deployment', { replicas: 1, strategy: { type: 'RollingUpdate' } }],
  ['Deployment', { replicas: 2, strategy: { rollingUpdate: { maxSurge: 0 } } }],
  ['Deployment', { replicas: 0, strategy: { type: 'Recreate' } }],
  ['StatefulSet', { replicas: 3 }],
  ['StatefulSet', { replicas: 0 }],
  ['DaemonSet', { updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }],
  ['CronJob', {}],
])('a %s with %j has none', (kind, spec) => {
  expect(gapOf(kind, spec)).toBe(false)
})
