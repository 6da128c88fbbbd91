import { defineConfig } from 'vitest/config'

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
    reporters: ['default', './test/support/last-line.ts'],
  },
})
