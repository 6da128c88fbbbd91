import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { configurationKeys, configurationPage } from '../../scripts/docs/configuration.ts'
import { configJsonSchema } from '../../src/mesh/index.ts'
import { writtenConfig } from '../../src/mesh/schema.ts'

const document = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')

test('the tables of docs/configuration.md are fresh', () => {
  expect(document === configurationPage(document, configJsonSchema()), 'run `npm run docs`').toBe(true)
})

test('every key has a row, with the variant that has it', () => {
  const places = configurationKeys(configJsonSchema()).map(({ place }) => place)

  expect(places.length).toBeGreaterThan(60)
  expect(places).toContain('clusters[].controller(argocd).destination.name')
  expect(new Set(places).size).toBe(places.length)
})

test.each([
  ['a key without a description', { properties: { git: { properties: { remote: { type: 'string' } } } } }, 'git.remote has no description'],
  ['a key that no table would have', { properties: { odd: { type: 'string', description: 'Odd.' } } }, 'no table of the page has odd'],
])('%s fails the page', (_, schema, message) => {
  expect(() => configurationPage('<!-- keys: pki -->\n<!-- /keys -->\n', schema)).toThrow(message)
})

test('editors find no fault with what `init` writes, and do with a key that is none', () => {
  const accepts = new Ajv({ strict: false }).compile(configJsonSchema())
  const written = parse(readFileSync(join(import.meta.dirname, '../golden/flux/init/mesh-ca/reroot.yaml'), 'utf8')) as object

  expect(accepts(written), JSON.stringify(accepts.errors)).toBe(true)
  expect(accepts({ ...written, gate: {} })).toBe(false)
  expect(accepts({ ...written, pki: { algorithm: 'rsa-1024' } })).toBe(false)
})

test('the example in the document is a reroot.yaml', () => {
  const [, example = ''] = /```yaml\n(# mesh-ca\/reroot\.yaml\n[\s\S]*?)```/.exec(document) ?? []

  const result = writtenConfig.safeParse(parse(example))

  expect(result.error?.issues ?? []).toEqual([])
})
