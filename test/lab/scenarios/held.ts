import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Cluster } from '../cluster.ts'
import { jobName, restartsOf, untilSeen } from '../journal.ts'
import type { World } from '../worlds/world.ts'

export const controlPlane = 'Deployment/istio-system/istiod'

/** Long enough for a wave to start that is not held. */
const aWhile = 30_000

/** The gate of the control plane is at work, and stays so for a while; nobody else is restarted; two istiods serve on, and nobody refuses anybody. */
export async function expectHeld(world: World, id: string): Promise<void> {
  const gate = new RegExp(`^mesh-ca-${jobName(id)}-control-plane-gate`)
  for (const { journal } of world.members) await untilSeen(journal, 'job-started', 'started', gate)
  await new Promise((resolve) => setTimeout(resolve, aWhile))
  for (const { journal, mesh } of world.members) {
    expect(journal.entries.filter(({ what, object }) => what === 'job-complete' && gate.test(object))).toEqual([])
    expect(restartsOf(journal, id)).toEqual([controlPlane])
    expect(mesh.istiods().filter(({ ready }) => ready).length).toBeGreaterThanOrEqual(2)
  }
  expect(await world.handshakes.count()).toMatchObject({ failed: 0, failures: [] })
}

/** Until a pod of the gate has come so far that it compares annotations: its containers run one after the other, each with a log of its own. */
export async function untilGateLooks(cluster: Cluster, job: string, seconds = 60): Promise<void> {
  const pods = join(cluster.folder, 'pods')
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 500))) {
    const folders = (await readdir(pods)).filter((name) => name.startsWith(job))
    const logs = (await Promise.all(folders.map(async (name) => readdir(join(pods, name))))).flat()
    if (logs.some((name) => /^annotated-.*\.log$/.test(name))) return
  }
  throw new Error(`${job} in ${cluster.name} has not looked at a workload within ${seconds} s`)
}
