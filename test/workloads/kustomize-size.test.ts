import { expect, test } from 'vitest'
import { FolderBuilds } from '../../src/workloads/folder-builds.ts'
import { makeReport } from '../../src/workloads/report.ts'
import { valueAt } from '../../src/workloads/value.ts'
import { readOverlay } from './overlay.ts'
import type { Tree } from './tree.ts'

const kustomization = (fields: object): string => JSON.stringify(fields)
const component = (fields: object): string =>
  kustomization({ apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', ...fields })
const cart = kustomization({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cart', namespace: 'shop' } })
const leaf = { 'end/kustomization.yaml': 'resources: [cart.yaml]\n', 'end/cart.yaml': cart }

/** Two folders on every level, each of which lists both of the level below. */
function diamonds(levels: number, fields: (name: string) => object = () => ({})): Tree {
  const tree: Record<string, string> = { ...leaf }
  for (let level = 0; level < levels; level++) {
    const below = level + 1 === levels ? ['../end'] : [`../a${level + 1}`, `../b${level + 1}`]
    for (const name of [`a${level}`, `b${level}`]) tree[`${name}/kustomization.yaml`] = kustomization({ resources: below, ...fields(name) })
  }
  return { ...tree, 'overlay/kustomization.yaml': kustomization({ resources: ['../a0', '../b0'] }) }
}

const distinct = (problems: readonly string[]): readonly string[] => [...new Set(problems)]

test('a base that comes twice on every level is built once, and comes twice on every level', () => {
  const { resources, problems } = readOverlay(diamonds(25))

  expect(resources).toHaveLength(1)
  expect(distinct(problems)).toEqual(['two objects of the build have one id: again from end/cart.yaml:1'])
  expect(problems).toHaveLength(49) // once in every folder but the two above the end
})

test('a base without objects may come as often as it likes', () => {
  const { resources, problems } = readOverlay({
    ...diamonds(25),
    'end/kustomization.yaml': 'resources: []\nnamePrefix: x-\n',
  })

  expect({ resources, problems }).toEqual({ resources: [], problems: [] })
})

test('a base that two overlays rename is there twice, and neither changes what the other has', () => {
  const { resources, problems } = readOverlay({
    ...diamonds(2, (name) => ({ namePrefix: `${name}-`, commonLabels: { [name]: 'here' } })),
    'end/kustomization.yaml': 'resources: [cart.yaml]\n',
  })

  expect(problems).toEqual([])
  expect(resources.map(({ object }) => object['metadata'])).toEqual(
    ['a0-a1', 'a0-b1', 'b0-a1', 'b0-b1'].map((names) => ({
      name: `${names}-cart`,
      namespace: 'shop',
      labels: Object.fromEntries(names.split('-').map((name) => [name, 'here'])),
    })),
  )
})

test('a build that hands on objects without end is an error, once', () => {
  const report = makeReport()
  const folders = new FolderBuilds(report)
  const place = () => ({ file: 'overlay/kustomization.yaml', line: 1 })

  expect([250_000, 60_000, 60_000].map((count) => folders.mayHandOn(count, place))).toEqual([true, false, false])
  expect(report.all()).toMatchObject([{ id: 'workloads/kustomization', severity: 'error', place: place(), found: 'more than that' }])
})

test('a base at the end of them that includes the first is one cycle', () => {
  const { problems } = readOverlay({ ...diamonds(25), 'end/kustomization.yaml': 'resources: [../overlay]\n' })

  expect(problems).toEqual(['a kustomization includes itself, or a folder above itself: ../overlay'])
})

test('folders that all include each other are cycles', () => {
  const names = Array.from({ length: 12 }, (_, index) => (index === 0 ? 'overlay' : `f${index}`))
  const listing = (name: string): string => kustomization({ resources: names.filter((one) => one !== name).map((one) => `../${one}`) })
  const { problems } = readOverlay(Object.fromEntries(names.map((name) => [`${name}/kustomization.yaml`, listing(name)])))

  expect(problems.length).toBeGreaterThan(names.length)
  expect(distinct(problems.map((problem) => problem.split(':')[0] ?? ''))).toEqual([
    'a kustomization includes itself, or a folder above itself',
  ])
})

test('components that list each other’s components twice on every level are an error', () => {
  const tree: Record<string, string> = {
    'a40/kustomization.yaml': component({ commonLabels: { team: 'a' } }),
    'b40/kustomization.yaml': component({ commonLabels: { team: 'b' } }),
  }
  for (let level = 0; level < 40; level++)
    for (const name of [`a${level}`, `b${level}`])
      tree[`${name}/kustomization.yaml`] = component({ components: [`../a${level + 1}`, `../b${level + 1}`] })
  const { problems } = readOverlay({
    ...tree,
    ...leaf,
    'overlay/kustomization.yaml': kustomization({ resources: ['../end'], components: ['../a0'] }),
  })

  expect(problems).toEqual(['its bases and components multiply objects, and reroot reads no further: more than that'])
})

test('a chain of thousands of bases is an error, and one of a hundred is read', () => {
  const chain = (length: number): Tree => ({
    ...Object.fromEntries(
      Array.from({ length }, (_, index) => [
        `f${index}/kustomization.yaml`,
        `resources: [../${index + 1 === length ? 'end' : `f${index + 1}`}]\n`,
      ]),
    ),
    ...leaf,
    'overlay/kustomization.yaml': 'resources: [../f0]\n',
  })

  expect(readOverlay(chain(4000)).problems).toEqual(['kustomizations are nested more than 200 deep: f199'])
  expect(readOverlay(chain(100))).toMatchObject({ resources: [{ object: { metadata: { name: 'cart' } } }], problems: [] })
})

test('a thousand labels on fifty objects, and a thousand entries of labels', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `label-${index}`)
  const objects = Array.from({ length: 50 }, (_, index) =>
    cart.replace('"cart"', `"cart-${index}"`).replace('}}', '},"spec":{"template":{}}}'),
  )
  const { resources, problems } = readOverlay({
    'overlay/kustomization.yaml': kustomization({
      resources: ['carts.yaml'],
      labels: names.map((name) => ({ pairs: { [name]: 'first' } })),
      commonLabels: Object.fromEntries(names.map((name) => [name, 'second'])),
    }),
    'overlay/carts.yaml': objects.join('\n---\n'),
  })

  const expected = Object.fromEntries(names.map((name) => [name, 'second']))
  expect(problems).toEqual([])
  expect(resources).toHaveLength(50)
  expect(valueAt(resources[49]?.object, 'metadata', 'labels')).toEqual(expected)
  expect(valueAt(resources[49]?.object, 'spec', 'template', 'metadata', 'labels')).toEqual(expected)
  expect(resources[49]?.shared).toEqual([])
})

test('thousands of generated ConfigMaps, each of which merges into one that is there', () => {
  const names = Array.from({ length: 1500 }, (_, index) => `config-${index}`)
  const generated = (literals: (name: string) => string, rest: object): object[] =>
    names.map((name) => ({ name, literals: [literals(name)], ...rest }))
  const { resources, problems } = readOverlay({
    'overlay/kustomization.yaml': kustomization({
      resources: ['../end'],
      configMapGenerator: generated((name) => `over=${name}`, { behavior: 'merge' }),
    }),
    'end/kustomization.yaml': kustomization({ namePrefix: 'p-', configMapGenerator: generated(() => 'base=1', {}) }),
  })

  expect(problems).toEqual([])
  expect(resources.map(({ object }) => object['data'])).toEqual(names.map((name) => ({ base: '1', over: name })))
})

test('a patch that is mostly blank lines is read, and so is one whose colon stands below its key', () => {
  const blank = '\n'.repeat(100_000)
  const { resources, problems } = readOverlay({
    'overlay/kustomization.yaml': kustomization({
      resources: ['../end'],
      patchesStrategicMerge: [
        `${blank}apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop, labels: {team: a}}\n`,
        `{"apiVersion"\n: "apps/v1", "kind": "Deployment", "metadata": {"name": "cart", "namespace": "shop", "labels": {"tier": "b"}}}`,
        `${blank}.yaml`,
      ],
    }),
    ...leaf,
  })

  expect(problems).toEqual([expect.stringContaining('a patch cannot be read')])
  expect(resources.map(({ object }) => valueAt(object, 'metadata', 'labels'))).toEqual([{ team: 'a', tier: 'b' }])
})

test('thousands of JSON patches of one object', () => {
  const patch = (index: number): object => ({
    target: { kind: 'Deployment', name: 'cart' },
    patch: JSON.stringify([{ op: 'add', path: '/metadata/annotations', value: { at: String(index) } }]),
  })
  const { resources, problems } = readOverlay({
    'overlay/kustomization.yaml': kustomization({
      resources: ['../end'],
      patches: Array.from({ length: 2000 }, (_, index) => patch(index)),
    }),
    ...leaf,
  })

  expect(problems).toEqual([])
  expect(resources).toMatchObject([{ object: { metadata: { annotations: { at: '1999' } } }, former: [{ name: 'cart' }] }])
})
