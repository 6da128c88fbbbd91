import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planWaves } from '../../src/plan/waves.ts'
import type { MeshRole } from '../../src/workloads/index.ts'
import { makeConfig, restartOf, workloadOf } from '../support/mesh.ts'

const restart = (id: Parameters<typeof workloadOf>[0], role: MeshRole = 'sidecar') => restartOf(workloadOf(id, { role }))
const namesOf = (waves: ReturnType<typeof planWaves<ReturnType<typeof restart>>>): readonly (readonly [string, string, string])[] =>
  waves.map(({ name, restarts, namespaces }) => [name, restarts.map(({ workload }) => workload.name).join(), namespaces.join()])

test('control plane, ztunnel, gateways, unlisted namespaces, then the tiers in their order', () => {
  const config = makeConfig(
    'restarts:\n  namespaces: [legacy, ledger]\n  tiers: [{ name: late, namespaces: [payments, ledger] }, { name: last, namespaces: [bank] }]\ngates: { shellImage: x }\n',
  )
  const waves = planWaves(
    [
      restart('Deployment/bank/vault'),
      restart('Deployment/payments/api'),
      restart('DaemonSet/istio-system/ztunnel', 'ztunnel'),
      restart('Deployment/shop/cart'),
      restart('Deployment/edge/gateway', 'gateway'),
      restart('Deployment/istio-system/istiod', 'control-plane'),
      restart('Deployment/batch/jobs'),
    ],
    config,
  )

  expect(namesOf(waves)).toEqual([
    ['control-plane', 'istiod', ''],
    ['ztunnel', 'ztunnel', ''],
    ['gateways', 'gateway', ''],
    ['default', 'cart,jobs', 'legacy'],
    ['late', 'api', 'ledger'],
    ['last', 'vault', ''],
  ])
})

test('istiods are never split: each of them may write the roots that the gate looks at', () => {
  const istiods = ['a', 'b', 'c'].map((name) => restart(`Deployment/istio-system/${name}`, 'control-plane'))

  expect(namesOf(planWaves([...istiods, restart('Deployment/shop/cart')], makeConfig('restarts: { maxWorkloadsPerWave: 1 }\n')))).toEqual([
    ['control-plane', 'a,b,c', ''],
    ['default', 'cart', ''],
  ])
})

test('waves without work are left out, and a wave of nothing but unseen namespaces stays', () => {
  expect(planWaves([], makeConfig())).toEqual([])
  expect(namesOf(planWaves([], makeConfig('restarts: { namespaces: [legacy] }\ngates: { shellImage: x }\n')))).toEqual([
    ['default', '', 'legacy'],
  ])
})

test('a group that is too large becomes several waves, and no two waves share a name, whatever tiers are called', () => {
  const config = makeConfig(
    'restarts:\n  maxWorkloadsPerWave: 2\n  namespaces: [legacy]\n  tiers: [{ name: default-2, namespaces: [a] }, { name: tier-1, namespaces: [b] }]\ngates: { shellImage: x }\n',
  )
  const waves = planWaves(
    [
      ...['s', 't', 'u', 'v', 'w'].map((name) => restart(`Deployment/shop/${name}`)),
      ...['x', 'y', 'z'].map((name) => restart(`Deployment/a/${name}`)),
    ],
    config,
  )

  expect(namesOf(waves)).toEqual([
    ['default', 's,t', 'legacy'],
    ['default-3', 'u,v', ''],
    ['default-4', 'w', ''],
    ['default-2', 'x,y', ''],
    ['default-2-2', 'z', ''],
  ])
})

test('every restart and every unseen namespace is in one wave, the order in a group stays, and names are different labels', () => {
  const namespace = fc.constantFrom('a', 'b', 'c', 'd')
  const tier = fc.record({
    name: fc.oneof(fc.constantFrom('default-2', 'default-3', 'tier', 'tier-2', 'tier-2-2', 'x'.repeat(63))),
    namespaces: fc.uniqueArray(namespace, { minLength: 1, maxLength: 2 }),
  })
  const tiers = fc
    .uniqueArray(tier, { maxLength: 3, selector: ({ name }) => name })
    .filter((all) => new Set(all.flatMap((one) => one.namespaces)).size === all.flatMap((one) => one.namespaces).length)
  const workloads = fc.array(fc.tuple(namespace, fc.constantFrom<MeshRole>('control-plane', 'ztunnel', 'gateway', 'sidecar')), {
    maxLength: 20,
  })
  fc.assert(
    fc.property(tiers, workloads, fc.integer({ min: 1, max: 5 }), fc.uniqueArray(namespace), (given, parts, most, namespaces) => {
      const config = makeConfig(
        `restarts: ${JSON.stringify({ tiers: given, maxWorkloadsPerWave: most, namespaces })}\ngates: { shellImage: x }\n`,
      )
      const all = parts.map(([where, role], index) => restart(`Deployment/${where}/w${index}`, role))
      const waves = planWaves(all, config)

      expect(new Set(waves.map(({ name }) => name)).size).toBe(waves.length)
      for (const { name, restarts } of waves) {
        expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
        if (name !== 'control-plane') expect(restarts.length).toBeLessThanOrEqual(most)
        expect(restarts.map((one) => all.indexOf(one))).toEqual(
          restarts.map((one) => all.indexOf(one)).toSorted((one, other) => one - other),
        )
      }
      expect(waves.flatMap(({ restarts }) => restarts.map(({ workload }) => workload.name)).toSorted()).toEqual(
        all.map(({ workload }) => workload.name).toSorted(),
      )
      expect(waves.flatMap((wave) => wave.namespaces).toSorted()).toEqual(namespaces.toSorted())
      const istiods = waves.filter(({ restarts }) => restarts.some(({ source }) => source.role === 'control-plane'))
      expect(istiods).toEqual(waves.slice(0, istiods.length))
      expect(istiods.length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 60 },
  )
})
