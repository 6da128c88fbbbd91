import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { changeSets, ownerParts } from '../../src/plan/index.ts'
import type { ChosenRestart, ComponentText, Part } from '../../src/plan/index.ts'
import type { RestartList } from '../../src/rotation/index.ts'
import { bytesOf, restartOf, thrown, workloadOf } from '../support/mesh.ts'

const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

describe('restarts in the files of owners', () => {
  const deployment = (name: string): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name} # keep me\nspec:\n  template:\n    metadata:\n      labels: { app: ${name} }\n`
  const inFile = (name: string, file: string, document = 0): ChosenRestart => {
    const source = workloadOf(`Deployment/shop/${name}`, { definition: { file, document, line: 1 } })
    return restartOf(source, { delivery: 'owner', file, at: '/spec/template/metadata/annotations' })
  }
  const inOverlay = (name: string): ChosenRestart => {
    const kustomization = 'apps/eu/kustomization.yaml'
    const source = workloadOf(`Deployment/shop/${name}`, {
      owner: { kind: 'kustomize', controller: 'flux-system/apps', kustomization, component: { name: `base-${name}`, namespace: null } },
    })
    return restartOf(source, { delivery: 'owner', file: 'apps/eu/mesh-ca-restart/kustomization.yaml', at: '/patches' })
  }
  const wave = (name: string, restarts: readonly ChosenRestart[]): RestartList['waves'][number] => ({
    name,
    namespaces: [],
    restarts: restarts.map(({ workload, delivery, drain, file, at, why }) => ({ workload, delivery, drain, file, at, why })),
  })
  const component: ComponentText = (restarts) => JSON.stringify(restarts)
  const partsOf = (
    files: Readonly<Record<string, string>>,
    waves: RestartList['waves'],
    restarts: readonly ChosenRestart[],
  ): readonly Part[] =>
    ownerParts({
      cluster: 'prod',
      list: { id: 'g2-staged', entry: null, namespaces: [], waves },
      restarts,
      component,
      read: (path) => (files[path] === undefined ? null : bytesOf(files[path])),
    })

  test('a template where a manifest should be is refused, with what to do', () => {
    const restart = inFile('cart', 'a.yaml')

    expect(thrown(() => partsOf({ 'a.yaml': 'kind: Deployment\nspec: {}\n' }, [wave('default', [restart])], [restart]))).toMatchObject({
      code: 'FILE_INVALID',
    })
  })

  test('all workloads of one file are edited in one part, with the first of their waves, and nothing else changes', () => {
    const [one, two] = [inFile('cart', 'a.yaml'), inFile('till', 'a.yaml', 1)]
    const text = `${deployment('cart')}---\n${deployment('till')}`

    const parts = partsOf({ 'a.yaml': text }, [wave('gateways', [one]), wave('default', [two])], [one, two])

    expect(parts.map(({ name }) => name)).toEqual(['wave-gateways'])
    const edited = textOf(parts[0]?.write.get('a.yaml'))
    expect(edited.match(/reroot\.dev\/rotation: g2-staged/g)).toHaveLength(2)
    expect(
      edited
        .split('\n')
        .filter((line) => !/annotations|reroot/.test(line))
        .join('\n'),
    ).toBe(text)
  })

  test('an overlay gets one Component with all its restarts, by the names that a Component sees', () => {
    const restarts = [inOverlay('cart'), inOverlay('till')]

    const [part, ...more] = partsOf(
      { 'apps/eu/kustomization.yaml': 'resources: [../base] # here\n' },
      [wave('default', restarts)],
      restarts,
    )

    expect(more).toEqual([])
    expect([...(part?.write.keys() ?? [])]).toEqual(['apps/eu/kustomization.yaml', 'apps/eu/mesh-ca-restart/kustomization.yaml'])
    expect(parse(textOf(part?.write.get('apps/eu/kustomization.yaml')))).toEqual({
      resources: ['../base'],
      components: ['mesh-ca-restart'],
    })
    expect(parse(textOf(part?.write.get('apps/eu/mesh-ca-restart/kustomization.yaml')))).toEqual([
      { kind: 'Deployment', name: 'base-cart', namespace: null, id: 'g2-staged' },
      { kind: 'Deployment', name: 'base-till', namespace: null, id: 'g2-staged' },
    ])
  })

  test('a second step changes the Component alone: the overlay names it already', () => {
    const restarts = [inOverlay('cart')]

    const [part] = partsOf(
      { 'apps/eu/kustomization.yaml': 'resources: [../base]\ncomponents: [mesh-ca-restart]\n' },
      [wave('default', restarts)],
      restarts,
    )

    expect([...(part?.write.keys() ?? [])]).toEqual(['apps/eu/mesh-ca-restart/kustomization.yaml'])
  })

  test('what a Job restarts, or nobody, touches no file', () => {
    const restarts = [
      restartOf(workloadOf('Deployment/shop/cart')),
      restartOf(workloadOf('Deployment/shop/till'), { delivery: 'none', drain: 'expire' }),
    ]

    expect(partsOf({}, [wave('default', restarts)], restarts)).toEqual([])
  })

  test('doing it twice equals doing it once', () => {
    const restart = inFile('cart', 'a.yaml')
    const once = textOf(partsOf({ 'a.yaml': deployment('cart') }, [wave('default', [restart])], [restart])[0]?.write.get('a.yaml'))
    const [again] = partsOf({ 'a.yaml': once }, [wave('default', [restart])], [restart])

    expect(parse(once)).toMatchObject({ spec: { template: { metadata: { annotations: { 'reroot.dev/rotation': 'g2-staged' } } } } })
    expect(textOf(again?.write.get('a.yaml') ?? bytesOf(once))).toBe(once)
  })
})

