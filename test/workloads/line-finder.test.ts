import { expect, test } from 'vitest'
import { LineFinder } from '../../src/workloads/line-finder.ts'

function finderOf(texts: Readonly<Record<string, string>>): { readonly finder: LineFinder; readonly read: string[] } {
  const read: string[] = []
  const finder = new LineFinder((file) => {
    read.push(file)
    return new TextEncoder().encode(texts[file] ?? '')
  })
  return { finder, read }
}

const long = `a: 1\nlist:\n${'- {x: 1}\n'.repeat(2000)}`

test('findings that go back and forth between files read each once', () => {
  const names = Array.from({ length: 200 }, (_, index) => `f${index}.yaml`)
  const { finder, read } = finderOf({ 'app.yaml': long, ...Object.fromEntries(names.map((name) => [name, 'x: 1\n---\ny: {z: 2}\n'])) })

  const lines = names.map((name, index) => [finder.lineOf('app.yaml', 0, ['list', index]), finder.lineOf(name, 1, ['y'])])

  expect(lines).toEqual(names.map((_, index) => [index + 3, 3]))
  expect(read).toHaveLength(201)
})

test('of large files only the latest are kept', () => {
  const { finder, read } = finderOf({ a: `${long}#${' '.repeat(3_000_000)}`, b: `${long}#${' '.repeat(3_000_000)}`, c: long })

  for (const file of ['a', 'b', 'a', 'b', 'c', 'b', 'a']) finder.lineOf(file, 0, ['list', 0])

  expect(read).toEqual(['a', 'b', 'c', 'a'])
})

test('a document or a file that is not there has its first line', () => {
  const { finder } = finderOf({ a: 'x: 1\n' })

  expect([finder.lineOf('a', 1, ['x']), finder.lineOf('none', 0, [])]).toEqual([1, 1])
})
