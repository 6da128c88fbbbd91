import { describe, expect, test } from 'vitest'
import type { Discovery } from '../../src/workloads/types.ts'
import { discoverProd, flux, namespace, workload, yaml } from './flux-tree.ts'

const meshed = namespace('shop', { 'istio-injection': 'enabled' })
const hindrancesOf = ({ workloads }: Discovery): readonly unknown[] => workloads.map(({ hindrance }) => hindrance)

describe('a StatefulSet with a partition keeps the pods below it', () => {
  const found = (updateStrategy: object, kind = 'StatefulSet'): readonly unknown[] =>
    hindrancesOf(
      discoverProd({ 'clusters/prod/app.yaml': yaml(meshed, workload('shop', 'db', { kind, spec: { replicas: 3, updateStrategy } })) }),
    )

  test.each([
    ['of one pod', { type: 'RollingUpdate', rollingUpdate: { partition: 1 } }],
    ['of all pods and more', { rollingUpdate: { partition: 9 } }],
    ['as text', { rollingUpdate: { partition: '2' } }],
    ['that nobody knows', { rollingUpdate: { partition: '${PARTITION}' } }],
  ])('%s', (_, strategy) => {
    expect(found(strategy)).toEqual(['partition'])
  })

  test.each([
    ['of none', { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1 } }],
    ['of none, as text', { rollingUpdate: { partition: '0' } }],
    ['that is not said', { rollingUpdate: null }],
  ])('but not one %s', (_, strategy) => {
    expect(found(strategy)).toEqual([null])
  })

  test('OnDelete goes before it, and no other kind has one', () => {
    expect(found({ type: 'OnDelete', rollingUpdate: { partition: 1 } })).toEqual(['on-delete'])
    expect(found({ rollingUpdate: { partition: 1 } }, 'DaemonSet')).toEqual([null])
  })

  test('which a patch of an overlay sets, and Flux fills in', () => {
    const patched = (value: string): readonly unknown[] =>
      hindrancesOf(
        discoverProd({
          'clusters/prod/apps.yaml': yaml(meshed, flux('apps', './apps', { postBuild: { substitute: { PARTITION: value } } })),
          'apps/kustomization.yaml': yaml({
            resources: ['db.yaml'],
            patches: [
              {
                target: { kind: 'StatefulSet' },
                patch:
                  'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: db }\nspec: { updateStrategy: { rollingUpdate: { partition: "${PARTITION}" } } }',
              },
            ],
          }),
          'apps/db.yaml': yaml(workload('shop', 'db', { kind: 'StatefulSet' })),
        }),
      )

    expect(patched('2')).toEqual(['partition'])
    expect(patched('0')).toEqual([null])
  })
})
