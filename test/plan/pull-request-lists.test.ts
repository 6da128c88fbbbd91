import { describe, expect, test } from 'vitest'
import { longestBody } from '../../src/plan/index.ts'
import type { ClusterStory } from '../../src/plan/index.ts'
import { factsOf, somebody } from '../support/mesh.ts'
import { bodyOf, storyOf, whole } from '../support/stories.ts'

test('the frozen list stands in the text, workload by workload, and warnings with their place', () => {
  const story = storyOf(factsOf(), 'stage')
  const body = bodyOf({
    ...story,
    findings: [
      { id: 'workloads/job', severity: 'warning', place: { file: 'a.yaml', line: 3 }, message: 'a Job', remedy: 'wait' },
      { id: 'workloads/job', severity: 'info', place: {}, message: 'not shown', remedy: '' },
    ],
  })

  expect(body).toContain('The 2 workloads of prod, wave by wave')
  expect(body).toContain('| control-plane | `Deployment/istio-system/istiod` | job | a Job keeps the order |')
  expect(body).toContain('- `a.yaml:3`: a Job (`workloads/job`)')
  expect(body).not.toContain('not shown')
})

describe('what is outside the mesh', () => {
  const left = (name: string, why: string, namespace = 'legacy'): ClusterStory['outside'][number] => ({
    id: { kind: 'Deployment', namespace, name },
    why,
    definition: { file: 'a.yaml', document: 0, line: 1 },
  })
  const tell = (outside: ClusterStory['outside']): string => bodyOf(storyOf(factsOf(), 'stage', somebody, { outside }))

  test('is told with the reason, once for each namespace, so that people see what was judged wrongly', () => {
    const body = tell([left('a', 'no label'), left('b', 'no label'), left('c', 'hostNetwork | all'), left('a', 'no label', 'other')])

    expect(body).toContain('What stays as it is in prod: 4 workloads outside the mesh')
    expect(body).toContain(
      [
        '| `legacy` | `Deployment/a`, `Deployment/b` | no label |',
        '| `legacy` | `Deployment/c` | hostNetwork \\| all |',
        '| `other` | `Deployment/a` | no label |',
      ].join('\n'),
    )
    expect(tell([])).not.toContain('outside the mesh')
  })

  test('is of no interest where nothing restarts', () => {
    const story = storyOf(factsOf(), 'stage', somebody, { managed: 'in-place', outside: [left('a', 'no label')] })
    expect(bodyOf(story, whole({ name: 'secret', of: 2 }))).not.toContain('outside the mesh')
  })
})

test('a text that GitHub would refuse names the files that have the lists, and keeps all else', () => {
  const story = storyOf(factsOf(), 'stage')
  const [cluster] = story.clusters
  const [wave] = cluster!.restarts.waves
  const [job] = wave!.restarts
  const listOf = (workloads: number): string => {
    const many = Array.from({ length: workloads }, (_, index) => ({ ...job!, workload: { ...job!.workload, name: `cart-${index}` } }))
    const outside = many.map(({ workload }) => ({ id: workload, why: 'no label', definition: { file: 'a.yaml', document: 0, line: 1 } }))
    const restarts = { ...cluster!.restarts, waves: [{ ...wave!, restarts: many }] }
    return bodyOf({ ...story, clusters: [{ ...cluster!, restarts, outside }] })
  }

  const [whole, short] = [listOf(300), listOf(3000)]

  expect(whole).toContain('cart-299')
  expect(short).toContain('The 3000 workloads of prod, wave by wave: `mesh-ca/clusters/prod/restarts.yaml` in this change.')
  expect(short).toContain('| `istio-system` | `Deployment/cart-0`, `Deployment/cart-1`, `Deployment/cart-2`, and 2997 more | no label |')
  expect(short.length).toBeLessThan(longestBody)
  const without = (body: string): string =>
    body.replaceAll(/<details>[^]*?<\/details>|^The 3000 workloads of prod.*$/gm, '').replaceAll(/\n+/g, '\n')
  expect(without(short).replaceAll('3000 workloads', '300 workloads')).toBe(without(whole))
})
