import { describe, expect, test } from 'vitest'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { clusterCa, firstRoot } from '../../../support/first-ca.ts'
import { everybodyTalked, replicas } from '../../rotation.ts'
import { scene } from '../../scene.ts'
import { startFluxWorld } from '../../worlds/flux.ts'
import type { FluxWorld } from '../../worlds/flux.ts'

describe('what people do by hand', () => {
  const here = scene(startFluxWorld, { takeOver: false, multiRoot: false, namespaces: 2, workloadsEach: 3 })

  test('a mesh that nobody touches has no failure', async () => {
    await everybodyTalked(here.world)

    expect(await here.world.handshakes.count()).toMatchObject({ failed: 0 })
  })

  test('the runbook: delete the Secret, create it with a new root, restart namespace by namespace', async () => {
    const { world } = here
    const { kubectl } = world.members[0]!.cluster
    const files = await newCa(world, 'Root CA 2')
    await kubectl(['-n', 'istio-system', 'delete', 'secret', 'cacerts'])
    await kubectl(['-n', 'istio-system', 'create', 'secret', 'generic', 'cacerts', ...files])
    for (const namespace of ['istio-system', ...(await meshedNamespaces(world))]) await restart(world, namespace)
    const { failed, failures } = await world.handshakes.round()

    expect(failed).toBeGreaterThan(0)
    // Until the last namespace is restarted, and no longer.
    expect((await world.handshakes.round()).failed).toBe(failed)
    expect(
      failures.map(({ client, server }) => [client, server].map((pod) => pod.split('/')[1])).filter(([a, b]) => a !== b).length,
    ).toBeGreaterThan(failed / 2)
  })

  test('all at once, without waves: those who were quicker than istiod keep the old root, and nothing heals them', async () => {
    const { world } = here
    const { kubectl } = world.members[0]!.cluster
    const before = await world.handshakes.count()
    const files = await newCa(world, 'Root CA 3')
    await kubectl(['-n', 'istio-system', 'delete', 'secret', 'cacerts'])
    await kubectl(['-n', 'istio-system', 'create', 'secret', 'generic', 'cacerts', ...files])
    const all = ['istio-system', ...(await meshedNamespaces(world))]
    await Promise.all(all.map(async (namespace) => restart(world, namespace)))
    const during = await world.handshakes.round()
    const after = await world.handshakes.round()
    const trusted = new Set(world.members[0]!.mesh.proxies().map((proxy) => proxy.trusted.join()))

    expect(during.failed).toBeGreaterThan(before.failed)
    expect(after.failed).toBeGreaterThan(during.failed)
    expect(trusted.size).toBe(2)
  })
})

/** A CA under a root of its own, as files for kubectl. */
async function newCa(world: FluxWorld, name: string): Promise<readonly string[]> {
  const folder = join(world.operator.certs, name.replaceAll(' ', '-'))
  await mkdir(folder)
  const texts = await clusterCa(await firstRoot({ name }), 'prod')
  for (const [file, text] of Object.entries(texts)) await writeFile(join(folder, file), text, { mode: 0o600 })
  return Object.keys(texts).map((file) => `--from-file=${file}=${join(folder, file)}`)
}

async function meshedNamespaces(world: FluxWorld): Promise<readonly string[]> {
  const outside = new Set(['istio-system', 'flux-system', 'batch'])
  const all = [...(await replicas(world.members[0]!.cluster)).keys()].map((workload) => workload.split('/')[1] ?? '')
  return [...new Set(all)].filter((namespace) => !outside.has(namespace)).toSorted()
}

async function restart(world: FluxWorld, namespace: string): Promise<void> {
  const { kubectl } = world.members[0]!.cluster
  const kinds = [...(await replicas(world.members[0]!.cluster)).keys()].filter((workload) => workload.split('/')[1] === namespace)
  for (const workload of kinds) await kubectl(['-n', namespace, 'rollout', 'restart', named(workload)])
  for (const workload of kinds) await kubectl(['-n', namespace, 'rollout', 'status', named(workload), '--timeout=120s'])
}

function named(workload: string): string {
  const [kind = '', , name = ''] = workload.split('/')
  return `${kind.toLowerCase()}/${name}`
}
