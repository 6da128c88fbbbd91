import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  Confidential,
  describeFinding,
  exitCodes,
  firstOfEachKind,
  findingTitles,
  formatWorkloadId,
  groupBy,
  parseBySchema,
  parseSha256,
  parseWorkloadId,
  RerootError,
  sha256,
  withoutCredentials,
  workloadKinds,
} from '../../src/base/index.ts'
import type { ErrorCode, Finding } from '../../src/base/index.ts'

test('a secret shows itself in no way but reveal()', () => {
  const needle = 'AGE-SECRET-KEY-1NEEDLE'
  const secret = new Confidential(needle)
  const shown = [
    String(secret),
    // oxlint-disable-next-line typescript/restrict-template-expressions -- what a slip would write
    `${secret}`,
    JSON.stringify({ secret, list: [secret] }),
    inspect({ deep: { secret } }, { depth: null, showHidden: true, getters: true }),
    inspect(secret, { customInspect: false, showHidden: true }),
    Object.keys(secret).join(''),
    JSON.stringify(structuredClone(secret)),
    new Error('x', { cause: secret }).stack ?? '',
  ]

  expect(shown.join('\n')).not.toContain('NEEDLE')
  expect(secret.reveal()).toBe(needle)
})

describe('refused', () => {
  test.each([
    '',
    'a/b',
    'Deployment/shop',
    'Deployment/shop/cart/x',
    'Deployment//cart',
    'Deployment/shop/',
    'Pod/shop/cart',
    'deployment/shop/cart',
    ' Deployment/a/b',
  ])('%j is no workload', (text) => {
    expect(parseWorkloadId(text)).toBeNull()
  })

  test.each(['', 'a'.repeat(63), 'a'.repeat(65), 'A'.repeat(64), `${'a'.repeat(64)}\n`, 'g'.repeat(64)])('%j is no SHA-256', (text) => {
    expect(parseSha256(text)).toBeNull()
  })
})

test('a workload id that is written is read as the same', () => {
  const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/)
  fc.assert(
    fc.property(fc.constantFrom(...workloadKinds), name, name, (kind, namespace, id) => {
      expect(parseWorkloadId(formatWorkloadId({ kind, namespace, name: id }))).toEqual({ kind, namespace, name: id })
    }),
  )
})

test('a hash of text is the hash of its UTF-8 bytes, and reads as one', () => {
  // echo -n abc | sha256sum
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 8 }), (text) => {
      expect(sha256(text)).toBe(sha256(new TextEncoder().encode(text)))
      expect(parseSha256(sha256(text))).toBe(sha256(text))
    }),
    { numRuns: 30 },
  )
})

test('grouping loses and reorders nothing within a group, and groups stand in the order of first appearance', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 })), (items) => {
      const groups = groupBy(
        items.map((item, index) => ({ item, index })),
        ({ item }) => item,
      )
      expect([...groups.keys()]).toEqual([...new Set(items)])
      for (const [item, group] of groups)
        expect(group.map(({ index }) => index)).toEqual(items.flatMap((one, index) => (one === item ? [index] : [])))
    }),
  )
})

test('every error code has an exit code of product.md, and keeps cause and findings', () => {
  for (const code of Object.keys(exitCodes) as ErrorCode[]) {
    const cause = new Error('why')
    const error = new RerootError(code, 'it failed', { hint: 'mend it', cause })
    expect([2, 3, 4]).toContain(error.exitCode)
    expect(error).toMatchObject({ name: 'RerootError', code, hint: 'mend it', cause, findings: [] })
  }
  expect(exitCodes).toMatchObject({
    CONFIG_INVALID: 2,
    RECORD_INVALID: 2,
    REFUSED: 3,
    NO_IDENTITY: 3,
    FOREIGN_COMMITS: 3,
    GIT_FAILED: 4,
    SOPS_FAILED: 4,
  })
})

