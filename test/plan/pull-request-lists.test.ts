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

test('roots of others are told with every root: they are trusted, too', () => {
  const story = storyOf(factsOf(), 'stage')
  const partner = { ...story.mesh.generations[0]!.certificate, subject: 'O=partner, CN=Root' }
  const [plain, told] = [bodyOf(story), bodyOf({ ...story, extraRoots: [partner] })]

  expect(told).toContain('trusts g1 + 1 extra root)  ──stage──▶')
  expect(told).toContain(`| extra root, trusted in every phase | O=partner, CN=Root | ${partner.algorithm} |`)
  expect(plain).not.toContain('extra root')
})

test('what is away for a moment while it restarts is marked, and counted where people see it first', () => {
  const cart = { kind: 'Deployment', namespace: 'shop', name: 'cart' } as const
  const told = bodyOf(storyOf(factsOf(), 'stage', somebody, { gaps: [cart] }))

  expect(told).toContain('<summary>The 2 workloads of prod, wave by wave: 1 away for a moment</summary>')
  expect(told).toContain('| `Deployment/shop/cart` (away) |')
  expect(told).toContain('| `Deployment/istio-system/istiod` | job')
  expect(bodyOf(storyOf(factsOf(), 'stage'))).not.toContain('away')

  const story = storyOf(factsOf(), 'stage', somebody, { gaps: [cart] })
  const clusters = story.clusters.map((cluster) => {
    const waves = cluster.restarts.waves.map((wave) => ({
      ...wave,
      restarts: wave.restarts.map((restart) => ({ ...restart, delivery: 'none' as const })),
    }))
    return { ...cluster, restarts: { ...cluster.restarts, waves } }
  })
  expect(bodyOf({ ...story, clusters })).not.toContain('away')
})

describe('what holds no certificate of its own', () => {
  const left = (name: string, why: string, namespace = 'legacy'): ClusterStory['outside'][number] => ({
    id: { kind: 'Deployment', namespace, name },
    why,
    definition: { file: 'a.yaml', document: 0, line: 1 },
  })
  const tell = (outside: ClusterStory['outside']): string => bodyOf(storyOf(factsOf(), 'stage', somebody, { outside }))

  test('is told with the reason, once for each namespace, so that people see what was judged wrongly', () => {
    const body = tell([left('a', 'no label'), left('b', 'no label'), left('c', 'hostNetwork | all'), left('a', 'no label', 'other')])

    expect(body).toContain('What stays as it is in prod: 4 workloads without a sidecar')
    expect(body).toContain(
      [
        '| `legacy` | `Deployment/a`, `Deployment/b` | no label |',
        '| `legacy` | `Deployment/c` | hostNetwork \\| all |',
        '| `other` | `Deployment/a` | no label |',
      ].join('\n'),
    )
    expect(tell([])).not.toContain('without a sidecar')
  })

  test('is of no interest where nothing restarts', () => {
    const story = storyOf(factsOf(), 'stage', somebody, { managed: 'in-place', outside: [left('a', 'no label')] })
    expect(bodyOf(story, whole({ name: 'secret', of: 2 }))).not.toContain('without a sidecar')
  })
})

test('Jobs and CronJobs of the mesh are listed: no step restarts them', () => {
  const job = (object: string, message: string, cluster = 'prod') =>
    ({ id: 'workloads/job', severity: 'info', place: { cluster, object }, message, remedy: 'nothing' }) as const
  const findings = [
    job('CronJob batch/report', 'its next run | picks up'),
    job('CronJob batch/sync', 'its next run | picks up'),
    job('Job batch/import', 'keeps its certificate until it ends'),
    job('Job batch/elsewhere', 'keeps its certificate until it ends', 'staging'),
  ]
  const story = storyOf(factsOf(), 'stage')

  const body = bodyOf({ ...story, findings })

  expect(body).toContain('<summary>What runs to its end in prod, and no step restarts: 3 objects of the mesh</summary>')
  expect(body).toContain('| `CronJob batch/report`, `CronJob batch/sync` | its next run \\| picks up |\n| `Job batch/import` | keeps')
  expect(body).not.toContain('elsewhere')
  expect(bodyOf(story)).not.toContain('of the mesh</summary>')
})

describe('a text that GitHub would refuse', () => {
  const story = storyOf(factsOf(), 'stage')
  const [cluster] = story.clusters
  const [wave] = cluster!.restarts.waves
  const [job] = wave!.restarts
  const named = (count: number) => Array.from({ length: count }, (_, index) => ({ ...job!.workload, name: `cart-${index}` }))
  const textOf = (restarting: number, staying: number, set = whole()): string => {
    const restarts = { ...cluster!.restarts, waves: [{ ...wave!, restarts: named(restarting).map((workload) => ({ ...job!, workload })) }] }
    const outside = named(staying).map((id) => ({ id, why: 'no label', definition: { file: 'a.yaml', document: 0, line: 1 } }))
    return bodyOf({ ...story, clusters: [{ ...cluster!, restarts, outside }] }, set)
  }
  const withList = whole({ write: new Map([['mesh-ca/clusters/prod/restarts.yaml', new Uint8Array()]]) })
  const withoutLists = (body: string): string =>
    body
      .replaceAll(/<details>[^]*?<\/details>|^The \d+ workloads of prod.*$/gm, '')
      .replaceAll(/\d{3,} workloads/g, 'N workloads')
      .replaceAll(/\n+/g, '\n')

  test('names the file that holds the list of restarts, and keeps all else', () => {
    const [all, short] = [textOf(300, 300, withList), textOf(3000, 300, withList)]

    expect(all).toContain('cart-299` | job')
    expect(short).toContain('The 3000 workloads of prod, wave by wave: `mesh-ca/clusters/prod/restarts.yaml` in this change.')
    expect(short).toContain('`Deployment/cart-299` | no label |')
    expect(short.length).toBeLessThan(longestBody)
    expect(withoutLists(short)).toBe(withoutLists(all))
  })

  test('says of a wave’s own change set where the list is: not in it', () => {
    expect(textOf(3000, 3, whole({ name: 'wave-default', position: 2, of: 2 }))).toContain(
      '`mesh-ca/clusters/prod/restarts.yaml` on `main`, once the first change set is merged.',
    )
  })

  test('shows the first notes only where nothing else helps', () => {
    const findings = Array.from({ length: 3000 }, (_, index) => ({
      id: 'workloads/job' as const,
      severity: 'warning' as const,
      place: { file: `apps/a${index}.yaml`, line: 1 },
      message: 'a Job',
      remedy: 'wait',
    }))

    const body = bodyOf({ ...story, findings }, withList)

    expect(body).toContain('<summary>3000 notes</summary>')
    expect(body).toContain('- `apps/a19.yaml:1`: a Job (`workloads/job`)\n- and 2980 more, which `--output json` lists')
    expect(body.length).toBeLessThan(longestBody)
  })

  test('counts what no file holds only where nothing else helps', () => {
    const shortest = textOf(10, 4000, withList)

    expect(shortest).toContain(
      '| `istio-system` | `Deployment/cart-0`, `Deployment/cart-1`, `Deployment/cart-2`, and 3997 more | no label |',
    )
    expect(shortest.length).toBeLessThan(longestBody)
  })
})
