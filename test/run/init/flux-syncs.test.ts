import { expect, test } from 'vitest'
import type { ControllerObject } from '../../../src/run/init/controller-objects.ts'
import { brokenSyncs } from '../../../src/run/init/flux-syncs.ts'

const object = (kind: string, texts: Readonly<Record<string, string>>): ControllerObject => ({
  kind,
  file: 'clusters/a/sync.yaml',
  text: (...path) => texts[path.join('.')] ?? null,
  lineOf: () => 1,
  find: () => null,
})
const sync = (path: string, url: string): readonly ControllerObject[] => [
  object('GitRepository', { 'metadata.name': 'flux-system', 'spec.url': url }),
  object('Kustomization', { 'metadata.name': 'flux-system', 'spec.path': path, 'spec.sourceRef.name': 'flux-system' }),
]
const slashes = '/'.repeat(300_000)
const own = 'ssh://git@github.com/shop/platform'

test.each([
  ['./clusters/b', `${own}.git`],
  ['clusters/b/', 'git@GitHub.com:shop/platform/'],
  [`.${slashes}clusters${slashes}b${slashes}`, `https://github.com/shop/platform.git${slashes}`],
])('a folder that is missing, however many slashes are in its path and in the address', (path, url) => {
  const found = brokenSyncs(sync(path, url), ['clusters/a/sync.yaml'], [], [], own)

  expect(found.map(({ id, place }) => [id, place.object])).toEqual([['flux/path-missing', 'Kustomization flux-system']])
})

test('a folder that is there, and one of another repository, however many slashes are in its address', () => {
  const files = ['clusters/a/sync.yaml', 'clusters/b/a.yaml']
  const flux = { name: 'a', path: 'clusters/a', url: own } as Parameters<typeof brokenSyncs>[2][number]

  expect(brokenSyncs(sync('./clusters/b/', own), files, [], [], own)).toEqual([])
  expect(
    brokenSyncs(sync('./c', `https://github.com${slashes}x`), files, [{ ...flux, site: { file: 'x', line: 1, document: 0 } }], [], own),
  ).toEqual([])
})
