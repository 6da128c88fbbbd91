import { rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { valueAt } from '../../src/workloads/value.ts'
import { haveKustomize, runKustomize, twoAtATime, writeTree } from '../workloads/kustomize-program.ts'
import { oddKustomizations, oddManifests, treeOf } from '../workloads/odd-files.ts'
import { readOdd } from '../workloads/read-odd.ts'

/** What decides who is restarted: kind, namespace, name, and the template's labels and annotations. */
const linesOf = (objects: readonly unknown[]): readonly string[] =>
  objects
    .map((object) => {
      const metadata = ['spec', 'template', 'metadata']
      const parts = [['kind'], ['metadata', 'namespace'], ['metadata', 'name'], [...metadata, 'labels'], [...metadata, 'annotations']]
      return JSON.stringify(parts.map((path) => sorted(valueAt(object, ...path)) ?? null))
    })
    .toSorted()

const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)) : value

// A billion laughs is not among them: kustomize 5.8.1 does not come to an end with it.
describe.skipIf(!haveKustomize)('kustomize 5.8', () => {
  test('takes an odd file and builds what we read, or we have a finding', { timeout: 120_000 }, async () => {
    await twoAtATime([...oddManifests, ...oddKustomizations], async (odd) => {
      const root = writeTree(treeOf(odd))
      const real = await runKustomize(root, 'o')
      rmSync(root, { recursive: true })

      expect('refusal' in real ? 'refuses it' : 'takes it', `${odd.name}: ${JSON.stringify(real)}`).toBe(odd.kustomize)
      if (odd.finding !== null) return
      if ('refusal' in real) expect.fail(`${odd.name} is read without a finding, and kustomize refuses it: ${real.refusal}`)
      expect(linesOf(readOdd(odd).objects), odd.name).toEqual(linesOf(real.objects))
    })
  })
})
