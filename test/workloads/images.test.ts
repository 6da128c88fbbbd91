import { describe, expect, test } from 'vitest'
import { imageOf } from '../../src/workloads/images.ts'
import { app as argocdApp, application, discoverArgocd } from './argocd-tree.ts'
import { discoverProd, flux, namespace, workload, yaml } from './flux-tree.ts'
import type { Tree } from './tree.ts'

const app = 'clusters/prod/app.yaml'
const istiod = (image: string): string =>
  yaml(namespace('istio-system'), {
    ...workload('istio-system', 'istiod', { labels: { app: 'istiod' }, pod: { containers: [{ name: 'discovery', image }] } }),
  })
const written = istiod('docker.io/istio/pilot:1.28.0@sha256:00')
const folder = (images: readonly object[]): Tree => ({
  'istio/istiod.yaml': written,
  'istio/kustomization.yaml': yaml({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['istiod.yaml'],
    images,
  }),
})
const pilot = 'docker.io/istio/pilot'

describe('the version of a plain istiod is that of the image that kustomize sets', () => {
  test.each<[string, readonly object[], string | null]>([
    ['nothing', [], '1.28.0'],
    ['another image', [{ name: 'istio/pilot', newTag: '1.29.0' }], '1.28.0'],
    ['a tag', [{ name: pilot, newTag: '1.29.0-distroless' }], '1.29.0'],
    ['a name alone', [{ name: pilot, newName: 'reg.example:5000/pilot' }], '1.28.0'],
    ['a name and a tag', [{ name: pilot, newName: 'reg.example:5000/pilot', newTag: '1.29.0' }], '1.29.0'],
    ['a digest alone', [{ name: pilot, digest: 'sha256:11' }], null],
    ['a suffix', [{ name: pilot, tagSuffix: '-debug' }], '1.28.0'],
    [
      'one after the other',
      [
        { name: pilot, newName: 'x/pilot' },
        { name: 'x/pilot', newTag: '1.30.0' },
      ],
      '1.30.0',
    ],
  ])('%s', (_, images, version) => {
    expect(discoverProd({ [app]: yaml(flux('istio', './istio')), ...folder(images) }).istio).toMatchObject([{ version }])
  })

  test.each<[string, object, string | null]>([
    ['a tag', { name: pilot, newTag: '1.29.1' }, '1.29.1'],
    ['a name, so that the tag of the file stays', { name: pilot, newName: 'reg.example/pilot' }, '1.29.0'],
    ['a digest in place of the tag', { name: pilot, digest: 'sha256:11' }, null],
  ])('a Flux Kustomization sets %s', (_, image, version) => {
    const tree = { [app]: yaml(flux('istio', './istio', { images: [image] })), ...folder([{ name: pilot, newTag: '1.29.0' }]) }

    expect(discoverProd(tree).istio).toMatchObject([{ version }])
  })

  test.each<[string, string | null]>([
    [`${pilot}:1.29.1`, '1.29.1'],
    [`${pilot}=reg.example:5000/pilot:1.29.1`, '1.29.1'],
    [`${pilot}=reg.example:5000/pilot:*`, '1.29.0'],
    [`${pilot}=reg.example:5000/pilot`, '1.28.0'],
    [`${pilot}@sha256:11`, null],
    [`${pilot}:$ARGOCD_APP_NAME`, 'istio'],
    ['istio/proxyv2:1.29.1', '1.29.0'],
  ])('an Application sets %s', (image, version) => {
    const source = { kustomize: { images: [image] } }
    const tree = { [argocdApp]: yaml(application('istio', { path: 'istio', source })), ...folder([{ name: pilot, newTag: '1.29.0' }]) }

    expect(discoverArgocd(tree).istio).toMatchObject([{ version }])
  })
})

test.each([
  ['pilot', { name: 'pilot', tag: '', digest: '' }],
  ['pilot:1', { name: 'pilot', tag: '1', digest: '' }],
  ['reg:5000/istio/pilot', { name: 'reg:5000/istio/pilot', tag: '', digest: '' }],
  ['reg:5000/istio/pilot:1@sha256:00', { name: 'reg:5000/istio/pilot', tag: '1', digest: 'sha256:00' }],
  ['pilot@sha256:00', { name: 'pilot', tag: '', digest: 'sha256:00' }],
])('the parts of %s', (text, parts) => {
  expect(imageOf(text)).toEqual(parts)
})

test('an image of many parts that is none takes no time', () => {
  const text = `${'x/:'.repeat(100_000)}@\n`

  expect(imageOf(text)).toEqual({ name: text, tag: '', digest: '' })
})
