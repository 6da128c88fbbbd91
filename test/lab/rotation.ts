import type { Cluster } from './cluster.ts'
import { disorder, jobName, podsSince, restartsOf, untilSeen } from './journal.ts'
import type { Journal } from './journal.ts'
import { until } from './process.ts'
import type { World } from './worlds/world.ts'

/** One step: reroot's pull request, merged, and applied to the end. */
export async function takeStep(world: World, step: string, branch: string, more: readonly string[] = [], seconds = 600): Promise<void> {
  await world.operator.reroot([step, ...more])
  await world.applied(await world.operator.merge(branch), seconds)
}

/** Merges a step, and waits until workloads beside the control plane have restarted. @throws if all of them have already. */
export async function takeHalfOfStep(world: World, step: string, id: string): Promise<void> {
  await mergeStep(world, step, id)
  for (const { journal } of world.members) await untilSeen(journal, 'restart', id, /^(?!.*\/istio-system\/)/)
  await expectUnfinished(world, id)
}

/** @throws unless a step is in the middle: in some cluster it has restarted somebody, and not everybody. */
export async function expectUnfinished({ members, operator }: World, id: string): Promise<void> {
  const states = await Promise.all(
    members.map(async ({ cluster, journal }) => ({
      done: restartsOf(journal, id).length,
      all: (await planned({ operator }, cluster.name)).length,
    })),
  )
  if (!states.some(({ done, all }) => done > 0 && done < all)) throw new Error(`${id} is not in the middle: ${JSON.stringify(states)}`)
}

/** Merges a step, and lets the controller see it. @returns the commit. */
export async function mergeStep(world: World, step: string, id: string, more: readonly string[] = []): Promise<string> {
  await world.operator.reroot([step, ...more])
  const commit = await world.operator.merge(`mesh-ca/${id}`)
  await world.refresh()
  return commit
}

/** Merges a step and what other people push right behind it: the controller sees both at once. @returns the commit. */
export async function mergeStepWith(world: World, step: string, id: string, edits: Readonly<Record<string, string>>): Promise<string> {
  await world.operator.reroot([step])
  await world.operator.merge(`mesh-ca/${id}`)
  const commit = await world.operator.push(edits)
  await world.refresh()
  return commit
}

/** Waits for the gate of the control plane in every cluster. */
export async function controlPlanesDone(world: World, id: string): Promise<void> {
  for (const { journal } of world.members)
    await untilSeen(journal, 'job-complete', 'complete', new RegExp(`^mesh-ca-${jobName(id)}-control-plane-gate`))
}

/** How many pods each workload of a cluster should have. */
export async function replicas(cluster: Cluster): Promise<ReadonlyMap<string, number>> {
  const all = await objects(cluster, ['deployments,statefulsets,daemonsets', '-A'])
  // One node: one pod of a DaemonSet.
  return new Map(all.map((one) => [nameOf(one), one.spec?.replicas ?? 1]))
}

/** What must survive that somebody leaves reroot, each with its uid: all workloads, all their pods, and the Secret. */
export async function survivors(cluster: Cluster): Promise<readonly string[]> {
  const running = await objects(cluster, ['deployments,statefulsets,daemonsets,pods', '-A'])
  const ours = await objects(cluster, ['-n', 'istio-system', 'secret/cacerts', 'configmap/mesh-ca-state'])
  return [...running.filter((one) => one.metadata.ownerReferences?.[0]?.kind !== 'Job'), ...ours]
    .map((one) => `${nameOf(one)} ${one.metadata.uid}`)
    .toSorted()
}

interface KubernetesObject {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly ownerReferences?: readonly { readonly kind: string }[]
  }
  readonly spec?: { readonly replicas?: number }
}

async function objects({ kubectl }: Cluster, what: readonly string[]): Promise<readonly KubernetesObject[]> {
  const { items } = JSON.parse(await kubectl(['get', ...what, '-o', 'json'])) as { readonly items: readonly KubernetesObject[] }
  return items
}

function nameOf({ kind, metadata: { namespace, name } }: KubernetesObject): string {
  return `${kind}/${namespace}/${name}`
}

/** Objects of reroot's own that are in the cluster. */
export async function leftOfReroot({ kubectl }: Cluster): Promise<readonly string[]> {
  const kinds = 'jobs,roles,rolebindings,clusterroles,clusterrolebindings,serviceaccounts'
  const text = await kubectl(['get', kinds, '-A', '-l', 'app.kubernetes.io/managed-by=reroot', '-o', 'name', '--ignore-not-found'])
  return text.split('\n').filter((line) => line !== '')
}

/** Waits until everybody who is there now has talked to everybody else. */
export async function everybodyTalked(world: World): Promise<void> {
  await world.handshakes.round()
}

/** Waits for so many handshakes more. */
export async function untilHandshakes(world: World, handshakes: number, seconds = 300): Promise<void> {
  const before = await world.handshakes.count()
  await until(
    `${handshakes} handshakes`,
    async () => {
      const now = await world.handshakes.count()
      return now.succeeded + now.failed - before.succeeded - before.failed >= handshakes
    },
    { seconds, everyMilliseconds: 500 },
  )
}

