import { until } from './process.ts'
import type { World } from './worlds/world.ts'

/** One step: reroot's pull request, merged, and applied to the end. */
export async function takeStep(world: World, step: string, branch: string, more: readonly string[] = [], seconds = 600): Promise<void> {
  await world.operator.reroot([step, ...more])
  await world.applied(await world.operator.merge(branch), seconds)
}

/** Everybody has talked to everybody since a moment ago. */
export async function everybodyTalked(world: World, handshakes: number, seconds = 300): Promise<void> {
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
export async function planned(world: World, cluster: string): Promise<readonly string[]> {
  const text = await world.operator.read(`mesh-ca/clusters/${cluster}/restarts.yaml`)
  return [...text.matchAll(/workload: (\S+)/g)].map((match) => match[1] ?? '').toSorted()
}
