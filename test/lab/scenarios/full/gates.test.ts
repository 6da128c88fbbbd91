import { describe, expect, test } from 'vitest'
import { secretOf, sealed } from '../../../support/sealed-secret.ts'
import { clusterCa, firstRoot } from '../../../support/first-ca.ts'
import { restartsOf, untilSeen } from '../../journal.ts'
import { everybodyTalked, mergeStep, planned, wrongAfter } from '../../rotation.ts'
import { scene, withEcdsa } from '../../scene.ts'
import { startFluxWorld } from '../../worlds/flux.ts'
import type { FluxWorld } from '../../worlds/flux.ts'

const istiodValues = 'infrastructure/istio/istiod.yaml'
const secretFile = 'mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml'
const controlPlane = 'Deployment/istio-system/istiod'

/** Long enough for any wave to start that is not held. */
const aWhile = 45_000

async function expectHeld(world: FluxWorld, id: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, aWhile))
  expect(restartsOf(world.members[0]!.journal, id)).toEqual([controlPlane])
  expect(await world.handshakes.count()).toMatchObject({ failed: 0, failures: [] })
}

describe('gates under Flux', () => {
  const here = scene(startFluxWorld, { multiRoot: false, namespaces: 2, workloadsEach: 3, config: [withEcdsa] })

  test('stage, while an image of istiod cannot be pulled: the gate holds, and a commit that mends it lets everybody go on', async () => {
    const { world } = here
    const good = await world.operator.read(istiodValues)
    await mergeStep(world, 'stage', 'g2-staged')
    await world.operator.push({
      [istiodValues]: good.replace('  values:\n', '  values:\n    image: registry.example.com/pilot:cannot-be-pulled\n'),
    })
    await world.refresh()
    await untilSeen(world.members[0]!.journal, 'secret', 'g2-staged')
    await untilSeen(world.members[0]!.journal, 'restart', 'g2-staged', new RegExp(controlPlane))
    await expectHeld(world, 'g2-staged')

    await world.applied(await world.operator.push({ [istiodValues]: good }, 'Take back the image'))
    await everybodyTalked(world)
    expect(await wrongAfter(world, 'g2-staged', { roots: 2, signer: 'g1' })).toEqual([])
  })

  test('promote with a Secret that istiod cannot use: it holds, and the right one lets everybody go on', async () => {
    const { world } = here
    await mergeStep(world, 'promote', 'g2-promoted')
    const right = await world.operator.read(secretFile)
    await world.operator.push({ [secretFile]: await wrongSecret(world) }, 'Mend the CA by hand')
    await world.refresh()
    await untilSeen(world.members[0]!.journal, 'restart', 'g2-promoted', new RegExp(controlPlane))
    await expectHeld(world, 'g2-promoted')

    await world.applied(await world.operator.push({ [secretFile]: right }, 'Take back the Secret'))
    await everybodyTalked(world)
    expect(await wrongAfter(world, 'g2-promoted', { roots: 2, signer: 'g2' })).toEqual([])
  })

  test('retire merged while promote is still at work waits at its entry gate, which finishes promote first', async () => {
    const { world } = here
    const { journal } = world.members[0]!
    // A way back and forward again, so that there is a step to be early for.
    await world.applied(await mergeStep(world, 'rollback', 'g2-demoted'))
    await mergeStep(world, 'promote', 'g2-promoted.2')
    await world.refresh()
    await untilSeen(journal, 'secret', 'g2-promoted.2')
    const late = await planned(world, 'prod')

    await world.applied(await mergeStep(world, 'retire', 'g2-steady'))
    await everybodyTalked(world)
    expect(await wrongAfter(world, 'g2-steady', { roots: 1, signer: 'g2' })).toEqual([])
    const secret = journal.entries.findIndex(({ what, value }) => what === 'secret' && value === 'g2-steady')
    const before = journal.entries
      .slice(0, secret)
      .flatMap(({ what, value, object }) => (what === 'restart' && value === 'g2-promoted.2' ? [object] : []))
    expect(before.toSorted()).toEqual(late)
  })
})

/** What reroot would never write: a key that is not the certificate's. */
async function wrongSecret(world: FluxWorld): Promise<string> {
  const root = await firstRoot()
  const [one, other] = [await clusterCa(root, 'prod'), await clusterCa(root, 'prod')]
  const metadata = { name: 'cacerts', namespace: 'istio-system', annotations: { 'reroot.dev/state': 'g2-promoted' } }
  return sealed(secretOf({ ...one, 'ca-key.pem': other['ca-key.pem'] }, { metadata }), secretFile, [world.operator.cluster.recipient])
}
