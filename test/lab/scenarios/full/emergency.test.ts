import { describe, expect, test } from 'vitest'
import { clusterCa, firstRoot } from '../../../support/first-ca.ts'
import { sealed, secretOf } from '../../../support/sealed-secret.ts'
import { untilSeen } from '../../journal.ts'
import { configure, departures, everybodyTalked, mergeStep, mergeStepWith, takeStep, wrongAfter } from '../../rotation.ts'
import { scene, withEcdsa } from '../../scene.ts'
import { startFluxWorld } from '../../worlds/flux.ts'
import type { FluxWorld } from '../../worlds/flux.ts'
import { controlPlane, expectHeld } from '../held.ts'

const secretFile = 'mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml'

describe('what should never be merged', () => {
  const here = scene(startFluxWorld, { multiRoot: false, namespaces: 2, workloadsEach: 3, config: [withEcdsa] })

  test('stage with a Secret that istiod cannot use: it holds, and the right one lets everybody go on', async () => {
    const { world } = here
    await mergeStepWith(world, 'stage', 'g2-staged', { [secretFile]: await wrongSecret(world) })
    const right = await world.operator.read(`mesh-ca/clusters/prod/prepared/g2-staged.sops.yaml`)
    await untilSeen(world.members[0]!.journal, 'restart', 'g2-staged', new RegExp(controlPlane))
    await expectHeld(world, 'g2-staged')

    await world.applied(await world.operator.push({ [secretFile]: right }, 'Take back the Secret'))
    await everybodyTalked(world)
    expect(await wrongAfter(world, 'g2-staged', { deployed: [controlPlane] })).toEqual([])
  })

  test('replace: handshakes fail only between the two sides, only until the last wave is done, and all heal', async () => {
    const { world } = here
    const { journal } = world.members[0]!
    await takeStep(world, 'replace', 'mesh-ca/g3-replaced')
    const { failed, failures } = await world.handshakes.count()
    await everybodyTalked(world)

    expect(failed).toBeGreaterThan(0)
    expect(failures).toHaveLength(failed)
    expect(failures.filter(({ signers: [client, server] }) => client === server)).toEqual([])
    const begin = journal.entries.find(({ what, value }) => what === 'secret' && value === 'g3-steady')?.at ?? Infinity
    const end = journal.entries.findLast(({ what, object }) => what === 'job-complete' && object.includes('g3-replaced'))?.at ?? 0
    expect(failures.filter(({ at }) => at < begin || at > end)).toEqual([])
    expect((await world.handshakes.count()).failed).toBe(failed)
    expect(await departures(world, 'g3-steady')).toEqual([])
  })

  test('stage with workloads that are left to expire: reroot does not promote before they have', async () => {
    const { world } = here
    const before = await world.handshakes.count()
    await configure(world, [['rules: []', 'rules: [{ match: Deployment/team-1/*, drain: expire, reason: "nobody looked" }]']])
    await takeStep(world, 'stage', 'mesh-ca/g4-staged')
    await everybodyTalked(world)

    expect((await world.handshakes.count()).failed).toBe(before.failed)
    await expect(world.operator.reroot(['promote'])).rejects.toThrow('only time drains them')
  })

  test.each([
    ['on a false word', 'g4-promoted', ['--confirmed', 'nobody looked'], 'g4-demoted'],
    ['by force', 'g4-promoted.2', ['--force', '--reason', 'no time'], 'g4-demoted.2'],
  ] as const)(
    'promote %s, before stage is complete: those who do not know the new root refuse it, until it is taken back',
    async (_, id, word, back) => {
      const { world } = here
      const before = await world.handshakes.count()
      await world.applied(await mergeStep(world, 'promote', id, word))
      const { failed, failures } = await world.handshakes.round()
      const ours = failures.slice(before.failures.length)

      expect(failed).toBeGreaterThan(before.failed)
      expect(ours).toHaveLength(failed - before.failed)
      expect(ours.filter(({ client, server }) => client.includes('/team-1/') === server.includes('/team-1/'))).toEqual([])

      await takeStep(world, 'rollback', `mesh-ca/${back}`)
      const healed = await world.handshakes.round()
      expect((await world.handshakes.round()).failed).toBe(healed.failed)
    },
  )
})

/** What reroot would never write: a key that is not the certificate's. */
async function wrongSecret(world: FluxWorld): Promise<string> {
  const root = await firstRoot()
  const [one, other] = [await clusterCa(root, 'prod'), await clusterCa(root, 'prod')]
  const metadata = { name: 'cacerts', namespace: 'istio-system', annotations: { 'reroot.dev/state': 'g2-staged' } }
  return sealed(secretOf({ ...one, 'ca-key.pem': other['ca-key.pem'] }, { metadata }), secretFile, [world.operator.cluster.recipient])
}
