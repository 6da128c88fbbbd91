import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'
import { defineConfig } from 'vitest/config'

const longest = ['ways-back', 'smoke/argocd', 'gates-argocd', 'full/rotation', 'full/deliveries', 'emergency', 'smoke/flux']

/** Begins with those that take longest, so that all workers end at about the same time. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = longest.findIndex((name) => moduleId.includes(name))
      return place === -1 ? longest.length : place
    }
    const sorted = await super.sort(files)
    return sorted.toSorted((one, other) => rank(one) - rank(other))
  }
}

/** The lab's scenarios, three side by side: each has clusters of its own, and often waits for controllers. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/lab/scenarios/**/*.test.ts'],
    globalSetup: ['test/lab/built.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 1_800_000,
    pool: 'forks',
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/last-line.ts'],
  },
})
