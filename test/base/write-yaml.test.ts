import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Document, parse, Scalar, visit } from 'yaml'
import { parseYamlFile, writeYaml } from '../../src/base/index.ts'
import { casesOf, seedOf } from '../support/cases.ts'
import { bytesOf } from '../support/mesh.ts'
import { onPath } from '../support/tools.ts'

/** Words that one YAML reader or another takes for something else than text, and texts that break lines in odd places. */
const traps = [
  '', ' ', 'y', 'N', 'yes', 'On', 'off', 'true', 'FALSE', 'null', 'Null', '~', 'nan', '.nan', '.inf', '-.INF', 'Infinity', '<<', '=', '-', '?', ':', '- a', 'a: b', 'a #b', '#', '&a', '*a', '!a', '|', '>', '%', '@', '`',
  '0', '-0', '+1', '007', '0o17', '0x_f', '0b11', '1_000', '1e3', '.5', '5.', 'e1', '1:30', '190:20:30.5', '2024-01-02', '2024-01-02T03:04:05Z', '12:30:45',
  'a\n', 'a\nb\n', '\na\n', 'a\n\n', 'a\n\nb\n', 'a\n  b\n\n\nc\n', 'a \nb\n', ' a\nb\n', 'a\tb\n', '\ta', 'a\r\nb\n', 'a\rb', '---', '---\na\n', '...', '...\nb\n', 'a\n---\nb\n', '# x\ny\n', '"', "'", '\\', '\\n', 'a"b\'c',
  '\u0085', '\u2028', '\u2029', '\ufeff', 'a\u0085b\n', 'a\u2028b\n', '\u00a0', '\u007f', '\u0001', '\u001b[0m', '\ufffd', '\u{1f511}', 'a\u{1f511}\n', 'é\n', 'x'.repeat(300), `${'word '.repeat(60)}\n`,
] // prettier-ignore

const text = fc.oneof(
  fc.constantFrom(...traps),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc
    .array(fc.oneof(fc.constantFrom(...traps), fc.constantFrom('\n', '\r', '\t', ' ', '  ')), { maxLength: 4 })
    .map((parts) => parts.join('')),
  fc.string({ unit: fc.constantFrom('a', '0', '1', '_', '.', ':', '-', '+', 'e', 'x', 'o', 'b', ' '), maxLength: 8 }),
)
const wellFormed = text.filter((one) => !/\p{Surrogate}/u.test(one))
const scalar = fc.oneof(
  wellFormed,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (Object.is(one, -0) ? 0 : one)),
)
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(
      wellFormed.filter((key) => key !== '__proto__'),
      tie('tree'),
      { maxKeys: 4 },
    ),
  ),
}))

test('every value that is written is read back as the same by YAML 1.1, YAML 1.2 and our own reader', () => {
  fc.assert(
    fc.property(tree, fc.constantFrom(2, 4), (value, indent) => {
      const written = writeYaml({ value }, { indent })
      expect(parse(written, { version: '1.2' }), written).toEqual({ value })
      expect(parse(written, { version: '1.1', customTags: (tags) => tags }), written).toEqual({ value })
      expect(parseYamlFile(bytesOf(written), 'a.yaml').documents[0]?.value, written).toEqual({ value })
    }),
    { numRuns: 600 },
  )
})

