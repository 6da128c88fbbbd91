import { expect, test } from 'vitest'
import { crash, titleOf, withUndisturbed } from '../crashes/crash-runs.ts'
import { scenes, withSops } from '../crashes/scenes.ts'
import type { Scene } from '../crashes/scenes.ts'
import { onPath } from '../support/tools.ts'

const killedAnywhere = (scene: Scene): Promise<void> =>
  withUndisturbed(scene, async (whole) => {
    let delivered = 0
    const locks: string[] = []
    for (const point of whole.points) {
      try {
        const recovery = await crash(whole, point)
        delivered += recovery.delivered ? 1 : 0
        if (recovery.lock !== null) locks.push(titleOf(point))
      } catch (error) {
        expect.soft(error, titleOf(point)).toBeNull()
      }
    }
    const effects = new Set(whole.points.map(({ at }) => at)).size
    console.log(
      `${scene.name}: ${effects} effects, ${whole.points.length} kill points, ${delivered} after delivery, ${locks.length} locks of git left`,
    )
    for (const lock of locks) console.log(`  lock left by ${lock}`)
  })

// One test a command, so that `-t` chooses one: `npm run test:long -- test/long/crashes.test.ts -t 'promote$'`.
test.each(scenes.map((scene) => [scene.name, scene] as const))('killed anywhere, and run again: %s', (_, scene) => killedAnywhere(scene))

test.skipIf(!onPath('sops'))('killed anywhere, and run again: stage, sealed by the sops program', () => killedAnywhere(withSops))
