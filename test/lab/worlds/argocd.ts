import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { startArgocd } from '../argocd.ts'
import type { Argocd } from '../argocd.ts'
import { startCluster } from '../cluster.ts'
import { Handshakes } from '../emulator/handshakes.ts'
import { startMesh } from '../emulator/index.ts'
import { keepLabFolder, removeLabFolder } from '../folder.ts'
import { startGitea } from '../gitea.ts'
import { keepJournal } from '../journal.ts'
import { startOperator } from '../operator.ts'
import { until } from '../process.ts'
import type { Programs } from '../programs/build.ts'
import { makeCaByHand } from './ca-by-hand.ts'
import { serveCharts, withAddresses } from './charts.ts'
import { crowd } from './crowd.ts'
import { usualHandshakesPerSecond } from './world.ts'
import type { Member, World, WorldWishes } from './world.ts'

/** `examples/argocd` alive: two clusters that share a root, Argo CD in the first one, a forge, an operator. */
export interface ArgocdWorld extends World {
  readonly argocd: Argocd
}

const names = ['prod-eu', 'prod-us'] as const

/** Starts all of it, up to a mesh whose CA was made by hand. */
export async function startArgocdWorld(programs: Programs, folder: string, wishes: WorldWishes = {}): Promise<ArgocdWorld> {
  const handshakes = new Handshakes(programs.path('handshakes'), wishes.handshakesPerSecond ?? usualHandshakesPerSecond)
  const [repository, gitea, ...clusters] = await Promise.all([
    serveCharts(programs, folder),
    startGitea(programs, folder),
    ...names.map(async (name) => startCluster(programs, folder, name)),
  ])
  const operator = await startOperator(gitea, folder, {
    example: 'argocd',
    clusters: names,
    ...(wishes.algorithm === undefined ? {} : { algorithm: wishes.algorithm }),
    tree: (example, url) => changes(example, url, repository.url, wishes),
  })
  const stopping = new AbortController()
  setMaxListeners(0, stopping.signal)
  const members = await Promise.all(
    clusters.map(async (cluster): Promise<Member> => {
      const mesh = await startMesh(cluster, handshakes, wishes.mesh)
      return { cluster, mesh, journal: await keepJournal(cluster, stopping.signal) }
    }),
  )
  await Promise.all(clusters.map(async (cluster) => makeCaByHand(cluster, operator)))
  const [hub] = clusters
  if (hub === undefined) throw new TypeError('no cluster')
  const argocd = await startArgocd(hub, clusters, operator.cluster)
  for (const file of ['argocd/apps/project.yaml', 'argocd/root.yaml']) await hub.kubectl(['apply', '-f', join(operator.clone, file)])
  return {
    members,
    argocd,
    gitea,
    operator,
    handshakes,
    refresh: async () => argocd.refresh(),
    async applied(commit, seconds = 600) {
      await argocd.refresh()
      await until(`Argo CD applies ${commit.slice(0, 10)}`, async () => argocd.isReady(commit), { seconds, everyMilliseconds: 1000 }).catch(
        async (error: unknown) => {
          throw new Error(`${String(error)}\n${await argocd.describe()}`)
        },
      )
    },
    async stop(keep = false) {
      stopping.abort()
      for (const { mesh } of members) mesh.stop()
      handshakes.stop()
      repository.stop()
      await Promise.all([...clusters.map(async (cluster) => cluster.stop()), gitea.stop()])
      await (keep ? keepLabFolder(folder) : removeLabFolder(folder))
    },
  }
}

/** What the example needs to live here: the addresses of the forge and of the charts, and more workloads. */
function changes(
  example: Readonly<Record<string, string>>,
  url: string,
  charts: string,
  wishes: WorldWishes,
): Readonly<Record<string, string>> {
  const moved = Object.fromEntries(
    Object.entries(example).flatMap(([path, text]) => {
      const now = withAddresses(text, url, charts)
      return now === text ? [] : [[path, now]]
    }),
  )
  const values = 'infra/istio/values-common.yaml'
  const multiRoot = wishes.multiRoot === true ? { [values]: `${example[values] ?? ''}\nenv: {ISTIO_MULTIROOT_MESH: "true"}\n` } : {}
  return {
    ...moved,
    ...multiRoot,
    ...crowd(wishes.namespaces ?? 2, wishes.workloadsEach ?? 4),
    'argocd/apps/crowd.yaml': names.map((name) => crowdApplication(name, url)).join('---\n'),
  }
}

function crowdApplication(cluster: string, url: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: crowd-${cluster}
  namespace: argocd
  annotations: {argocd.argoproj.io/sync-wave: "1"}
spec:
  project: platform
  source: {repoURL: "${url}", targetRevision: main, path: apps/crowd, directory: {recurse: true}}
  destination: {name: ${cluster}, namespace: default}
  syncPolicy: {automated: {prune: true, selfHeal: true}}
`
}
