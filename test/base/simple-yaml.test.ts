import fc from 'fast-check'
import { isMap, isScalar } from 'yaml'
import type { Node } from 'yaml'
import { describe, expect, test } from 'vitest'
import { readSimpleYaml } from '../../src/base/simple-yaml.ts'
import { parseText, parseYamlFile } from '../../src/base/yaml.ts'
import { casesOf, seedOf } from '../support/cases.ts'
import { exampleTree } from '../support/example.ts'

const manifests = Object.entries({ ...exampleTree('flux'), ...exampleTree('argocd') })
  .filter(([path]) => /\.ya?ml$/.test(path))
  .map(([, bytes]) => Buffer.from(bytes).toString('utf8'))

/** What simple YAML is made of, what ends it, and what only looks like it. */
const bits = [
  ...[' ', '  ', '\n', '\n  ', '\n    ', ':', ': ', '- ', '-', '#', ' #', ',', ', ', "'", '"', '{', '}', '[', ']', '\n\n', '\n# c\n'],
  ...['a: b', 'b:\n', 'c: |\n  ', 'd: |-\n', 'e: >\n', '"f": g', "'h' : i", '{a: 1}', '[a, b]', '- a\n- b\n', '- - c', 'a: 1\n  b: 2'],
  ...['&', '*', '!', '?', '%', '@', '`', '<<', '=', '---', '---\n', '...\n', '\\', '\\n', '\\u00e9', '\t', '\r\n', '\ufeff', '\u2028'],
  ...[
    'y',
    'on',
    'Yes',
    'null',
    'NULL',
    '~',
    '0',
    '1',
    '010',
    '08',
    '0x1',
    '0b1',
    '1e3',
    '1_0',
    '.5',
    '5.',
    '1:2',
    '.inf',
    '.nan',
    '2020-01-01',
  ],
  ...['0o17', '0o8', '0O7', '0X1F', '0B1'],
  ...['+', '_', '/', '.', '$', '(', '^', ';', '-1', '--x', '\u00a0', 'é', '😀', '__proto__: 1', 'constructor: 1', '1: 2', 'true: x'],
]
const cut = fc.tuple(fc.constantFrom(...manifests), fc.nat(), fc.nat(12)).map(([text, from, length]) => {
  const lines = text.split('\n')
  const taken = lines.slice(from % lines.length, (from % lines.length) + length + 1)
  const indent = Math.min(...taken.filter((line) => line.trim() !== '').map((line) => line.search(/[^ ]/)))
  return taken.map((line) => line.slice(Number.isFinite(indent) ? indent : 0)).join('\n')
})
/** A key may have 1,024 characters before its colon. */
const longKeys = [1000, 1024, 1025].flatMap((length) => [
  `${'k'.repeat(length)}: v`,
  `"${'k'.repeat(length - 2)}": v`,
  `a:\n- ${'k'.repeat(length)}: v`,
  `a: {${'k'.repeat(length)}: v}`,
])
/** Lines on which readers of YAML are known to differ. */
const delicate = [
  ...[
    'a: b#c',
    'a: #b',
    'a: b #c',
    'a: "b"#c',
    'a: {b: c#d}',
    'a: {b: c #d}',
    "a: it's",
    "a: 'it''s'",
    'a: b "c"',
    'a: b:c',
    'a: :b',
    'a:b',
  ],
  ...[
    'a: |\n  b\n     \n  c',
    'a: |\n  b\n      \n',
    'a: |-\n  b\n\n\n',
    'a: |\n  b\n # c\n',
    'a: |\n  # b',
    'a: |\n  b\n   c\n d',
    'a: | # b\n  c',
  ],
  ...[
    'a:\n- b\n-  c',
    'a:\n  - b: 1\n    c: 2\n  -\n    d: 3',
    '-\n- a',
    '- a:\n  - b',
    '-   a: 1\n    b: 2',
    '- - a\n  - b',
    'a:\n  b:\n- c',
  ],
  ...[
    'a: [b, c:d]',
    'a: [b:]',
    'a: {b: }',
    'a: {b}',
    'a: [-1, - b]',
    'a: [ ]',
    'a: { }',
    'a: [[b], {c: [d]}]',
    'a: {b: "c", "d": e}',
    'a: [b c , d]',
  ],
  ...[
    'a: -',
    'a: --',
    'a: ---',
    'a: ...',
    'a: -b',
    'a: ~',
    'a: ~b',
    'a :b',
    'a : b',
    '"a": b',
    '"a" : b',
    'a.b/c-d: e',
    '$patch: delete',
    '.a: b',
  ],
  ...[
    '# a\n---\na: 1',
    '---\n---\na: 1\n---\n',
    '--- # a\nb: 1',
    'a: 1\n---  \nb: 2',
    'a: "b\\u00e9\\n"',
    'a: "\\ud83d\\ude00"',
    'a: b  ',
    'a: b\u00a0',
  ],
]
const made = fc
  .array(
    fc.oneof(
      fc.constantFrom(...bits),
      fc.constantFrom(...delicate, ...longKeys).map((line) => `${line}\n`),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
const edits = fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...bits, '')), { maxLength: 4 })
const texts = fc.tuple(fc.oneof(cut, made), edits).map(([text, changes]) =>
  changes.reduce((now, [at, length, bit]) => {
    const place = at % (now.length + 1)
    return now.slice(0, place) + bit + now.slice(place + length)
  }, text),
)

