import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { workloadKinds } from '../../src/base/index.ts'
import { readRestartList, writeRestartList } from '../../src/rotation/index.ts'
import type { EntryGate, RestartEntry, RestartList } from '../../src/rotation/index.ts'

const file = 'mesh-ca/clusters/prod/restarts.yaml'
const read = (text: string): RestartList => readRestartList(new TextEncoder().encode(text), file)

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
const id = fc.constantFrom('g2-staged', 'g12-promoted.10')
const workload = fc.record({ kind: fc.constantFrom(...workloadKinds), namespace: label, name: label })
const entry: fc.Arbitrary<EntryGate> = fc.record({
  state: fc.constantFrom('g1-steady', 'g2-staged'),
  id: fc.option(id),
  waves: fc.array(
    fc.record({
      name: label,
      restarts: fc.array(fc.record({ workload, delivery: fc.constantFrom('job' as const, 'owner' as const, 'merge' as const) }), {
        maxLength: 4,
      }),
      namespaces: fc.array(label, { maxLength: 2 }),
    }),
    { maxLength: 4 },
  ),
})

/** As the plan makes them: what is merged has its selector, and nothing else has one. */
const restart: fc.Arbitrary<RestartEntry> = fc
  .record({
    workload,
    delivery: fc.constantFrom('job' as const, 'owner' as const, 'merge' as const, 'none' as const),
    why: fc.string({ unit: 'grapheme', maxLength: 20 }),
    selector: fc.dictionary(
      fc.oneof(label, fc.constantFrom('on', 'app.kubernetes.io/name')),
      fc.oneof(label, fc.constantFrom('true', '1', '')),
      {
        minKeys: 1,
        maxKeys: 3,
        noNullPrototype: true,
      },
    ),
  })
  .map(({ workload: of, delivery, why, selector }) => ({
    workload: of,
    delivery,
    drain: delivery === 'none' ? 'expire' : 'restart',
    file: delivery === 'owner' ? 'apps/cart.yaml' : null,
    at: delivery === 'owner' ? '/spec/template/metadata/annotations' : null,
    why,
    ...(delivery === 'merge' ? { selector } : {}),
  }))

const list: RestartList = {
  id: 'g2-promoted',
  entry: {
    state: 'g2-staged',
    id: 'g2-staged',
    waves: [
      {
        name: 'control-plane',
        restarts: [{ workload: { kind: 'Deployment', namespace: 'istio-system', name: 'istiod' }, delivery: 'job' }],
        namespaces: [],
      },
      {
        name: 'default',
        restarts: [{ workload: { kind: 'StatefulSet', namespace: 'shop', name: 'orders' }, delivery: 'owner' }],
        namespaces: ['legacy'],
      },
    ],
  },
  namespaces: ['istio-system'],
  waves: [],
}

describe('an entry that reroot did not write is refused', () => {
  test.each([
    ['a delivery that leaves nothing to wait for', 'job Deployment/istio-system/istiod', 'none Deployment/istio-system/istiod'],
    ['a workload without its delivery', 'job Deployment/istio-system/istiod', 'Deployment/istio-system/istiod'],
    ['a kind that has no pods', 'job Deployment/istio-system/istiod', 'job Service/istio-system/istiod'],
    ['an unknown key', '    - name: control-plane\n', '    - name: control-plane\n      why: x\n'],
  ])('%s', (_, written, edited) => {
    const text = writeRestartList(list)
    expect(text).toContain(written)

    expect(() => read(text.replace(written, edited))).toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }))
  })
})

test('an entry is a line for each workload of the step before, in its order', () => {
  expect(writeRestartList(list)).toContain(`entry:
  state: g2-staged
  id: g2-staged
  waves:
    - name: control-plane
      restarts:
        - "job Deployment/istio-system/istiod"
      namespaces: []
    - name: default
      restarts:
        - "owner StatefulSet/shop/orders"
      namespaces:
        - legacy
`)
})

test('a merged restart keeps its selector, and one that is not merged has none', () => {
  const [cart, gateway] = ['cart', 'gateway'].map((name) => ({ kind: 'Deployment' as const, namespace: 'shop', name }))
  if (cart === undefined || gateway === undefined) throw new Error('there are two')
  const common = { drain: 'restart', file: null, at: null, why: 'a test' } as const
  const restarts = [
    { ...common, workload: cart, delivery: 'job' as const },
    { ...common, workload: gateway, delivery: 'merge' as const, selector: { app: 'gateway', on: 'true' } },
  ]
  const text = writeRestartList({ ...list, waves: [{ name: 'default', restarts, namespaces: [] }] })

  expect(text.match(/selector:\n.*\n.*\n/g)).toEqual(['selector:\n          app: gateway\n          "on": "true"\n'])
  const [first, second] = read(text).waves[0]?.restarts ?? []
  expect(first).toStrictEqual(restarts[0])
  expect(second).toStrictEqual(restarts[1])
})

test('what is written reads back as it was, and writes the same again', () => {
  fc.assert(
    fc.property(fc.option(entry), fc.array(restart, { maxLength: 4 }), (written, restarts) => {
      const whole = { ...list, entry: written, waves: [{ name: 'default', restarts, namespaces: [] }] }
      const text = writeRestartList(whole)
      expect(read(text)).toEqual(whole)
      expect(writeRestartList(read(text))).toBe(text)
    }),
  )
})
