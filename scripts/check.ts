import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** What is checked without running the program. All are run, also after one has failed. */
const steps: readonly (readonly [title: string, program: string, ...args: string[]])[] = [
  ['types', 'tsc', '--noEmit'],
  ['lint', 'oxlint'],
  ['imports', process.execPath, '--import', './scripts/typescript.js', 'scripts/lint-imports.ts'],
  ['format', 'oxfmt', '--check'],
  ['unused code', 'knip'],
]

const tools = join(import.meta.dirname, '..', 'node_modules', '.bin')
const env = { ...process.env, PATH: `${tools}:${process.env['PATH'] ?? ''}` }
const failed: string[] = []
for (const [title, program, ...args] of steps) {
  console.log(`\n== ${title}`)
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], env })
  if (error !== undefined) console.error(error.message)
  if (status !== 0) failed.push(title)
}
if (failed.length > 0) console.log(`\nfailed: ${failed.join(', ')}`)
console.log(`\n${steps.length - failed.length} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
