import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseYamlFile } from '../../src/base/index.ts'
import { bytesOf } from '../support/mesh.ts'

const parse = (text: string): ReturnType<typeof parseYamlFile> => parseYamlFile(bytesOf(text), 'a.yaml')
const values = (text: string): readonly unknown[] => parse(text).documents.map(({ value }) => value)

describe('refused', () => {
  test.each([
    ['NUL', Uint8Array.of(97, 58, 32, 0), 'the file holds NUL bytes', 'byte 0 at offset 3'],
    ['UTF-16', Uint8Array.of(0xff, 0xfe, 97, 0), 'the file holds NUL bytes', 'byte 0 at offset 3'],
    ['Latin-1', Uint8Array.of(97, 58, 32, 0xe9), 'the file is not valid UTF-8', 'bytes that are no UTF-8 sequence'],
    ['half a surrogate', Uint8Array.of(0xed, 0xa0, 0x80), 'the file is not valid UTF-8', 'bytes that are no UTF-8 sequence'],
    ['a control character', bytesOf('a: 1\nb: \u001b[0m\n'), 'the file holds a control character', 'U+001B'],
    ['too much', new Uint8Array(5 * 1024 * 1024 + 1).fill(10), 'the file is too large', `${5 * 1024 * 1024 + 1} bytes`],
  ])('%s', (_, bytes, message, found) => {
    const file = parseYamlFile(bytes, 'a.yaml')

    expect(file.documents).toEqual([])
    expect(file.findings).toMatchObject([
      { id: 'yaml/encoding', severity: 'error', place: { file: 'a.yaml' }, message, expected: 'UTF-8 text of at most 5 MiB', found },
    ])
  })

  test.each([
    ['a duplicate key', 'a: 1\nb: 2\na: 3\n', 3, 'Map keys must be unique'],
    ['a duplicate key deep down', 'x:\n  - a: 1\n    a: 2\n', 3, 'Map keys must be unique'],
    ['a tab as indentation', 'a:\n\t- b\n', 2, 'Tabs are not allowed as indentation'],
    ['an alias of nothing', 'a: 1\n---\nb: *nope\n', 3, 'Unresolved alias'],
    ['an alias of itself', 'x: 1\n---\na: &ring\n  b: [*ring]\n', 4, 'the value of the anchor ring contains itself'],
    ['a billion laughs', `x: 1\n---\n${billionLaughs()}`, 10, 'its aliases, or keys that are no scalars, stand for too much'],
    ['a bracket that stays open', 'a: [1, 2\nb: 3\n', 2, 'Flow sequence'],
  ])('%s', (_, text, line, message) => {
    const file = parse(text)

    expect(file.documents).toEqual([])
    expect(file.findings[0]).toMatchObject({ id: 'yaml/syntax', severity: 'error', place: { file: 'a.yaml', line } })
    expect(file.findings[0]?.message).toMatch(new RegExp(`^not valid YAML: ${message}`))
    expect(file.findings[0]?.message).not.toMatch(/at line|\n/)
  })

  test('each merge conflict, and nothing else, with its lines; no document of the file is taken', () => {
    const conflict = '<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> theirs\n'
    const file = parse(`ok: 1\n---\n${conflict}b: 1\r\n${conflict.replaceAll('\n', '\r\n')}`)

    expect(file.documents).toEqual([])
    expect(file.findings.map(({ place, message, found }) => [place.line, message, found])).toEqual([
      [3, 'not valid YAML: lines 3 to 7 are a merge conflict that nobody resolved', 'the markers of both: <<<<<<< HEAD and >>>>>>> theirs'],
      [
        9,
        'not valid YAML: lines 9 to 13 are a merge conflict that nobody resolved',
        'the markers of both: <<<<<<< HEAD and >>>>>>> theirs',
      ],
    ])
  })

  test('what only looks like a merge conflict is text', () => {
    expect(parse('a: |\n  <<<<<<< HEAD\n  =======\n  >>>>>>> theirs\n').findings).toEqual([])
    expect(parse('a: [\n <<<<<<< HEAD\n').findings[0]?.message).not.toContain('conflict')
  })

  test('what is left of a merge conflict that was resolved in part, instead of what follows from it', () => {
    const file = parse('<<<<<<< HEAD\na: 1\nb:\n  - c\n>>>>>>> theirs\n')

    expect(file.documents).toEqual([])
    expect(file.findings.map(({ place, message, found }) => [place.line, message, found])).toEqual([
      [1, 'not valid YAML: the line is a marker of a merge conflict that was resolved in part', '<<<<<<< HEAD'],
      [5, 'not valid YAML: the line is a marker of a merge conflict that was resolved in part', '>>>>>>> theirs'],
    ])
  })

  test('problems of all documents, at once', () => {
    expect(parse('a: 1\na: 2\n---\nb: *x\n---\nok: 1\n').findings.map(({ place }) => place.line)).toEqual([2, 4])
  })

  test.each([
    ['['.repeat(20_000)],
    ['{a: '.repeat(20_000)],
    ['- '.repeat(20_000)],
    ['@'.repeat(9000)],
    ['}'.repeat(3000)],
    ['<<<<<<< a: [\n'.repeat(6_000)],
    ['? '.repeat(20_000)],
    ['a: [\n'.repeat(6_000)],
    ['<<<<<<< a: [\n=======\n>>>>>>> b\n'.repeat(2_500)],
  ])('what is no YAML at all, in a few findings and no crash (%#)', (text) => {
    const { documents, findings } = parse(text)

    expect(documents).toEqual([])
    expect(findings.length).toBeGreaterThan(0)
    expect(findings.length).toBeLessThanOrEqual(21)
  })

  test('any bytes whatever give documents or findings, never both, and never a crash', () => {
    const yamlish = fc.array(
      fc.constantFrom(
        'a',
        ': ',
        '- ',
        '\n',
        '\n  ',
        '&x ',
        '*x',
        '<<: ',
        '{',
        '}',
        '[',
        ']',
        ',',
        '"',
        "'",
        '|',
        '>',
        '#',
        '!',
        '---\n',
        '...\n',
        '\t',
        '\r',
        '? ',
        '%',
      ),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          yamlish.map((parts) => bytesOf(parts.join(''))),
        ),
        (bytes) => {
          const { documents, findings } = parseYamlFile(bytes, 'a.yaml')
          expect(documents.length === 0 || findings.length === 0).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})

test('scalars are what Kubernetes takes them for', () => {
  // kustomize 5.8.1 on the same text; there `0o17` is 15 as well, which nobody writes.
  const text =
    'a: 22:22\nb: 1:30.5\nc: 010\nd: 0x1F\ne: 1_000\nf: 2024-01-02\ng: 1e3\nh: .5\ni: 09\nj: ~\nk: "y"\nl: 0b11\nm: e1\nx: .\no: -.\np: ._\nq: 0_\nr: 0x_\ns: 1_.5\nt: 5.\n'
  expect(values(text)).toEqual([
    {
      a: '22:22',
      b: '1:30.5',
      c: 8,
      d: 31,
      e: 1000,
      f: '2024-01-02',
      g: 1000,
      h: 0.5,
      i: 9,
      j: null,
      k: 'y',
      l: 3,
      m: 'e1',
      x: '.',
      o: '-.',
      p: '._',
      q: 0,
      r: '0x_',
      s: 1.5,
      t: 5,
    },
  ])
  // kubectl reads YAML 1.1 booleans, all spellings of them.
  expect(values('[y, Yes, on, true, n, No, OFF, False]')).toEqual([[true, true, true, true, false, false, false, false]])
})

test('a merge key gives what it merges, and a quoted one is a key', () => {
  expect(values('base: &b {k: 1, l: 1}\nmore:\n  <<: *b\n  l: 2\n')).toEqual([{ base: { k: 1, l: 1 }, more: { k: 1, l: 2 } }])
  expect(values('"<<": {k: 1}\n')).toEqual([{ '<<': { k: 1 } }])
})

test('a file may use one anchor a few hundred times', () => {
  expect(parse(`a: &a x\nlist:\n${'- *a\n'.repeat(900)}`).findings).toEqual([])
})

test('a byte order mark and CRLF change neither values nor lines, and stay in the text', () => {
  const file = parse('\ufeffa: 1\r\nb:\r\n  - c\r\n---\r\nd: 4\r\n')

  expect(file.documents.map(({ value }) => value)).toEqual([{ a: 1, b: ['c'] }, { d: 4 }])
  expect(file.documents[0]?.lineOf(['b', 0])).toBe(3)
  expect(file.documents[1]?.lineOf(['d'])).toBe(5)
  expect(file.text.startsWith('\ufeff')).toBe(true)
  expect(file.text.slice(file.documents[0]?.nodeAt(['b', 0])?.range[0]).startsWith('c')).toBe(true)
})

test('documents that hold nothing are left out and keep their index', () => {
  expect(parse('').documents).toEqual([])
  expect(parse('# only a comment\n').documents).toEqual([])
  expect(parse('---\n---\na: 1\n---\n# nothing\n---\n~\n---\nb: 2\n').documents.map(({ index, value }) => [index, value])).toEqual([
    [1, { a: 1 }],
    [4, { b: 2 }],
  ])
})

test('ten thousand documents are read in a few seconds, with their lines', { timeout: 20_000 }, () => {
  const { documents, findings } = parse('a: 1\n---\n'.repeat(10_000))

  expect(findings).toEqual([])
  expect(documents.length).toBe(10_000)
  expect(documents[9999]?.lineOf(['a'])).toBe(19_999)
})

describe('lines', () => {
  const text = 'a:\n  b:\n    - c: 1\n      d: 2\n    - 5\n1: x\nbase: &base\n  k: 1\nuse: *base\n'
  const [document] = parse(text).documents

  test.each([
    [['a'], 1],
    [['a', 'b'], 2],
    [['a', 'b', 0], 3],
    [['a', 'b', 0, 'd'], 4],
    [['a', 'b', 1], 5],
    [['1'], 6],
    [['a', 'b', 7], 2],
    [['a', 'x', 'y'], 1],
    [['use', 'k'], 9],
    [['nothing'], 1],
    [[], 1],
  ] as const)('%j stands in line %i, or its nearest parent does', (path, line) => {
    expect(document?.lineOf(path)).toBe(line)
  })

  test('of a key in a map, and the node of a path', () => {
    expect(document?.lineOfKey(['a', 'b', 0], 'd')).toBe(4)
    expect(document?.nodeAt(['a', 'nothing'])).toBeNull()
    expect(document?.nodeAt([])?.range[0]).toBe(0)
    const [start = 0, end = 0] = document?.nodeAt(['a', 'b', 0, 'd'])?.range ?? []
    expect(text.slice(start, end)).toBe('2')
  })
})

function billionLaughs(): string {
  const levels = Array.from(
    { length: 9 },
    (_, index) => `l${index}: &l${index} [${Array.from({ length: 9 }, () => (index === 0 ? 'x' : `*l${index - 1}`)).join(', ')}]\n`,
  )
  return levels.join('')
}
