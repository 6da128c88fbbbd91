import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The lab builds programs for half an hour, and runs clusters: `npm run test:lab`.
    // What takes many minutes has a sample in here, and is whole in `npm run test:long`.
    exclude: ['test/lab/**', 'test/long/**'],
    globalSetup: ['test/support/program.ts'],
    setupFiles: ['test/support/each-file.ts'],
    // Keys of 4096 bits, git and sops take their time on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Test files share what they import: loading it takes longer than most of them.
    isolate: false,
    // One more than there are cores: a test mostly waits for the programs that it starts.
    maxWorkers: availableParallelism() + 1,
    reporters: ['default', './test/support/last-line.ts'],
  },
})