describe('change sets', () => {
  const part = (cluster: string | null, name: string, path = `${cluster ?? 'mesh'}/${name}`): Part => ({
    cluster,
    name,
    write: new Map([[path, bytesOf(path)]]),
    remove: [],
  })
  const parts = [
    part(null, 'restarts'),
    part('eu', 'restarts'),
    part('us', 'restarts'),
    part('eu', 'wave-default'),
    part('us', 'wave-default'),
  ]
  const shown = (sets: ReturnType<typeof changeSets>): readonly string[] =>
    sets.map(({ name, position, of, clusters, write }) => `${position}/${of} ${name} ${clusters.join()}: ${[...write.keys()].join()}`)

  test('auto: one, where no order has to be kept by merging', () => {
    expect(shown(changeSets(parts, 'auto', false))).toEqual([
      '1/1 restarts-and-waves eu,us: mesh/restarts,eu/restarts,us/restarts,eu/wave-default,us/wave-default',
    ])
    expect(changeSets(parts, 'one', false)).toEqual(changeSets(parts, 'auto', false))
  })

  test('where an order has to be kept: Secrets in place, then the rest, then wave by wave', () => {
    expect(
      shown(changeSets([...parts, part('eu', 'wave-late'), part('us', 'secret'), part(null, 'secret', 'mesh.yaml')], 'one', true)),
    ).toEqual([
      '1/4 secret us: us/secret,mesh.yaml',
      '2/4 restarts eu,us: mesh/restarts,eu/restarts,us/restarts',
      '3/4 wave-default eu,us: eu/wave-default,us/wave-default',
      '4/4 wave-late eu: eu/wave-late',
    ])
  })

  test('per cluster: what belongs to the mesh goes with the first', () => {
    expect(shown(changeSets(parts, 'per-cluster', false))).toEqual([
      '1/2 restarts-and-waves eu: mesh/restarts,eu/restarts,eu/wave-default',
      '2/2 restarts-and-waves us: us/restarts,us/wave-default',
    ])
  })

  test('parts that change nothing make no change set', () => {
    expect(changeSets([{ ...part('eu', 'restarts'), write: new Map() }], 'auto', false)).toEqual([])
  })

  test('nothing is lost, no file is in two change sets, Secrets come first and waves last, and positions count up', () => {
    const names = fc.constantFrom('secret', 'restarts', 'wave-default', 'wave-late')
    const some = fc.uniqueArray(fc.tuple(fc.constantFrom('eu', 'us', 'asia'), names), { minLength: 1, selector: String })
    fc.assert(
      fc.property(
        some,
        fc.constantFrom('auto', 'one', 'per-wave', 'per-cluster'),
        fc.boolean(),
        fc.boolean(),
        (given, pullRequests, split, remove) => {
          const all = [
            part(null, given[0]![1], 'mesh.yaml'),
            ...given.map(([cluster, name]): Part => ({ ...part(cluster, name), remove: remove ? [`${cluster}/${name}/old`] : [] })),
          ]
          const sets = changeSets(all, pullRequests, split)

          const paths = sets.flatMap((set) => [...set.write.keys(), ...set.remove])
          expect(paths.toSorted()).toEqual(all.flatMap((one) => [...one.write.keys(), ...one.remove]).toSorted())
          expect(sets.map(({ position, of }) => [position, of])).toEqual(sets.map((_, index) => [index + 1, sets.length]))
          if (!split) return
          const order = (path: string): number => (path.includes('/secret') ? 0 : path.includes('/restarts') ? 1 : 2)
          const ranks = sets.map(({ write }) => Math.max(...[...write.keys()].filter((path) => path !== 'mesh.yaml').map(order)))
          expect(ranks).toEqual(ranks.toSorted((one, other) => one - other))
        },
      ),
    )
  })
})
