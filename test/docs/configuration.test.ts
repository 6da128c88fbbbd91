import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { writtenConfig } from '../../src/mesh/schema.ts'

/** What the schema, or the document, says of one key. */
interface Key {
  readonly path: string
  /** `required`, `optional` (may be left out, and is nothing then), or a default. */
  readonly presence: 'required' | 'optional' | { readonly default: unknown }
}

interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
}

const document = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')
const schema = z.toJSONSchema(writtenConfig, { io: 'input' }) as JsonSchema

/** Every key below a schema that holds a value, or a list; maps are only walked through. */
function keysOf(at: JsonSchema, path: string): readonly Key[] {
  const variants = at.anyOf ?? at.oneOf
  if (variants !== undefined) return variants.flatMap((variant) => keysOf(variant, path))
  return Object.entries(at.properties ?? {}).flatMap(([name, child]) => {
    const own = path === '' ? name : `${path}.${name}`
    const presence =
      child.default !== undefined ? { default: child.default } : at.required?.includes(name) === true ? 'required' : 'optional'
    const isList = child.type === 'array'
    const below = keysOf(isList ? (child.items ?? {}) : child, isList ? `${own}[]` : own)
    return below.length > 0 && !isList ? below : [{ path: own, presence }, ...below]
  })
}

/** Rows `| `path` | values | default | meaning |` of the document. */
function rows(): readonly (Key & { readonly values: string; readonly meaning: string })[] {
  return document.split('\n').flatMap((line) => {
    const [, path, values, given, meaning] = /^\| `([A-Za-z.[\]]+)` \| (.+?) \| (required|–|`.+?`) \| (.+) \|$/.exec(line) ?? []
    if (path === undefined || values === undefined || given === undefined || meaning === undefined) return []
    const presence = given === 'required' ? given : given === '–' ? 'optional' : { default: parse(given.slice(1, -1)) as unknown }
    return [{ path, values, presence, meaning } as const]
  })
}

function text({ path, presence }: Key): string {
  return `${path}: ${typeof presence === 'string' ? presence : JSON.stringify(presence.default)}`
}

test('every key of reroot.yaml is in the document, with its default, and nothing else', () => {
  expect(rows().map(text).toSorted()).toEqual(keysOf(schema, '').map(text).toSorted())
})

test('every value of a closed list is in its row', () => {
  const lists = (at: JsonSchema, path: string): readonly (readonly [string, readonly unknown[]])[] => [
    ...(at.enum === undefined ? [] : [[path, at.enum] as const]),
    ...(at.const === undefined ? [] : [[path, [at.const]] as const]),
    ...(at.anyOf ?? at.oneOf ?? []).flatMap((variant) => lists(variant, path)),
    ...Object.entries(at.properties ?? {}).flatMap(([name, child]) => lists(child, path === '' ? name : `${path}.${name}`)),
    ...(at.items === undefined ? [] : lists(at.items, `${path}[]`)),
  ]
  const missing = lists(schema, '').flatMap(([path, values]) =>
    values
      .filter((value) => !rows().some((row) => row.path === path && row.values.includes(`\`${String(value)}\``)))
      .map((value) => `${path}: ${String(value)}`),
  )

  expect(lists(schema, '').length).toBeGreaterThan(10)
  expect(missing).toEqual([])
})

test('the example in the document is a reroot.yaml', () => {
  const [, example = ''] = /```yaml\n(# mesh-ca\/reroot\.yaml\n[\s\S]*?)```/.exec(document) ?? []

  const result = writtenConfig.safeParse(parse(example))

  expect(result.error?.issues ?? []).toEqual([])
})