/** The workloads that the cluster's last step restarts, as the frozen list in Git has them. */
export async function planned({ operator }: Pick<World, 'operator'>, cluster: string): Promise<readonly string[]> {
  const text = await operator.read(`mesh-ca/clusters/${cluster}/restarts.yaml`)
  return [...text.matchAll(/workload: (\S+)/g)].map((match) => match[1] ?? '').toSorted()
}

/** Whose roots a state of the Secret makes proxies trust, and who signs, in a rotation away from g1: `g2-staged`, `g2-promoted`, `g2-steady`. */
function phaseOf(state: string): { readonly roots: readonly string[]; readonly signer: string } {
  const [generation = '', word = ''] = state.split('-')
  return {
    roots: word === 'steady' ? [generation] : ['g1', generation],
    signer: word === 'staged' ? 'g1' : generation,
  }
}

/** What is not as a state has it: who trusts other roots, and who holds a certificate of another signer. */
export async function departures({ members, operator }: World, state: string): Promise<readonly string[]> {
  const { roots, signer } = phaseOf(state)
  const mesh = await operator.read('mesh-ca/mesh.yaml')
  const generations = new Map([...mesh.matchAll(/- id: (g\d+)\n[\s\S]*?fingerprint: "?([0-9a-f]{64})/g)].map(([, id, hash]) => [hash, id]))
  return members.flatMap(({ cluster, mesh: { proxies } }) =>
    proxies().flatMap(({ pod, trusted, issuer }) => {
      const found = trusted.map((hash) => generations.get(hash.replaceAll(':', '').toLowerCase()) ?? 'an unknown root').toSorted()
      const generation = /\bg\d+/.exec(issuer)?.[0] ?? (issuer.includes('CN=Intermediate CA') ? 'g1' : null)
      return [
        ...(found.join() === roots.join() ? [] : [`${cluster.name}/${pod} trusts ${found.join(', ')}`]),
        ...(generation === signer ? [] : [`${cluster.name}/${pod} has a certificate of ${issuer}`]),
      ]
    }),
  )
}

export interface AfterStep {
  /** What the Secret is then, if not what the id says. */
  readonly state?: string
  /** Somebody broke something meanwhile: proxies may have asked again, and pods be new once more. */
  readonly disturbed?: boolean
  /** Workloads that their owners deployed meanwhile. */
  readonly deployed?: readonly string[]
}

/**
 * All that is wrong when a step is done: its order, whom it restarted, whom everybody trusts, every handshake that failed so far, and every certificate
 * that a proxy asked for and did not get.
 */
export async function wrongAfter(
  world: World,
  id: string,
  { state = id, disturbed = false, deployed = [] }: AfterStep = {},
): Promise<readonly string[]> {
  const wrong = [...(await departures(world, state))]
  for (const { cluster, journal, mesh } of world.members) {
    if (!disturbed) wrong.push(...mesh.refused().map((reason) => `${cluster.name}: no certificate: ${reason}`))
    wrong.push(...disorder(journal, id, state, phaseOf(state).roots.length))
    const [got, wanted] = [restartsOf(journal, id), await planned(world, cluster.name)]
    if (!disturbed) wrong.push(...(await restartedTwice(cluster, journal, id, deployed)))
    if (got.join() !== wanted.join()) wrong.push(`${cluster.name}: restarted were ${got.join(', ')}; planned were ${wanted.join(', ')}`)
  }
  const { failed, failures } = await world.handshakes.count()
  if (failed > 0) wrong.push(`${failed} handshakes failed: ${JSON.stringify(failures.slice(0, 3))}`)
  return wrong
}

/** Whose pods are not new exactly once since its restart. */
async function restartedTwice(cluster: Cluster, journal: Journal, id: string, deployed: readonly string[]): Promise<readonly string[]> {
  const wanted = await replicas(cluster)
  return journal.entries.flatMap(({ what, object, value, at }) => {
    if (what !== 'restart' || value !== id || deployed.includes(object)) return []
    // Watches are some milliseconds apart.
    const pods = podsSince(journal, at - 500).get(object) ?? 0
    return pods === wanted.get(object) ? [] : [`${cluster.name}: ${object} got ${pods} new pods, and has ${wanted.get(object)}`]
  })
}

/** Edits `reroot.yaml`, as people do in a pull request of their own. @throws Error if a text is not there. */
export async function configure(world: World, edits: readonly (readonly [string, string])[]): Promise<void> {
  const path = 'mesh-ca/reroot.yaml'
  let text = await world.operator.read(path)
  for (const [from, to] of edits) {
    if (!text.includes(from)) throw new Error(`${path} has no ${from}`)
    text = text.replace(from, to)
  }
  await world.operator.push({ [path]: text }, 'Configure reroot')
}
