import { describe, expect, test } from 'vitest'
import { parseYamlFile } from '../../src/base/index.ts'
import { bytesOf } from '../support/mesh.ts'

const parse = (text: string): ReturnType<typeof parseYamlFile> => parseYamlFile(bytesOf(text), 'a.yaml')
const lines = (count: number, line: (index: number) => string): string => Array.from({ length: count }, (_, index) => line(index)).join('')

describe('however many there are, aliases are read', { timeout: 20_000 }, () => {
  test('of one anchor', () => {
    const { documents, findings } = parse(`- &a x\n${'- *a\n'.repeat(10_000)}`)

    expect(findings).toEqual([])
    expect(documents[0]?.value).toEqual(Array.from({ length: 10_001 }, () => 'x'))
  })

  test('of as many anchors', () => {
    const { documents, findings } = parse(lines(10_000, (index) => `- &a${index} ${index}\n- *a${index}\n`))

    expect(findings).toEqual([])
    expect(documents[0]?.value).toEqual(Array.from({ length: 20_000 }, (_, index) => Math.floor(index / 2)))
  })

  test('as keys and items of an ordered map, which to Go is a list', () => {
    const { documents, findings } = parse(`!!omap\n${lines(20_000, (index) => `- k${index}: ${index}\n`)}`)

    expect(findings).toEqual([])
    expect(documents[0]?.value).toHaveLength(20_000)
    expect(parse('!!omap\n- a: 1\n').documents[0]?.value).toEqual([{ a: 1 }])
    expect(parse('!!set\n? a\n').documents[0]?.value).toEqual({ a: null })
  })

  test('in merge keys', () => {
    const { documents } = parse(`- &a {b: 1}\n${'- {<<: *a}\n'.repeat(3000)}`)

    expect(documents[0]?.value).toEqual(Array.from({ length: 3001 }, () => ({ b: 1 })))
  })

  test('of a map of 500 entries, 500 times', () => {
    const { documents, findings } = parse(
      `a: &a\n${lines(500, (index) => `  key-${index}: ${'x'.repeat(100)}\n`)}b:\n${'- *a\n'.repeat(500)}`,
    )
    const value = documents[0]?.value as { readonly a: object; readonly b: readonly object[] }

    expect(findings).toEqual([])
    expect(value.b).toHaveLength(500)
    expect(value.b.every((one) => one === value.a)).toBe(true)
  })

  test('the last anchor of a name before the alias counts', () => {
    expect(parse('a: &x 1\nb: *x\nc: &x 2\nd: *x\n').documents[0]?.value).toEqual({ a: 1, b: 1, c: 2, d: 2 })
  })
})

