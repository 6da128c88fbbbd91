import { configure } from '../rotation.ts'
import type { World } from '../worlds/world.ts'

const known = 'workloads: [{ workload: Deployment/legacy/by-hand, selector: { app: by-hand } }]'
const namespace = 'namespaces: [{ name: legacy, labels: { istio-injection: enabled } }]'

/** A workload that stands in no repository: reroot restarts it by `merge`. */
export const byHand = {
  workload: 'Deployment/legacy/by-hand',
  rule: '{ match: Deployment/legacy/by-hand, delivery: merge }',
  /** How its owner deploys it. */
  deploy: (tag: string) => ['-n', 'legacy', 'set', 'image', 'deployment/by-hand', `app=registry.example.com/by-hand:${tag}`],
} as const

/** Makes it in every cluster, and tells reroot of it. */
export async function makeByHand(world: World): Promise<void> {
  // Not by `kubectl apply`: with its annotation Argo CD's sync fails.
  for (const { cluster } of world.members) await cluster.kubectl(['create', '-f', '-'], JSON.stringify(objects))
  const edits = world.members.flatMap(
    () =>
      [
        ['    workloads: []', `    ${known}`],
        ['    namespaces: []', `    ${namespace}`],
      ] as const,
  )
  await configure(world, edits)
}

const labels = { app: 'by-hand' }
const objects = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'legacy', labels: { 'istio-injection': 'enabled' } } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'by-hand', namespace: 'legacy' },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'registry.example.com/by-hand:1.0' }] } },
      },
    },
  ],
}
