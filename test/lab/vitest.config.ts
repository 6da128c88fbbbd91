import { defineConfig } from 'vitest/config'

/** The lab's scenarios, one after the other: each has clusters of its own on all cores. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/lab/scenarios/**/*.test.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 1_800_000,
    pool: 'forks',
    // Mostly they wait for controllers.
    maxWorkers: 2,
    reporters: ['default', './test/support/last-line.ts'],
  },
})