describe('it leaves to the parser', () => {
  test.each([
    ['an anchor and an alias', 'a: &x 1\nb: *x\n'],
    ['a merge key', 'a:\n  <<: b\n'],
    ['a tag', 'a: !!str 1\n'],
    ['a directive', '%YAML 1.1\n---\na: 1\n'],
    ['the end of a document', 'a: 1\n...\n'],
    ['content behind dashes', '--- a: 1\n'],
    ['a tab', 'a:\tb\n'],
    ['a carriage return', 'a: b\r\n'],
    ['a byte order mark', '\ufeffa: b\n'],
    ['a key twice', 'a: 1\na: 2\n'],
    ['a key twice in brackets', 'a: {b: 1, "b": 2}\n'],
    ['a key that is no string', 'y: 1\n'],
    ['a prototype', '__proto__: 1\n'],
    ['a complex key', '? a\n: b\n'],
    ['a key too long for its line', `${'k'.repeat(1025)}: v\n`],
    ['a quoted key too long for its line', `a:\n  "${'k'.repeat(1023)}": v\n`],
    ['a scalar on several lines', 'a: b\n  c\n'],
    ['a quoted scalar on several lines', 'a: "b\n  c"\n'],
    ['brackets on several lines', 'a: [b,\n  c]\n'],
    ['a folded block', 'a: >\n  b\n'],
    ['an indentation indicator', 'a: |2\n   b\n'],
    ['a block that begins with an empty line', 'a: |\n\n  b\n'],
    ['a block that is not indented', 'a: |\nb: 1\n'],
    ['a map behind a key', 'a: b: c\n'],
    ['a line between two indentations', 'a:\n    b: 1\n  c: 2\n'],
    ['an item among keys', 'a: 1\n- b\n'],
    ['a key among items', '- a\nb: 1\n'],
    ['a template', 'a: {{ .Values.b }}\n'],
    ['a scalar alone', 'hello\n'],
    ['a quote that does not end', "a: 'b\n"],
    ['an escape that JSON has not', 'a: "\\x41"\n'],
    ['text behind a quote', 'a: "b" c\n'],
    ['a comma too much', 'a: [b, ]\n'],
    ['more levels than people write', `a: ${'['.repeat(101)}${']'.repeat(101)}\n`],
    ['more levels of blocks than people write', `${'- '.repeat(200)}a\n`],
  ])('%s', (_, text) => {
    expect(readSimpleYaml(text)).toBeNull()
  })
})

test('almost every manifest is simple', () => {
  const simple = manifests.filter((text) => readSimpleYaml(text) !== null)

  expect(simple.length / manifests.length).toBeGreaterThan(0.9)
})

const asRead = (text: string): unknown => readSimpleYaml(text)?.map(({ index, value, line }) => ({ index, value, line }))
const asParsed = (text: string): unknown =>
  parseText(text, 'file.yaml').documents.map((document) => ({ index: document.index, value: document.value, line: document.lineOf([]) }))