describe('refused before anything is made of them', () => {
  test('in a chain that nests deeper than anybody writes', () => {
    const { documents, findings } = parse(`a0: &a0 x\n${lines(2000, (index) => `a${index + 1}: &a${index + 1} [*a${index}]\n`)}`)

    expect(documents).toEqual([])
    expect(findings).toMatchObject([
      {
        id: 'yaml/syntax',
        severity: 'error',
        place: { file: 'a.yaml', line: 1000 },
        message: 'not valid YAML: its aliases nest maps and lists more than 1000 deep',
        expected: 'at most 1000 levels',
      },
    ])
  })

  test.each([
    ['a large text', `a: &a ${'x'.repeat(100_000)}\nb:\n${'- *a\n'.repeat(1500)}`, 1344, 128],
    ['in one file of many documents', lines(100, () => `---\na: &a ${'x'.repeat(20_000)}\nb: [${'*a, '.repeat(99)}]\n`), 204, 128],
    ['keys that are no scalars, beside many anchors', lines(8000, (index) => `? [a${index}]\n: &a${index} b\n`), 11513, 16],
    ['keys in keys in keys', `${'{'.repeat(200)}[${'a, '.repeat(20_000)}]${': 1}'.repeat(200)}`, 1, 16],
    ['many keys, merged', `a: &a {${lines(2000, (index) => `k${index}: ${index}, `)}}\nb:\n${'- {<<: *a}\n'.repeat(2000)}`, 1685, 128],
    [
      'a list that doubles 40 times',
      `a0: &a0 [x]\n${lines(40, (index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]\n`)}`,
      22,
      128,
    ],
  ])('%s that fills the memory', (_, text, line, most) => {
    const { documents, findings } = parse(text)

    expect(documents).toEqual([])
    expect(findings[0]).toMatchObject({
      id: 'yaml/syntax',
      severity: 'error',
      message: 'not valid YAML: its aliases, or keys that are no scalars, stand for too much: whoever reads it could run out of memory',
      expected: `at most ${most} MiB that they add to one file`,
    })
    expect(findings[0]?.place.line).toBe(line)
  })
})

describe('in a file with an anchor', { timeout: 20_000 }, () => {
  const keys = (count: number): string => `z: &a 1\n${lines(count, (index) => `k${index}: ${index}\n`)}`

  test('tens of thousands of keys are read, and each has its line', () => {
    const { documents, findings } = parse(keys(20_000))

    expect(findings).toEqual([])
    const document = documents[0]
    const asked = Array.from({ length: 20_000 }, (_, index) => [document?.lineOf([`k${index}`]), document?.nodeAt([`k${index}`])?.range[0]])
    expect(asked.map(([line]) => line)).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 2))
    expect(new Set(asked.map(([, offset]) => offset)).size).toBe(20_000)
  })

  test('a key that stands there twice is found among them', () => {
    const { documents, findings } = parse(`${keys(20_000)}k7: 1\n`)

    expect(documents).toEqual([])
    expect(findings.map(({ place, message }) => [place.line, message])).toEqual([[20_002, 'not valid YAML: Map keys must be unique']])
  })

  test.each([
    ['numbers of one value', 'z: &a 1\n1: a\n0x1: b\n', [3]],
    ['a number and its text', 'z: &a 1\n1: a\n"1": b\n', []],
    ['nothing and ~', 'z: &a 1\n~: a\nnull: b\n', [3]],
    ['lists', 'z: &a 1\n? [a]\n: 1\n? [a]\n: 2\n', []],
    ['merge keys', 'z: &a {b: 1}\ny:\n  <<: *a\n  <<: *a\n', [4]],
    ['keys of a flow map', 'z: &a 1\ny: {a: 1, b: {c: 1,\n c: 2}}\n', [3]],
    ['keys in two maps', 'z: &a 1\ny: [{a: 1}, {a: 2}]\n', []],
    ['keys before other errors, in the order of the text', 'z: &a 1\nz: 2\ny: @\nx: 1\nx: 2\n', [2, 3, 5]],
  ])('the same keys: %s', (_, text, found) => {
    expect(parse(text).findings.map(({ place }) => place.line)).toEqual(found)
  })
})

test('a tab on each of very many lines is found, and one inside of quotes or brackets is none', { timeout: 20_000 }, () => {
  expect(parse(`a: 1\n${'\t\n'.repeat(60_000)}`).findings).toHaveLength(21)
  expect(parse(lines(5000, () => '- "\n  \t\n  "\n- [\n  \t\n  ]\n')).findings).toEqual([])
  expect(parse('- [\n  \t\n  "\n  \t\n  "]\n- a\n\t\n- "b\n  \t\n  "\n').findings.map(({ place }) => place.line)).toEqual([7])
})

test('what is no YAML at all is not read to its end', { timeout: 20_000 }, () => {
  const { findings } = parse(']'.repeat(300_000))

  expect(findings).toHaveLength(21)
  expect(findings.at(-1)?.message).toBe('not valid YAML: more than 980 more problems follow')
})

test('of a list with an error in each item, the first are made', () => {
  const { findings } = parse('- @a\n'.repeat(3000))

  expect(findings.map(({ place }) => place.line)).toEqual([...Array.from({ length: 20 }, (_, index) => index + 1), 20])
  expect(findings.at(-1)?.message).toBe('not valid YAML: more than 980 more problems follow')
  expect(parse('- @a\n'.repeat(1000)).findings.at(-1)?.message).toBe('not valid YAML: 980 more problems follow')
})

test.each([['a: 1\n---\n'], ['--- &a x\n'], ['---\n']])('a file of very many documents (%j) is refused', { timeout: 20_000 }, (part) => {
  const { documents, findings } = parse(`${part.repeat(100_003)}a: 1\n`)

  expect(documents).toEqual([])
  expect(findings).toMatchObject([{ id: 'yaml/syntax', message: 'not valid YAML: the file holds more than 100000 documents' }])
})
