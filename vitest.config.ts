import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The lab builds programs for half an hour, and runs clusters: `npm run test:lab`.
    exclude: ['test/lab/**'],
    globalSetup: ['test/support/program.ts'],
    // Keys of 4096 bits, git and sops take their time on a small machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/support/last-line.ts'],
  },
})
