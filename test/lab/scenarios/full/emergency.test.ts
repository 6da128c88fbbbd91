import { describe, expect, test } from 'vitest'
import { configure, departures, everybodyTalked, mergeStep, takeStep } from '../../rotation.ts'
import { scene, withEcdsa } from '../../scene.ts'
import { startFluxWorld } from '../../worlds/flux.ts'

describe('what breaks mutual TLS on purpose', () => {
  const here = scene(startFluxWorld, { multiRoot: false, namespaces: 2, workloadsEach: 3, config: [withEcdsa] })

  test('replace: handshakes fail only between the two sides, only until the last wave is done, and all heal', async () => {
    const { world } = here
    const { journal } = world.members[0]!
    await takeStep(world, 'replace', 'mesh-ca/g2-replaced')
    const { failed, failures } = await world.handshakes.count()
    await everybodyTalked(world)

    expect(failed).toBeGreaterThan(0)
    expect(failures.filter(({ signers: [client, server] }) => client === server)).toEqual([])
    const begin = journal.entries.find(({ what, value }) => what === 'secret' && value === 'g2-replaced')?.at ?? Infinity
    const end = journal.entries.findLast(({ what, object }) => what === 'job-complete' && object.includes('g2-replaced'))?.at ?? 0
    expect(failures.filter(({ at }) => at < begin || at > end)).toEqual([])
    expect((await world.handshakes.count()).failed).toBe(failed)
    expect(departures(world, { roots: 1, signer: 'g2' })).toEqual([])
  })

  test('promote on a false word, before stage is complete: those who do not know the new root refuse it', async () => {
    const { world } = here
    const before = await world.handshakes.count()
    await configure(world, [['rules: []', 'rules: [{ match: Deployment/team-1/*, drain: expire, reason: "nobody looked" }]']])
    await takeStep(world, 'stage', 'mesh-ca/g3-staged')
    await everybodyTalked(world)
    expect((await world.handshakes.count()).failed).toBe(before.failed)
    await expect(world.operator.reroot(['promote'])).rejects.toThrow('only time drains them')

    await world.applied(await mergeStep(world, 'promote', 'g3-promoted', ['--confirmed', 'nobody looked']))
    await everybodyTalked(world)
    const { failed, failures } = await world.handshakes.count()
    const ours = failures.slice(before.failures.length)

    expect(failed).toBeGreaterThan(before.failed)
    expect(ours.filter(({ client, server }) => client.includes('/team-1/') === server.includes('/team-1/'))).toEqual([])
  })
})
