import { expect, test } from 'vitest'
import { ignoredByFlux } from '../../src/workloads/source-ignore.ts'

test.each([
  ['.github/workflows/a.yaml', true],
  ['deep/down/.sops.yaml', true],
  ['deep/picture.png', true],
  ['.gitignore', true],
  ['apps/kustomization.yaml', false],
])('by default: %s', (path, ignored) => {
  expect(ignoredByFlux([])(path)).toBe(ignored)
})

// A whitelist, as the example repository of Flux has it.
const whitelist = ignoredByFlux([{ folder: '', text: '# all\n/*\n!/apps/\n!/clusters\n/apps/**/test/\nsecret*.yaml\n' }])

test.each([
  ['README.md', true],
  ['apps/a.yaml', false],
  ['clusters/prod/a.yaml', false],
  ['apps/x/y/test/a.yaml', true],
  ['apps/x/test', false],
  ['clusters/secret-1.yaml', true],
  ['.git/config', true],
])('with a list of one’s own, of which only the version control’s defaults are left: %s', (path, ignored) => {
  expect(whitelist(path)).toBe(ignored)
})

test('a file in a folder speaks for that folder', () => {
  const ignored = ignoredByFlux([{ folder: 'apps', text: '/x.yaml' }])

  expect([ignored('apps/x.yaml'), ignored('x.yaml'), ignored('apps/sub/x.yaml')]).toEqual([true, false, false])
})

// Go 1.25, path/filepath.Match
test.each([
  ['*.y?ml', 'a.yaml', true],
  ['*.y?ml', 'a.yml', false],
  ['a*b*c', 'aXbXbYc', true],
  ['a*b*c', 'aXbXbY', false],
  ['[a-c]x', 'bx', true],
  ['[^a-c]x', 'bx', false],
  ['[^a-c]x', 'dx', true],
  ['[\\]]x', ']x', true],
  ['[a*]x', '*x', true],
  ['\\*x', '*x', true],
  ['\\*x', 'ax', false],
  ['a.b', 'aXb', false],
  ['?x', '😀x', true],
  ['[a', '[a', false],
  ['[]a]', 'a', false],
  ['a\\ ', 'a ', true],
  ['a  ', 'a', true],
  ['a**b*', 'aXb', true],
])('%s and a file %s', (pattern, name, ignored) => {
  expect(ignoredByFlux([{ folder: '', text: pattern }])(name)).toBe(ignored)
})

test('many stars in one name take no time', () => {
  const ignored = ignoredByFlux([{ folder: '', text: `${'*a'.repeat(30)}*b\n` }])

  expect([ignored('a'.repeat(200)), ignored(`${'a'.repeat(200)}b`)]).toEqual([false, true])
})

test('a line of spaces takes no time', () => {
  const ignored = ignoredByFlux([{ folder: '', text: `x${' '.repeat(1_000_000)}y\nz${' '.repeat(1_000_000)}\n` }])

  expect(ignored('z')).toBe(true)
})

test('of a pattern that is longer than any name, only as much is kept as a name can have', () => {
  const ignored = ignoredByFlux([
    { folder: '', text: `${'?'.repeat(255)}\n${'*?'.repeat(128)}${'*'.repeat(1_000_000)}x\n${'?'.repeat(2_000_000)}\n` },
  ])

  expect(['a'.repeat(255), `${'a'.repeat(200)}x`, 'a'.repeat(200), 'a'.repeat(600)].map(ignored)).toEqual([true, true, false, false])
})
