import { expect, test } from 'vitest'
import { addProbe, survived, withoutProbe } from '../../src/workloads/probe.ts'
import { makeResource } from '../../src/workloads/resource.ts'
import type { Resource } from '../../src/workloads/resource.ts'

function resourceOf(kind: string, apiVersion: string, template: object): Resource {
  const object = { apiVersion, kind, metadata: { name: 'x' }, spec: { template } }
  return makeResource({ object, site: { file: 'x.yaml', document: 0, line: 1 }, sealed: false, documents: 1 })
}

test.each<[string, object]>([
  ['nothing', {}],
  ['metadata', { metadata: {} }],
  ['labels', { metadata: { labels: { a: 'b' } } }],
  ['annotations', { metadata: { annotations: { a: 'b' } } }],
  ['no annotations', { metadata: { annotations: {} } }],
])('a pod template with %s is as it was once the probe is taken', (_, template) => {
  const resource = resourceOf('Deployment', 'apps/v1', template)
  addProbe(resource)

  expect(survived(resource)).toBe(true)
  expect(withoutProbe(resource)).toStrictEqual(resourceOf('Deployment', 'apps/v1', template).object)
})

test('what a patch puts in the place of the probe stays', () => {
  const resource = resourceOf('Deployment', 'apps/v1', {})
  addProbe(resource)
  const patched = { ...resource, object: resourceOf('Deployment', 'apps/v1', { metadata: { annotations: {} } }).object }

  expect(survived(patched)).toBe(false)
  expect(withoutProbe(patched)).toBe(patched.object)
})

test.each([
  ['ApplicationSet', 'argoproj.io/v1alpha1'],
  ['ExternalSecret', 'external-secrets.io/v1'],
  ['Deployment', 'example.com/v1'],
])('%s of %s gets none', (kind, apiVersion) => {
  const resource = resourceOf(kind, apiVersion, { spec: {} })
  const { object } = resource
  addProbe(resource)

  expect(resource.object).toBe(object)
})