test('ids of findings are area/kebab, and titles begin as messages do', () => {
  for (const [id, title] of Object.entries(findingTitles)) {
    expect(id).toMatch(/^[a-z]+\/[a-z]+(-[a-z]+)*$/)
    expect(title, id).not.toMatch(/\.$/)
  }
})

test('a finding in text has place, expectation, find and remedy, and leaves out what it does not know', () => {
  const finding = { id: 'record/phase', severity: 'error', message: 'signer is wrong', remedy: 'take it back' } as const

  expect(describeFinding({ ...finding, place: { cluster: 'prod', file: 'a.yaml', line: 3 }, expected: 'g1', found: 'g2' })).toBe(
    'prod a.yaml:3: signer is wrong [record/phase]\n  expected: g1\n  found: g2\n  remedy: take it back',
  )
  expect(describeFinding({ ...finding, place: { file: 'a.yaml', object: 'Secret/x' } })).toBe(
    'a.yaml Secret/x: signer is wrong [record/phase]\n  remedy: take it back',
  )
  expect(describeFinding({ ...finding, place: {} })).toBe('signer is wrong [record/phase]\n  remedy: take it back')
})

describe('an address is shown without what could be a password', () => {
  test.each([
    ['https://ada:secret@git.example/x', 'https://git.example/x'],
    ['(git+https://token@git.example)', '(git+https://git.example)'],
    ['https://ada:se@cret@git.example', 'https://git.example'],
    ['x.https://t@h and -https://t@h and _https://t@h', 'x.https://h and -https://h and _https://h'],
    [`${'a'.repeat(60)}://ada:secret@h`, `${'a'.repeat(60)}://h`],
    ['ssh://git@h/x git+ssh://git:secret@h/x SSH://git@h', 'ssh://git@h/x git+ssh://git@h/x SSH://git@h'],
    ['x-ssh://git:secret@h', 'x-ssh://h'],
    ['https://git.example/x@y a@b git@h:x', 'https://git.example/x@y a@b git@h:x'],
  ])('%s', (text, shown) => {
    expect(withoutCredentials(text)).toBe(shown)
  })

  test('of any length', { timeout: 20_000 }, () => {
    const long = 'a.'.repeat(200_000)

    expect(withoutCredentials(`${long} ${long}://ada:secret@h`)).toBe(`${long} ${long}://h`)
    expect(withoutCredentials('a://'.repeat(200_000))).toBe('a://'.repeat(200_000))
  })
})

test('what a schema does not know is told in few characters', () => {
  const bytes = new TextEncoder().encode(`${'k'.repeat(900)}: 1\na:\n  ${'l'.repeat(400)}: 'https://ada:secret@h/${'x'.repeat(500)}'\n`)
  const read = parseBySchema(bytes, 'f.yaml', z.strictObject({ a: z.record(z.string(), z.number()) }), { id: 'config/schema', remedy: 'r' })

  const findings = read.ok ? [] : read.findings
  expect(findings).toHaveLength(2)
  for (const finding of findings) {
    expect(describeFinding(finding).length).toBeLessThan(600)
    expect(describeFinding(finding)).not.toContain('secret')
  }
})

test('of very many findings the first of each kind are read, and the rest is counted', () => {
  const finding = (index: number): Finding => ({
    id: index % 3 === 0 ? 'workloads/name' : 'yaml/syntax',
    severity: index % 2 === 0 ? 'error' : 'warning',
    place: { file: 'a.yaml', line: index },
    message: 'm',
    remedy: 'r',
  })
  const all = Array.from({ length: 100_000 }, (_, index) => finding(index))

  expect(firstOfEachKind(all.slice(0, 100))).toEqual({ shown: all.slice(0, 100), more: [] })
  expect(firstOfEachKind(all).shown).toHaveLength(200)
  expect(firstOfEachKind(all).more).toEqual([
    'error: and 16617 more of workloads/name',
    'warning: and 33283 more of yaml/syntax',
    'error: and 33283 more of yaml/syntax',
    'warning: and 16617 more of workloads/name',
  ])
})
