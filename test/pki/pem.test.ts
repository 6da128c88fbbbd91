import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bundleText, parseBundle, splitPem } from '../../src/pki/index.ts'
import { writePem } from '../../src/pki/pem.ts'
import { makeCa } from './made-ca.ts'

const a = makeCa().certificate.pem
const b = makeCa().certificate.pem

describe('what Go does not see becomes a fault', () => {
  test('two blocks joined without a line break: both are lost', () => {
    const found = splitPem(a.trimEnd() + b)

    expect(found.blocks).toEqual([])
    expect(found.faults).toEqual([{ kind: 'glued', line: a.split('\n').length - 1 }])
  })

  test.each([
    ['an END is missing', a.replace('-----END CERTIFICATE-----\n', ''), 'unpaired'],
    ['an END without a BEGIN', '-----END CERTIFICATE-----\n', 'unpaired'],
    ['an END of another type', a.replace('END CERTIFICATE', 'END PRIVATE KEY'), 'unpaired'],
    ['a BEGIN that is cut off', a.replace('BEGIN CERTIFICATE-----', 'BEGIN CERTIFICATE----'), 'bad-boundary'],
    ['a byte order mark', `\ufeff${a}`, 'bad-boundary'],
    ['an indented BEGIN, as a YAML block leaves it', `  ${a}`, 'bad-boundary'],
    ['base64 that is cut off', a.replace(/.\n-----END/, '\n-----END'), 'bad-base64'],
  ])('%s', (_, text, kind) => {
    const found = splitPem(text)

    expect(found.blocks).toEqual([])
    expect(found.faults.map((fault) => fault.kind)).toEqual([kind])
  })

  test('a block after a broken one is still seen', () => {
    const found = splitPem(a.replace('-----END CERTIFICATE-----\n', '') + b)

    expect(found.blocks).toHaveLength(1)
    expect(found.faults).toEqual([{ kind: 'unpaired', line: 1 }])
  })
})

test('comments, line ends and the last line are told, not judged', () => {
  const found = splitPem(`# the root\n\n${a.replaceAll('\n', '\r\n').trimEnd()}\n${b.trimEnd()}`)

  expect(found).toMatchObject({ faults: [], stray: [1], carriageReturn: 3, endsInNewline: false })
  expect(found.blocks.map(({ type, line }) => ({ type, line }))).toEqual([
    { type: 'CERTIFICATE', line: 3 },
    { type: 'CERTIFICATE', line: a.split('\n').length + 2 },
  ])
})

test('headers inside a block are seen', () => {
  const found = splitPem(a.replace('-----\n', '-----\nProc-Type: 4,ENCRYPTED\n\n'))

  expect(found.blocks.map(({ hasHeaders }) => hasHeaders)).toEqual([true])
})

test('an empty text holds nothing and is whole', () => {
  expect(splitPem('')).toEqual({ blocks: [], faults: [], stray: [], carriageReturn: null, endsInNewline: true })
})

test('what was written is read back: types, bytes and order', () => {
  const block = fc.record({
    type: fc.constantFrom('CERTIFICATE', 'PRIVATE KEY', 'X509 CRL'),
    der: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  })
  fc.assert(
    fc.property(fc.array(block, { maxLength: 5 }), (blocks) => {
      const found = splitPem(blocks.map(({ type, der }) => writePem(type, der)).join(''))
      expect(found.blocks.map(({ type, der }) => ({ type, der: Uint8Array.from(der) }))).toEqual(blocks)
      expect(found).toMatchObject({ faults: [], stray: [], carriageReturn: null, endsInNewline: true })
    }),
  )
})

test('any text is taken apart without an exception', () => {
  const line = fc.oneof(
    fc.constantFrom(
      '-----BEGIN CERTIFICATE-----',
      '-----END CERTIFICATE-----',
      '-----END A----------BEGIN A-----',
      'AAAA',
      '',
      'a: b',
      '\r',
    ),
    fc.string(),
  )
  fc.assert(fc.property(fc.array(line), (lines) => void splitPem(lines.join('\n'))))
})

const pool = Array.from({ length: 4 }, () => makeCa().certificate)

test('a bundle reads back as the certificates that it was written from', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pool), { maxLength: 6 }), (certificates) => {
      expect(parseBundle(bundleText(certificates)).map(({ fingerprint }) => fingerprint)).toEqual(
        certificates.map(({ fingerprint }) => fingerprint),
      )
    }),
  )
})

test('bundles can be joined', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pool)), fc.array(fc.constantFrom(...pool)), (one, other) => {
      expect(bundleText(one) + bundleText(other)).toBe(bundleText([...one, ...other]))
    }),
  )
})

test('a bundle with something else in it is refused with its line', () => {
  expect(() => parseBundle(a + writePem('PRIVATE KEY', Uint8Array.of(1)))).toThrow(
    `line ${a.split('\n').length}: a PRIVATE KEY block is not a certificate`,
  )
  expect(() => parseBundle(a.trimEnd() + b)).toThrow('the PEM is broken (glued)')
})

test('lines of any length are judged', { timeout: 20_000 }, () => {
  const spaces = ' \t'.repeat(200_000)

  expect(splitPem(`-----BEGIN CERTIFICATE-----${spaces}x\n`).faults).toEqual([{ kind: 'bad-boundary', line: 1 }])
  expect(splitPem(`${a.trimEnd()}${spaces}\n`).blocks).toHaveLength(1)
  expect(splitPem('-----END '.repeat(50_000)).faults).toEqual([{ kind: 'bad-boundary', line: 1 }])
  expect(splitPem(`${'-----END '.repeat(50_000)}-----BEGIN x`).faults).toEqual([{ kind: 'glued', line: 1 }])
  expect(splitPem('-----END A-----\r-----BEGIN A-----').faults).toEqual([{ kind: 'bad-boundary', line: 1 }])
})
