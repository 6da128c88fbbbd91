import { expect, test } from 'vitest'
import { crash, sampleOf, titleOf, withUndisturbed } from './crash-runs.ts'
import { scenes } from './scenes.ts'

/** The whole matrix, of every command, is test/long/crashes.test.ts. */
test('promote, killed in the middle of each kind of its effects: the same command again ends as if nothing had happened', async () => {
  await withUndisturbed(
    scenes.find(({ name }) => name === 'promote')!,
    async (whole) => {
      const sample = sampleOf(whole.points)

      for (const point of sample) await crash(whole, point).catch((error: unknown) => expect.soft(error, titleOf(point)).toBeNull())

      expect(sample.length).toBeGreaterThanOrEqual(3)
    },
  )
}, 600_000)
