import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { survived, withoutProbe } from '../../src/workloads/probe.ts'
import type { Resource } from '../../src/workloads/resource.ts'
import { textMap, valueAt } from '../../src/workloads/value.ts'
import { casesOf, seedOf } from '../support/cases.ts'
import { haveKustomize, runKustomize, twoAtATime, writeTree } from '../workloads/kustomize-program.ts'
import { readOverlay } from '../workloads/overlay.ts'
import { drawTree, treeSketch } from '../workloads/random-tree.ts'
import type { Tree } from '../workloads/tree.ts'

const seed = seedOf(20)
const count = casesOf('trees')

/** Kind, namespace, name, and for workloads the template's labels and annotations, as lines that can be compared. */
function linesOf(objects: readonly unknown[]): readonly string[] {
  return objects
    .map((object) => {
      const sorted = (...path: readonly string[]): unknown => {
        const map = textMap(valueAt(object, ...path))
        return Object.keys(map)
          .toSorted()
          .map((key) => [key, map[key]])
      }
      const template = ['spec', 'template', 'metadata']
      const identity = [valueAt(object, 'kind'), valueAt(object, 'metadata', 'namespace'), valueAt(object, 'metadata', 'name')]
      return JSON.stringify([...identity, sorted('metadata', 'labels'), sorted(...template, 'labels'), sorted(...template, 'annotations')])
    })
    .toSorted()
}

/** A Component with one restart patch, at the end of the overlay's own list. */
function withRestart(tree: Tree, resource: Resource): Tree {
  const overlay = JSON.parse(tree['overlay/kustomization.yaml'] ?? '{}') as { components?: string[] }
  const metadata = { name: resource.view?.name, ...(resource.view?.namespace === null ? {} : { namespace: resource.view?.namespace }) }
  const patch = {
    apiVersion: 'apps/v1',
    kind: resource.object['kind'],
    metadata,
    spec: { template: { metadata: { annotations: { 'reroot.dev/rotation': 'g2-staged' } } } },
  }
  return {
    ...tree,
    'overlay/kustomization.yaml': JSON.stringify({ ...overlay, components: [...(overlay.components ?? []), './mesh-ca-restart'] }),
    'overlay/mesh-ca-restart/kustomization.yaml': JSON.stringify({
      apiVersion: 'kustomize.config.k8s.io/v1alpha1',
      kind: 'Component',
      patches: [{ patch: JSON.stringify(patch) }],
    }),
  }
}

describe.skipIf(!haveKustomize)('kustomize 5.8 and our reading of it', () => {
  const trees = fc.sample(treeSketch, { numRuns: count, seed }).map(drawTree)

  test('agree on every random tree: the same objects, or a refusal', async () => {
    const built = await twoAtATime(trees, async (tree) => {
      const root = writeTree(tree)
      const real = await runKustomize(root, 'overlay')
      rmSync(root, { recursive: true })
      return real
    })

    let accepted = 0
    trees.forEach((tree, index) => {
      const real = built[index]
      const ours = readOverlay(tree)
      const story = JSON.stringify(tree, null, 1)
      if (real === undefined) throw new Error('kustomize did not run')
      if ('refusal' in real) {
        expect(ours.problems, `kustomize refuses (${real.refusal}) tree ${index}\n${story}`).not.toEqual([])
        return
      }
      accepted += 1
      expect(ours.problems, `kustomize takes tree ${index}\n${story}`).toEqual([])
      expect(linesOf(ours.resources.map(withoutProbe)), `tree ${index}\n${story}`).toEqual(linesOf(real.objects))
    })
    expect(accepted).toBeGreaterThan(count / 4) // most others are refused for a patch that fits nothing, or a name that comes twice
  })

  test('a restart patch by the name that we give changes exactly that workload', async () => {
    const cases = trees.flatMap((tree) => {
      const { resources, problems } = readOverlay(tree)
      const workloads = resources.filter(({ view, object }) => view !== null && valueAt(object, 'spec', 'template') !== undefined)
      return problems.length > 0 ? [] : workloads.map((resource) => ({ tree, resource, lines: linesOf(resources.map(withoutProbe)) }))
    })

    const outcomes = await twoAtATime(cases.slice(0, count * 0.5), async ({ tree, resource }) => {
      const root = writeTree(withRestart(tree, resource))
      const real = await runKustomize(root, 'overlay')
      rmSync(root, { recursive: true })
      return real
    })

    outcomes.forEach((real, index) => {
      const one = cases[index]
      if (one === undefined) throw new Error('a case is missing')
      const story = `${JSON.stringify(one.resource.view)}\n${JSON.stringify(one.tree, null, 1)}`
      const deliverable = one.resource.view?.ambiguous === false && survived(one.resource)
      const changed = 'refusal' in real ? null : linesOf(real.objects).filter((line) => !one.lines.includes(line))
      if (!deliverable) expect(changed ?? [], story).toEqual([])
      else {
        expect(changed, story).toHaveLength(1)
        expect(changed?.[0]).toContain('["reroot.dev/rotation","g2-staged"]')
      }
    })
    expect(cases.length).toBeGreaterThan(20)
  })
})
