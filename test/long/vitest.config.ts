import { defineConfig } from 'vitest/config'

const shared = {
  root: new URL('../..', import.meta.url).pathname,
  globalSetup: ['test/support/program.ts'],
  setupFiles: ['test/support/each-file.ts'],
  hookTimeout: 600_000,
  pool: 'forks' as const,
}

/** What takes many minutes: `npm run test:long`. An ordinary `npm test` runs a part of each. `-- --project laws` chooses one. */
export default defineConfig({
  test: {
    root: shared.root,
    maxWorkers: 2,
    reporters: ['default', './test/support/last-line.ts'],
    projects: [
      {
        /** The laws at their full size (`test/support/cases.ts`): those of this folder, and those that `npm test` runs with fewer cases. */
        test: {
          ...shared,
          name: 'laws',
          include: [
            'test/long/laws/*.test.ts',
            'test/base/{simple-yaml,write-yaml}.test.ts',
            'test/charts/{laws,argocd-laws}.test.ts',
            'test/interop/kustomize.test.ts',
            'test/plan/edits/{any-file,list-entry,pod-annotation}.test.ts',
            'test/rotation/{machine,repository}.test.ts',
          ],
          env: { REROOT_LONG: '1' },
          testTimeout: 1_800_000,
        },
      },
      {
        /** Every command killed at each of its effects. */
        test: { ...shared, name: 'crashes', include: ['test/long/*.test.ts'], testTimeout: 7_200_000, isolate: false },
      },
    ],
  },
})
