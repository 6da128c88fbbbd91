import { generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { keyNeedles, keysIn } from '../support/key-needles.ts'
import type { Sandbox } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

// The search of every sandbox is worth nothing if it does not find what it looks for.
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
const secretLine = key.split('\n')[1] ?? ''

test.each<readonly [string, string]>([
  ['a PEM key', key],
  ['a PEM key in a line of JSON', JSON.stringify({ key })],
  ['a line of the key alone', `data: ${secretLine}`],
  ['an age identity', `key: ${['AGE', 'SECRET', 'KEY', '1QQ'].join('-')}`],
  ...[0, 1, 2].map(
    (before) => [`a PEM key in base64, ${before} bytes in`, Buffer.from('x'.repeat(before) + key).toString('base64')] as const,
  ),
  ...[0, 1, 2].map(
    (before) =>
      [`a line of the key in base64, ${before} bytes in`, Buffer.from('x'.repeat(before) + secretLine).toString('base64')] as const,
  ),
])('finds %s', (_, text) => {
  expect(keysIn(Buffer.from(text), keyNeedles([key]))).not.toEqual([])
})

test('does not take a certificate or a recipient for a key', () => {
  const text =
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\nage1cct6fmy93js5unlakr5acv7wa3zxmfjf65vtsx0rs9gephl83ansx2gehg\n'

  expect(keysIn(Buffer.from(text + Buffer.from(text).toString('base64')), keyNeedles([key]))).toEqual([])
})

// Two tests, because the search and the removal run between them.
let closed: Sandbox | null = null

test('a sandbox is open in its test', async () => {
  closed = await sandboxIn('initialised')

  expect(existsSync(closed.folder)).toBe(true)
  closed.forge.push({ 'notes.txt': secretLine })
  expect(closed.keysThatCameOut([key])).not.toEqual([])
})

test('it is removed after it', () => {
  expect(closed).not.toBeNull()
  expect(existsSync(closed?.folder ?? '')).toBe(false)
})
