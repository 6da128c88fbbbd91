import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addListEntry, removeListEntry } from '../../../src/plan/edits/index.ts'
import { runsOf } from '../../support/cases.ts'
import { bytesOf, edited, valuesOf } from './edited.ts'

const file = 'kustomization.yaml'
const add = (text: string, entry = 'mesh-ca', key = 'resources'): string => edited(text, (bytes) => addListEntry(bytes, file, key, entry))
const remove = (text: string, entry = 'mesh-ca', key = 'resources'): string =>
  edited(text, (bytes) => removeListEntry(bytes, file, key, entry))

describe('refusals', () => {
  const refused: readonly (readonly [string, string, string])[] = [
    ['invalid YAML', 'resources:\n - a\n- b: [\n', 'kustomization.yaml:'],
    ['several documents', 'resources: [a]\n---\nresources: [b]\n', 'kustomization.yaml:3'],
    ['a list of the whole file', '- a\n', 'kustomization.yaml:1'],
    ['a value that is no list', 'resources: a\n', 'kustomization.yaml:1'],
    ['a list that is an alias', 'x: &x [a]\nresources: *x\n', 'kustomization.yaml:2'],
    ['a list that others share', 'resources: &x\n- a\ncrds: *x\n', 'kustomization.yaml:2'],
    ['an alias as last item', 'x: &x a\nresources:\n- *x\n', 'kustomization.yaml:3'],
    ['an item with an anchor', 'resources:\n- &x a\n', 'kustomization.yaml:2'],
    ['a list from a merge key', 'x: &x\n  resources: [a]\n<<: *x\n', 'kustomization.yaml:'],
    ['a document end', 'kind: Kustomization\n...\n', 'kustomization.yaml:'],
  ]
  test.each(refused)('%s', (_, text, place) => {
    expect(() => add(text)).toThrow(
      expect.objectContaining({
        code: 'FILE_INVALID',
        message: expect.stringContaining(place),
        hint: expect.stringContaining('`mesh-ca`'),
      }),
    )
  })
})

describe('an entry more', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'at the end, indented like the others',
      'resources:\n  - a.yaml # first\n  - b.yaml # second\n  # - c.yaml\n\nnamespace: x\n',
      'resources:\n  - a.yaml # first\n  - b.yaml # second\n  - mesh-ca\n  # - c.yaml\n\nnamespace: x\n',
    ],
    ['not indented', 'resources:\n- a.yaml\nnamespace: x\n', 'resources:\n- a.yaml\n- mesh-ca\nnamespace: x\n'],
    ['with a wide dash', 'resources:\n-   a.yaml\n', 'resources:\n-   a.yaml\n-   mesh-ca\n'],
    ['in double quotes', 'resources:\n- "a.yaml"\n', 'resources:\n- "a.yaml"\n- "mesh-ca"\n'],
    ['in single quotes', "resources:\n- 'a.yaml'\n", "resources:\n- 'a.yaml'\n- 'mesh-ca'\n"],
    ['without a last line break', 'resources:\n- a.yaml', 'resources:\n- a.yaml\n- mesh-ca'],
    ['with CRLF', 'resources:\r\n- a.yaml\r\nnamespace: x\r\n', 'resources:\r\n- a.yaml\r\n- mesh-ca\r\nnamespace: x\r\n'],
    ['in brackets', 'resources: [a.yaml, b.yaml] # all\n', 'resources: [a.yaml, b.yaml, mesh-ca] # all\n'],
    ['in brackets over lines', 'resources: [\n  a.yaml,\n  b.yaml,\n]\n', 'resources: [\n  a.yaml,\n  b.yaml,\n  mesh-ca,\n]\n'],
    ['in empty brackets', 'resources: []\n', 'resources: [mesh-ca]\n'],
    ['under an empty key', 'resources: # none\nnamespace: x\n', 'resources: # none\n- mesh-ca\nnamespace: x\n'],
    ['instead of null', 'resources: ~\nnamespace: x\n', 'resources:\n- mesh-ca\nnamespace: x\n'],
    ['in a new list', 'kind: Kustomization\nnamespace: x\n', 'kind: Kustomization\nnamespace: x\nresources:\n- mesh-ca\n'],
    ['in a new list with the habits of the others', "components:\n  - 'a'\n", "components:\n  - 'a'\nresources:\n  - 'mesh-ca'\n"],
    ['in a new list, without a last line break', 'namespace: x', 'namespace: x\nresources:\n- mesh-ca\n'],
    ['in an empty file', '', 'resources:\n- mesh-ca\n'],
    ['in a file of comments', '# nothing\n', '# nothing\nresources:\n- mesh-ca\n'],
    ['in JSON', '{\n  "kind": "Kustomization"\n}\n', '{\n  "resources": ["mesh-ca"],\n  "kind": "Kustomization"\n}\n'],
    ['in a JSON list', '{"resources": ["a", "b"]}\n', '{"resources": ["a", "b", "mesh-ca"]}\n'],
    ['of a template in a string', 'resources:\n- "{{ .x }}"\n', 'resources:\n- "{{ .x }}"\n- "mesh-ca"\n'],
  ]
  test.each(cases)('%s', (_, before, after) => {
    expect(add(before)).toBe(after)
    expect(add(after)).toBe(after)
  })

  test.each(['./mesh-ca', 'mesh-ca/', '"mesh-ca"'])('not if it is there as %s', (spelling) => {
    const text = `resources:\n- ${spelling}\n- z\n`

    expect(add(text)).toBe(text)
  })

  test('beside one in which very many slashes are', () => {
    const text = `resources:\n- a${'/'.repeat(300_000)}b\n`

    expect(add(text)).toBe(`${text}- mesh-ca\n`)
    expect(add(`resources:\n- mesh-ca${'/'.repeat(300_000)}\n`)).not.toContain('- mesh-ca\n')
  })

  test.each(['on', '1.5', '../../components/x', 'https://example.com/a//b?ref=v1', 'a b # c', 'ü'])(
    'reads back as written: %s',
    (entry) => {
      expect(valuesOf(add('resources:\n- a\n', entry))).toEqual([{ resources: ['a', entry] }])
    },
  )
})

