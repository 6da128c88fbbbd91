import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundledPackages, noticesText } from '../../scripts/house/notices.ts'

const root = join(import.meta.dirname, '../..')
const program = join(root, 'build/reroot.js')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>

test('the program can be started, and its first line asks for node', () => {
  expect(statSync(program).mode & 0o111).toBe(0o111)
  expect(readFileSync(program, 'utf8').split('\n', 1)).toEqual(['#!/usr/bin/env node'])
})

test('--version prints the version of package.json', () => {
  expect(execFileSync(process.execPath, [program, '--version'], { encoding: 'utf8' })).toBe(`${String(manifest['version'])}\n`)
})

test('--help is there at once, and does not load cdk8s', () => {
  const runs = [1, 2, 3].map(() => {
    const started = performance.now()
    const help = execFileSync(process.execPath, [program, '--help'], { encoding: 'utf8' })
    return { help, milliseconds: performance.now() - started }
  })

  // It takes about 100 ms; the best of three below a second leaves room for a busy machine.
  expect(Math.min(...runs.map((run) => run.milliseconds))).toBeLessThan(1000)
  expect(runs[0]?.help).toContain('Usage: reroot')
  expect(readFileSync(program, 'utf8')).not.toContain('node_modules/cdk8s')
})

test('whoever installs the package installs nothing else, and runs nothing', () => {
  expect(manifest).not.toHaveProperty('dependencies')
  expect(manifest).not.toHaveProperty('optionalDependencies')
  expect(manifest['scripts']).not.toHaveProperty('postinstall')
})

test('the notices hold the licence of each bundled package', () => {
  const text = readFileSync(join(root, 'build/THIRD-PARTY-NOTICES.txt'), 'utf8')

  expect(text).toMatch(/^commander [\d.]+ \(MIT\)$/m)
  expect(text).toContain('Copyright (c) 2011 TJ Holowaychuk')
})

test('a package of which nothing is bundled is not in the notices, and ours is not either', () => {
  const packages = bundledPackages([
    join(root, 'node_modules/yaml/dist/index.js'),
    join(root, 'src/base/error.ts'),
    '\0rolldown/runtime.js',
  ])

  expect(packages.map(({ name }) => name)).toEqual(['yaml'])
})

test('a package without a licence file is named with the licence that it states', () => {
  const text = noticesText([{ name: 'x', version: '1.0.0', license: 'MIT', texts: ['The package has no licence file.'] }])

  expect(text).toContain('x 1.0.0 (MIT)')
})
