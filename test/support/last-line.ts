import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

/** Ends the output with one line alone: `12 passed, 0 failed`, or `12 passed, 0 failed, 3 skipped`. */
export default class LastLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      // A file that does not even load has no tests, and must not look like success.
      if (!module.ok() && module.children.allTests('failed').next().done === true) count.failed += 1
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        count[state === 'passed' || state === 'failed' ? state : 'skipped'] += 1
      }
    }
    if (reason === 'interrupted') count.failed += 1
    process.on('exit', () => process.stdout.write(`${lastLine(count)}\n`))
  }
}

function lastLine(count: { readonly passed: number; readonly failed: number; readonly skipped: number }): string {
  const skipped = count.skipped === 0 ? '' : `, ${count.skipped} skipped`
  return `${count.passed} passed, ${count.failed} failed${skipped}`
}
