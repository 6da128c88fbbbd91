import { defineConfig } from 'vitest/config'

/** What takes many minutes: `npm run test:long`. An ordinary `npm test` runs a sample of each. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/long/**/*.test.ts'],
    globalSetup: ['test/support/program.ts'],
    setupFiles: ['test/support/each-file.ts'],
    testTimeout: 7_200_000,
    hookTimeout: 120_000,
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    reporters: ['default', './test/support/last-line.ts'],
  },
})