test('what it reads of manifests, the parser reads the same', () => {
  for (const text of manifests.filter((one) => readSimpleYaml(one) !== null)) expect(asRead(text)).toEqual(asParsed(text))
})

test.each([...delicate, ...longKeys].map((text) => [text.replace(/k{9,}/, 'kk…'), text]))(
  'what it reads of %j, the parser reads the same',
  (_, text) => {
    const found = asRead(text)

    if (found === undefined) return
    expect(parseText(text, 'file.yaml').findings).toEqual([])
    expect(found).toEqual(asParsed(text))
  },
)

test('what it reads of any text, the parser reads the same, without a finding', () => {
  let read = 0
  const count = casesOf('yaml')
  fc.assert(
    fc.property(texts, (text) => {
      const found = asRead(text)
      if (found === undefined) return
      read++
      expect(parseText(text, 'file.yaml').findings).toEqual([])
      expect(found).toEqual(asParsed(text))
    }),
    { numRuns: count, seed: seedOf(21) },
  )

  // Otherwise the law would say nothing.
  expect(read / count).toBeGreaterThan(0.1)
})

test('a million brackets, dashes or indentations are answered, and not in a stack overflow', () => {
  for (const text of [`a: ${'['.repeat(1_000_000)}`, '- '.repeat(1_000_000), `a: ${'{b: '.repeat(100_000)}`])
    expect(readSimpleYaml(text)).toBeNull()
})

describe('nodes along a path', () => {
  const keys = ['spec', 'template', 'metadata', 'annotations'] as const
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

  /** Kind and place of what is on the way, and of the entries beside it. Of block maps the end is not asked for. */
  function along(node: Node | null, path: readonly string[]): unknown {
    if (isScalar(node)) return [node.value, node.type, node.range?.slice(0, 2)]
    if (!isMap(node)) return node?.constructor.name
    const [key, ...rest] = path
    return {
      from: node.range?.[0],
      flow: node.flow === true,
      entries: node.items.map((pair) => [
        along(pair.key as Node, []),
        ...(key === undefined || (isScalar(pair.key) && pair.key.value === key) ? [along(pair.value as Node | null, rest)] : []),
      ]),
    }
  }

  const other = fc.constantFrom(
    'x: 1',
    'x:\n  metadata:\n    annotations:\n      a: 1',
    'x:\n- spec: 1\n  template: 2',
    'x: |\n  spec:\n    template: 1',
    '# c',
  )
  const indented = (text: string, by: number): string => text.replace(/^(?=.)/gm, ' '.repeat(by))
  const leaf = fc.constantFrom(
    'a: 1',
    '"a": |\n  b: 2\n  c',
    'a: {b: 1}',
    '# only a comment',
    '{a: 1}',
    'a:\n"b": "c" # d\nc: e # f\nd: \'g\'  \ne: ~',
    'a: 1\nb:\n- c: 1\n  d: 2',
    '- a: 1\n  b: 2',
    '- a\n',
  )
  const nested = fc
    .tuple(leaf, fc.array(fc.tuple(other, other, fc.constantFrom(0, 1, 2, 4)), { minLength: 4, maxLength: 4 }))
    .map(([inner, levels]) =>
      keys.toReversed().reduce<string>((below, key, index) => {
        const [before = '', after = '', step = 2] = levels[index] ?? []
        return `${before}\n${key}:\n${indented(below, step)}\n${after.replace('x', 'z')}`
      }, inner),
    )

  test('stand where the parser has them', () => {
    let simple = 0
    fc.assert(
      fc.property(fc.array(nested, { minLength: 1, maxLength: 3 }), (documents) => {
        const text = documents.join('\n---\n')
        if (readSimpleYaml(text) === null) return
        simple++
        const read = parseYamlFile(encode(text), 'file.yaml').documents

        expect(read.map((document) => along(document.nodeAlong(keys), keys))).toEqual(
          read.map((document) => along(document.nodeAt([]), keys)),
        )
      }),
      { numRuns: casesOf('nodes'), seed: seedOf(22) },
    )
    expect(simple).toBeGreaterThan(20)
  })
})
