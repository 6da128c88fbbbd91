import { rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { asMap, valueAt } from '../../src/workloads/value.ts'
import { haveKustomize, runKustomize, writeTree } from '../workloads/kustomize-program.ts'
import { readOverlay } from '../workloads/overlay.ts'

const generator = (fields: object): string =>
  JSON.stringify({ generatorOptions: { disableNameSuffixHash: true }, configMapGenerator: [{ name: 'values', ...fields }] })
const base = {
  'base/kustomization.yaml': generator({ literals: ['A=one', 'B=two'] }),
  'overlay/vars.env': '# a comment\n\nA=env\r\n  C=x=y\nD\n',
  'overlay/values.yaml': 'revision: canary\n',
}
const overlay = (fields: object, more: object = {}): object => ({
  resources: ['../base'],
  generatorOptions: { disableNameSuffixHash: true },
  configMapGenerator: [{ name: 'values', ...fields }],
  ...more,
})

const sorted = (map: unknown): unknown => Object.entries(asMap(map) ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1))

const dataOf = (objects: readonly unknown[]): readonly string[] =>
  objects
    .filter((object) => asMap(object)?.['kind'] === 'ConfigMap')
    .map((object) =>
      JSON.stringify([valueAt(object, 'metadata', 'name'), sorted(valueAt(object, 'metadata', 'labels')), sorted(valueAt(object, 'data'))]),
    )
    .toSorted()

describe.skipIf(!haveKustomize)('kustomize 5.8 and we generate the same ConfigMaps', () => {
  test.each<[string, object]>([
    ['merge', overlay({ behavior: 'merge', literals: ['A=changed', 'C=new'] })],
    ['replace', overlay({ behavior: 'replace', files: ['values.yaml', 'other=values.yaml'] })],
    ['merge, of what has another name by now', overlay({ behavior: 'merge', literals: ['A=changed'] }, { resources: ['../named'] })],
    ['a duplicate', overlay({ literals: ['A=x'] })],
    ['a duplicate with behavior create', overlay({ behavior: 'create', literals: ['A=x'] })],
    ['merge into nothing', overlay({ name: 'no', behavior: 'merge', literals: ['A=x'] })],
    ['files of variables', overlay({ name: 'new', envs: ['vars.env'] })],
    ['one file of variables', overlay({ name: 'new', env: 'vars.env' })],
    ['quotes', overlay({ name: 'new', literals: [`A="x"`, `B='x'`, `C="x'`, `D="`, 'E=', 'F=a=b', `G=""`] })],
    ['a file that is not there', overlay({ name: 'new', files: ['no.yaml'] })],
    [
      'labels of all and of one',
      overlay(
        { name: 'new', literals: ['A=x'], options: { labels: { a: 'one' } } },
        { generatorOptions: { disableNameSuffixHash: true, labels: { a: 'all', b: 'all' } } },
      ),
    ],
  ])('%s', async (_, kustomization) => {
    const named = { 'named/kustomization.yaml': JSON.stringify({ resources: ['../base'], namePrefix: 'x-' }) }
    const tree = { ...base, ...named, 'overlay/kustomization.yaml': JSON.stringify(kustomization) }
    const root = writeTree(tree)
    const real = await runKustomize(root, 'overlay')
    rmSync(root, { recursive: true })

    const ours = readOverlay(tree)

    expect(ours.problems.length > 0, ours.problems.join()).toBe('refusal' in real)
    if ('objects' in real) expect(dataOf(ours.resources.map(({ object }) => object))).toEqual(dataOf(real.objects))
  })
})
