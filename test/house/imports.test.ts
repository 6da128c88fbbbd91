import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { importProblems } from '../../scripts/house/imports.ts'

const root = join(import.meta.dirname, '../..')

test.each([
  ['import', "import { issue } from '../pki/index.ts'"],
  ['import type', "import type { Certificate } from '../pki/index.ts'"],
  ['import for its effect', "import '../pki/index.ts'"],
  ['export from', "export { issue } from '../pki/index.ts'"],
  ['export type from', "export type { Certificate } from '../pki/index.ts'"],
  ['export all', "export * from '../pki/index.ts'"],
  ['import()', "const pki = await import('../pki/index.ts')"],
  ['the type of an import()', "export type Certificate = import('../pki/index.ts').Certificate"],
])('a forbidden part is found behind %s', (_form, text) => {
  const problems = importProblems([{ path: 'src/mesh/rules.ts', text: `\n${text}\n` }])

  expect(problems).toEqual(['src/mesh/rules.ts:2: mesh may not import pki (src/pki/index.ts)'])
})

test.each([
  ['src/plan/waves.ts', "import { issue } from '../pki/issue.ts'", 'plan enters pki beside its door'],
  ['src/plan/edits/splice.ts', "import { issue } from '../../pki/issue.ts'", 'plan enters pki beside its door'],
  ['src/run/stage.ts', "import { git } from '../adapters/git.ts'", 'run may not import adapters'],
  ['charts/gates.ts', "import type { Clock } from '../src/ports.ts'", 'charts may not import ports'],
  ['src/plan/waves.ts', "import { readFileSync } from 'node:fs'", 'plan may not import node:fs'],
  ['src/plan/waves.ts', "import { readFileSync } from 'fs'", 'plan may not import node:fs'],
  ['src/plan/waves.ts', "import { readFile } from 'fs/promises'", 'plan may not import node:fs/promises'],
  ['scripts/commands/stage.ts', "const { takeStep } = await import('../../src/run/step.ts')", 'scripts enters run beside its door'],
  ['src/pki/issue.ts', "import { App } from 'cdk8s'", 'pki may not import cdk8s'],
  ['src/mesh/rules.ts', 'const part = await import(name)', 'an import whose target is computed'],
  ['src/else/what.ts', '', 'belongs to no part of the house'],
])('%s: %s is refused', (path, text, message) => {
  const problems = importProblems([{ path, text }])

  expect(problems).toEqual([expect.stringContaining(message)])
})

test.each([
  ['src/plan/waves.ts', "import { issue } from '../pki/index.ts'"],
  ['src/plan/waves.ts', "import { place } from './edits/splice.ts'"],
  ['scripts/commands/stage.ts', "const { takeStep } = await import('../../src/run/index.ts')"],
  ['scripts/world.ts', "import { git } from '../src/adapters/git.ts'"],
  ['test/pki/issue.test.ts', "import { issue } from '../../src/pki/issue.ts'"],
  ['test/support/run.ts', 'await import(built)'],
])('%s: %s is allowed', (path, text) => {
  expect(importProblems([{ path, text }])).toEqual([])
})

test('the check fails on a tree with one bad import, and names it', () => {
  const tree = mkdtempSync(join(tmpdir(), 'reroot-house-'))
  onTestFinished(() => rmSync(tree, { recursive: true }))
  const bad = join(tree, 'src/base/error.ts')
  mkdirSync(dirname(bad), { recursive: true })
  writeFileSync(bad, "import { adopt } from '../mesh/index.ts'\n")

  const { status, stderr } = spawnSync(process.execPath, ['--import', './scripts/typescript.js', 'scripts/lint-imports.ts', tree], {
    cwd: root,
    encoding: 'utf8',
  })

  expect(status).toBe(1)
  expect(stderr).toContain('src/base/error.ts:1: base may not import mesh')
})
