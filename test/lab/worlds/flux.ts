import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { startCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import { Handshakes } from '../emulator/handshakes.ts'
import { startMesh } from '../emulator/index.ts'
import { startFlux, untilApplied } from '../flux.ts'
import type { Flux } from '../flux.ts'
import { keepLabFolder, removeLabFolder } from '../folder.ts'
import { startGitea } from '../gitea.ts'
import { startHelmReleases } from '../helm-releases.ts'
import { keepJournal } from '../journal.ts'
import { startOperator } from '../operator.ts'
import type { Operator } from '../operator.ts'
import type { Programs } from '../programs/build.ts'
import { makeCaByHand } from './ca-by-hand.ts'
import { istioCharts, serveCharts, withAddresses } from './charts.ts'
import { crowd } from './crowd.ts'
import { usualHandshakesPerSecond } from './world.ts'
import type { World, WorldWishes } from './world.ts'

/** `examples/flux` alive: one cluster, Flux, a forge, an operator, and a mesh in which everybody talks to everybody. */
export interface FluxWorld extends World {
  readonly flux: Flux
}

/** Starts all of it, up to a mesh whose CA was made by hand. */
export async function startFluxWorld(programs: Programs, folder: string, wishes: WorldWishes = {}): Promise<FluxWorld> {
  const stopping = new AbortController()
  setMaxListeners(0, stopping.signal)
  const handshakes = new Handshakes(programs.path('handshakes'), wishes.handshakesPerSecond ?? usualHandshakesPerSecond)
  const [cluster, gitea, charts] = await Promise.all([
    startCluster(programs, folder, 'prod'),
    startGitea(programs, folder),
    serveCharts(programs, folder),
  ])
  const operator = await startOperator(gitea, folder, {
    example: 'flux',
    clusters: ['prod'],
    ...(wishes.algorithm === undefined ? {} : { algorithm: wishes.algorithm }),
    tree: (example, url) => changes(example, url, charts.url, wishes),
  })
  const mesh = await startMesh(cluster, handshakes, wishes.mesh)
  const journal = await keepJournal(cluster, stopping.signal)
  const flux = await startFlux(cluster)
  await makeCaByHand(cluster, operator)
  await makeAgeKey(cluster, operator)
  await startHelmReleases(cluster, istioCharts(programs), stopping.signal)
  await cluster.kubectl(['apply', '-f', join(operator.clone, 'clusters/prod/flux-system/gotk-sync.yaml')])
  await firstSync(flux, await operator.head())
  return {
    members: [{ cluster, mesh, journal }],
    flux,
    gitea,
    operator,
    handshakes,
    refresh: async () => flux.reconcile(),
    async applied(commit, seconds = 600) {
      await flux.reconcile()
      await untilApplied(flux, commit, seconds).catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${await cluster.kubectl(['-n', 'flux-system', 'get', 'kustomizations'])}`)
      })
    },
    async stop(keep = false) {
      stopping.abort()
      mesh.stop()
      handshakes.stop()
      charts.stop()
      await Promise.all([cluster.stop(), gitea.stop()])
      await (keep ? keepLabFolder(folder) : removeLabFolder(folder))
    },
  }
}

/** The example's monitoring waits for nothing, and meets a cluster without its namespace. Its owner would try again in ten minutes. */
async function firstSync(flux: Flux, commit: string): Promise<void> {
  await untilApplied(flux, commit, 240, ['namespaces', 'flux-system'])
  await flux.retry('monitoring')
  await untilApplied(flux, commit, 360)
}

/** What `mesh-ca-cacerts` is unsealed with. */
async function makeAgeKey(cluster: Cluster, operator: Operator): Promise<void> {
  const file = `--from-file=mesh-ca.agekey=${operator.cluster.file}`
  await cluster.kubectl(['-n', 'flux-system', 'create', 'secret', 'generic', 'sops-age', file])
}

/** What the example needs to live here: the forge's address, and more workloads. */
function changes(
  example: Readonly<Record<string, string>>,
  url: string,
  charts: string,
  wishes: WorldWishes,
): Readonly<Record<string, string>> {
  const sync = 'clusters/prod/flux-system/gotk-sync.yaml'
  const istiod = 'infrastructure/istio/istiod.yaml'
  const multiRoot = wishes.multiRoot === true ? '    env: {ISTIO_MULTIROOT_MESH: "true"}\n' : ''
  const moved = Object.fromEntries(Object.entries(example).map(([path, text]) => [path, withAddresses(text, url, charts)]))
  return {
    ...moved,
    [sync]: (example[sync] ?? '').replace(/ {2}secretRef:\n {4}name: flux-system\n/, '').replace(/url: .*/, `url: ${url}`),
    [istiod]: (example[istiod] ?? '').replace('    meshConfig:\n', `${multiRoot}    meshConfig:\n`),
    ...crowd(wishes.namespaces ?? 4, wishes.workloadsEach ?? 6),
    'clusters/prod/crowd.yaml': `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: crowd
  namespace: flux-system
spec:
  dependsOn: [{name: istio}]
  interval: 10m
  path: ./apps/crowd
  prune: true
  wait: true
  timeout: 1m # until then it takes no newer commit, e.g. one that mends a rollout
  sourceRef: {kind: GitRepository, name: flux-system}
`,
  }
}
