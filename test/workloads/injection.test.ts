import { expect, test } from 'vitest'
import { judgeInjection } from '../../src/workloads/injection.ts'

const rule = (
  namespace: Record<string, string> | null,
  labels: Record<string, string> = {},
  rest: { annotations?: Record<string, string>; hostNetwork?: boolean; name?: string; byDefault?: boolean } = {},
) =>
  judgeInjection(
    { labels, annotations: rest.annotations ?? {}, hostNetwork: rest.hostNetwork ?? false },
    rest.name ?? 'shop',
    namespace,
    rest.byDefault ?? false,
  )

const inject = 'sidecar.istio.io/inject'
const rev = 'istio.io/rev'
const enabled = { 'istio-injection': 'enabled' }
const ambient = { 'istio.io/dataplane-mode': 'ambient' }

test.each([
  ['rule 1: but the pod says false', enabled, { [inject]: 'false' }],
  ['rule 2: disabled beats the pod’s true', { 'istio-injection': 'disabled' }, { [inject]: 'true' }],
  ['rule 2: any other word too, also beside a revision', { 'istio-injection': '', [rev]: 'x' }, { [inject]: 'true' }],
  ['rule 3: but the pod says false', { [rev]: 'x' }, { [inject]: 'false' }],
  ['rule 4: but the pod says false', {}, { [rev]: 'x', [inject]: 'false' }],
  ['nobody asks', {}, {}],
  ['nobody asks, with another word', {}, { [inject]: 'yes' }],
  ['nobody knows the namespace, but the pod says false', null, { [inject]: 'false' }],
])('outside: %s', (_, namespace, labels) => {
  expect(rule(namespace, labels).mesh).toBe('out')
})

test.each([
  ['the host’s network', rule(enabled, {}, { hostNetwork: true })],
  ['kube-system', rule(enabled, { [inject]: 'true' }, { name: 'kube-system' })],
  ['the annotation false, without a label', rule(enabled, {}, { annotations: { [inject]: 'false' } })],
  ['ambient by its namespace', rule(ambient)],
  ['ambient by its own label', rule({}, ambient)],
  ['every namespace is injected, but the pod has a label', rule({}, { [inject]: 'other' }, { byDefault: true })],
])('outside: %s', (_, verdict) => {
  expect(verdict.mesh).toBe('out')
})

test.each([
  ['rule 1', rule(enabled), 'default'],
  ['rule 1: revisions do not count', rule({ ...enabled, [rev]: 'x' }, { [rev]: 'y' }), 'default'],
  ['rule 3', rule({ [rev]: 'x' }), 'x'],
  ['rule 3: the pod’s revision does not count', rule({ [rev]: 'x' }, { [rev]: 'y' }), 'x'],
  ['rule 4', rule({}, { [rev]: 'y' }), 'y'],
  ['rule 5', rule({}, { [inject]: 'true' }), 'default'],
  ['rule 6', rule({}, {}, { byDefault: true }), 'default'],
  ['the label beats the annotation', rule(enabled, { [inject]: 'true' }, { annotations: { [inject]: 'false' } }), 'default'],
  ['a word that is no answer', rule(enabled, {}, { annotations: { [inject]: 'no' } }), 'default'],
  ['a sidecar goes before ambient', rule({ ...enabled, ...ambient }), 'default'],
  ['injected by hand', rule(null, {}, { annotations: { 'sidecar.istio.io/status': '{}' } }), null],
])('inside: %s', (_, verdict, revision) => {
  expect(verdict).toMatchObject({ mesh: 'in', revision })
})

test('unknown: nobody knows the namespace, and the pod says nothing that decides', () => {
  expect([rule(null), rule(null, { [inject]: 'true' }), rule(null, ambient)].map(({ mesh }) => mesh)).toEqual([
    'unknown',
    'unknown',
    'unknown',
  ])
})
