import { defineConfig } from 'vitest/config'

/** What takes many minutes: the tests of this folder, and laws at their full size that `npm test` runs with fewer cases (`test/support/cases.ts`). */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: [
      'test/long/*.test.ts',
      'test/charts/{laws,argocd-laws}.test.ts',
      'test/interop/kustomize.test.ts',
      'test/plan/edits/{any-file,list-entry,pod-annotation}.test.ts',
      'test/rotation/{machine,repository}.test.ts',
    ],
    env: { REROOT_LONG: '1' },
    globalSetup: ['test/support/program.ts'],
    setupFiles: ['test/support/each-file.ts'],
    testTimeout: 7_200_000,
    hookTimeout: 600_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/support/last-line.ts'],
  },
})
