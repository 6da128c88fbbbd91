import { describe, expect, test } from 'vitest'
import type { Covered } from '../../src/workloads/operated.ts'
import { discoverProd, helmRelease, namespace, workload, yaml } from './flux-tree.ts'

const file = 'clusters/prod/app.yaml'
const canary = namespace('shop', { 'istio.io/rev': '1-31' })
const istiod = (values: object = {}): object => helmRelease('istiod', 'istio-system', 'istiod', { values })
const stating = (...names: readonly string[]): Covered => ({
  namespaces: [],
  workloads: names.map((name) => ({ kind: 'Deployment', namespace: 'istio-system', name })),
})

function webhook(tag: string, revision?: string): object {
  const labels = { 'istio.io/tag': tag, ...(revision === undefined ? {} : { 'istio.io/rev': revision }) }
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `tag-${tag}`, labels },
    webhooks: [],
  }
}

/** The istiods of which nothing is known but that something asks for them. */
function unseen(objects: readonly object[], covered?: Covered): readonly unknown[] {
  const options = {
    istio: { namespace: 'istio-system', revisions: ['default', '1-31', 'prod'] },
    ...(covered === undefined ? {} : { covered }),
  }
  const { findings } = discoverProd({ [file]: yaml(...objects) }, options)
  return findings.filter(({ id }) => id === 'workloads/istiod-unseen').map(({ place }) => place.object)
}

const one = ['istiod of revision 1-31']

describe('an istiod beside the one that Git shows, which istio.revisions alone does not make known', () => {
  test('is named with who asks for it, and with what reroot.yaml wants', () => {
    const { findings } = discoverProd({ [file]: yaml(canary, istiod()) })

    expect(findings).toMatchObject([
      {
        id: 'workloads/istiod-unseen',
        severity: 'warning',
        place: { cluster: 'prod', file, line: 1, object: 'istiod of revision 1-31' },
        message: expect.stringMatching(/^Namespace shop asks for 1-31, /) as string,
        remedy: expect.stringContaining('clusters[].istio.istiod: [istiod-1-31]') as string,
      },
    ])
  })

  test.each([
    ['a namespace', [canary, istiod()], one],
    ['pods', [namespace('shop'), workload('shop', 'cart', { labels: { 'istio.io/rev': '1-31' } }), istiod()], one],
    ['a gateway', [helmRelease('istio-in', 'shop', 'gateway', { values: { revision: '1-31' } }), namespace('shop'), istiod()], one],
    ['a tag of an istiod that Git does not show', [canary, webhook('1-31', '1-30'), istiod()], ['istiod of revision 1-30']],
    [
      'the default one',
      [namespace('shop', { 'istio-injection': 'enabled' }), istiod({ revision: '1-31' })],
      ['istiod of revision default'],
    ],
  ])('%s asks for it', (_, objects, found) => {
    expect(unseen(objects)).toEqual(found)
  })

  test.each([
    ['Git shows it', [canary, istiod({ revision: '1-31' })]],
    ['Git shows it as a tag of the chart', [canary, istiod({ revisionTags: ['1-31'] })]],
    ['Git shows it as a tag of what is shown', [canary, webhook('1-31', 'default'), istiod()]],
    ['Git shows it as a tag of it does not matter what', [canary, webhook('1-31'), istiod()]],
    [
      'pods refuse',
      [namespace('shop'), workload('shop', 'cart', { labels: { 'istio.io/rev': '1-31', 'sidecar.istio.io/inject': 'false' } }), istiod()],
    ],
    ['there is no istiod at all, which stands against every step', [canary]],
    [
      'a control plane takes whatever asks for none',
      [
        namespace('shop'),
        workload('shop', 'cart'),
        istiod({ revision: '1-31', sidecarInjectorWebhook: { enableNamespacesByDefault: true } }),
      ],
    ],
  ])('nothing where %s', (_, objects) => {
    expect(unseen(objects)).toEqual([])
  })

  test('reroot.yaml names its Deployment', () => {
    expect([unseen([canary, istiod()], stating('istiod-1-31')), unseen([canary, istiod()], stating('istiod'))]).toEqual([[], one])
    expect(unseen([namespace('shop', { 'istio-injection': 'enabled' })], stating('istiod'))).toEqual([])
  })
})