/** The same value, laid out by the package: each text in the style that the writer has chosen for it. */
function laidOutByPackage(value: unknown, indent: number): string {
  const document = new Document(value, { version: '1.2', aliasDuplicateObjects: false } as never)
  visit(document, {
    Scalar(key, node) {
      if (typeof node.value !== 'string') return
      const [first] = writeYaml(key === 'key' ? { [node.value]: 1 } : { key: node.value }).slice(key === 'key' ? 0 : 'key: '.length)
      node.type = first === '"' ? Scalar.QUOTE_DOUBLE : first === '|' ? Scalar.BLOCK_LITERAL : Scalar.PLAIN
    },
  })
  const text = document.toString({ indent, lineWidth: 0, doubleQuotedAsJSON: true, blockQuote: 'literal' })
  return text.replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

test('the layout is the package’s', () => {
  fc.assert(
    fc.property(fc.oneof(tree, fc.array(fc.oneof(fc.double(), fc.bigInt()))), fc.constantFrom(2, 4), (value, indent) => {
      expect(writeYaml({ value }, { indent })).toBe(laidOutByPackage({ value }, indent))
    }),
    { numRuns: casesOf('written'), seed: seedOf(23) },
  )
})

test('a Map keeps its order, also where its keys look like numbers', () => {
  expect(
    writeYaml(
      new Map([
        [
          'b',
          new Map<string, unknown>([
            ['2', []],
            ['1', new Map()],
          ]),
        ],
      ]),
    ),
  ).toBe('b:\n  "2": []\n  "1": {}\n')
})

test('what is undefined is left out of a map', () => {
  expect(writeYaml({ a: undefined, b: { c: undefined }, d: 1 })).toBe('b: {}\nd: 1\n')
})

test('text is plain only as facts/sops.md 1.5 allows, a literal block, or in double quotes', () => {
  fc.assert(
    fc.property(wellFormed, (value) => {
      const written = writeYaml({ key: value }).slice('key: '.length)
      if (written.startsWith('"') || written.startsWith('|\n')) return
      expect(written).toBe(`${value}\n`)
      expect(value).toMatch(/^[A-Za-z][A-Za-z0-9_./-]*$/)
      expect(value).not.toMatch(/^(y|n|yes|no|on|off|true|false|null|nan|inf)$/i)
    }),
    { numRuns: 500 },
  )
})

test('no byte that a reader of YAML breaks lines at, or drops, stands in the text', () => {
  fc.assert(
    fc.property(tree, (value) => {
      expect(writeYaml({ value })).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/)
    }),
  )
})

test('writing twice gives the same bytes, and keys keep their order', () => {
  const value = { b: 1, a: { z: 'x', y: ['-', 'no'] } }

  expect(writeYaml(value)).toBe('b: 1\na:\n  z: x\n  "y":\n    - "-"\n    - "no"\n')
  expect(writeYaml(value)).toBe(writeYaml(structuredClone(value)))
})

test('a value that stands twice is written twice: no anchors', () => {
  const shared = { a: 'x' }

  expect(writeYaml({ one: shared, two: shared })).toBe('one:\n  a: x\ntwo:\n  a: x\n')
})

test('a certificate is a literal block, line for line', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

  expect(writeYaml({ certificate: pem })).toBe(`certificate: |\n  ${pem.trimEnd().replaceAll('\n', '\n  ')}\n`)
})

test('a comment stands at the head, line by line', () => {
  expect(writeYaml({ a: 1 }, { comment: 'one\n\ntwo' })).toBe('# one\n#\n# two\na: 1\n')
})

describe.skipIf(!onPath('kustomize'))('kustomize 5.8', () => {
  test('reads every text in a ConfigMap as it was written, and keys too', { timeout: 20_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'write-yaml-'))
    // It reads these characters, but what go-yaml's emitter writes of them nobody can read back.
    const texts = [...new Set([...traps, ...fc.sample(wellFormed, { numRuns: 400, seed: 7 })])].filter(
      (one) => !/[\r\u007f-\u009f\u2028\u2029\ufeff]/.test(one),
    )
    const data = Object.fromEntries(texts.map((value, index) => [`key-${index}`, value]))
    const keys = Object.fromEntries(texts.filter((key) => key !== '__proto__' && key !== '<<').map((key, index) => [key, `v${index}`]))
    writeFileSync(join(folder, 'kustomization.yaml'), writeYaml({ resources: ['map.yaml', 'keys.yaml'] }))
    writeFileSync(join(folder, 'map.yaml'), writeYaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map' }, data }))
    writeFileSync(
      join(folder, 'keys.yaml'),
      writeYaml({ apiVersion: 'example.org/v1', kind: 'Keys', metadata: { name: 'keys' }, spec: { keys } }),
    )

    const built = execFileSync('kustomize', ['build', folder], { encoding: 'utf8' })
    rmSync(folder, { recursive: true })

    // What kustomize writes is read by YAML 1.2, as go-yaml v3 means it.
    const objects = built
      .split('\n---\n')
      .map((one) => parse(one, { version: '1.2' }) as { kind: string; data?: unknown; spec?: { keys: unknown } })
    expect(objects.find(({ kind }) => kind === 'ConfigMap')?.data).toEqual(data)
    expect(objects.find(({ kind }) => kind === 'Keys')?.spec?.keys).toEqual(keys)
  })
})