describe('an entry less', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['with its comment', 'resources:\n- a\n- mesh-ca # ours\n- b\n', 'resources:\n- a\n- b\n'],
    ['with the list, if it was the last', 'kind: K\nresources:\n- mesh-ca\nnamespace: x\n', 'kind: K\nnamespace: x\n'],
    ['but not with a comment of the list', 'resources: # ours\n- mesh-ca\n', 'resources: [] # ours\n'],
    ['from brackets', 'resources: [a, mesh-ca, b]\n', 'resources: [a, b]\n'],
    ['from the front of brackets', 'resources: [mesh-ca, b]\n', 'resources: [b]\n'],
    ['alone in brackets', 'resources: [mesh-ca]\n', 'resources: []\n'],
    ['at the end, without a line break', 'resources:\n- a\n- ./mesh-ca', 'resources:\n- a\n'],
    ['that is not there', 'resources:\n- a\n', 'resources:\n- a\n'],
  ]
  test.each(cases)('%s', (_, before, after) => {
    expect(remove(before)).toBe(after)
    expect(remove(after)).toBe(after)
  })
})

describe('laws', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9./-]{0,8}[a-z0-9]$/)
  const kustomization = fc
    .record({
      items: fc.uniqueArray(name, { maxLength: 4 }),
      others: fc.uniqueArray(name, { maxLength: 3 }),
      indent: fc.constantFrom('', '  ', '    '),
      quote: fc.constantFrom('', '"', "'"),
      lineBreak: fc.constantFrom('\n', '\r\n'),
      style: fc.constantFrom('lines', 'brackets'),
      comment: fc.constantFrom('', ' # [why]'),
      mark: fc.constantFrom('', '\uFEFF'),
    })
    .map(({ items, others, indent, quote, lineBreak, style, comment, mark }) => {
      const list = (key: string, values: readonly string[]): readonly string[] => {
        const quoted = values.map((value) => quote + value + quote)
        if (values.length === 0) return []
        return style === 'brackets'
          ? [`${key}: [${quoted.join(', ')}]${comment}`]
          : [`${key}:${comment}`, ...quoted.map((value) => `${indent}- ${value}${comment}`), '']
      }
      return (
        mark +
        ['# ü', 'kind: Kustomization', ...list('components', others), ...list('resources', items), 'namespace: x', ''].join(lineBreak)
      )
    })

  test('adding keeps every character, reads back as intended, and twice equals once', () => {
    fc.assert(
      fc.property(kustomization, name, (text, entry) => {
        const bytes = bytesOf(text)
        const splices = addListEntry(bytes, file, 'resources', entry)
        const after = add(text, entry)
        const [value] = valuesOf(text) as [{ resources?: string[] }]

        expect(splices.every(({ length }) => length === 0)).toBe(true)
        if (splices.length > 0) expect(valuesOf(after)).toEqual([{ ...value, resources: [...(value.resources ?? []), entry] }])
        expect(add(after, entry)).toBe(after)
      }),
      runsOf('manifests'),
    )
  })

  test('removing what was added gives the same bytes', () => {
    fc.assert(
      fc.property(kustomization, (text) => {
        expect(remove(add(text, 'zz/mesh-ca'), 'zz/mesh-ca')).toBe(text)
      }),
      runsOf('manifests'),
    )
  })
})
