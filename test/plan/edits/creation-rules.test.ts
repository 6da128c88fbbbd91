import { describe, expect, test } from 'vitest'
import { insertCreationRules } from '../../../src/plan/edits/index.ts'
import { bytesOf, textOf, valuesOf } from './edited.ts'

const roots = '# keys of the roots\npath_regex: ^mesh-ca/roots/\nage: age1custodian\n'
const cluster = 'path_regex: ^mesh-ca/clusters/eu/\nencrypted_regex: ^(data|stringData)$\nkey_groups:\n  - age:\n      - age1eu\n'
const insert = (text: string | null, rules: readonly string[] = [roots, cluster]): string =>
  textOf(insertCreationRules(text === null ? null : bytesOf(text), rules))

const ours = `  # keys of the roots
  - path_regex: ^mesh-ca/roots/
    age: age1custodian
  - path_regex: ^mesh-ca/clusters/eu/
    encrypted_regex: ^(data|stringData)$
    key_groups:
      - age:
          - age1eu
`

describe('refusals', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['invalid YAML', 'creation_rules: [\n'],
    ['no list', 'creation_rules: yes\n'],
    ['rules in brackets', 'creation_rules: [{age: age1x}]\n'],
    ['a file in braces', '{"stores": {}}\n'],
    ['an alias', 'x: &x [{age: a}]\ncreation_rules: *x\n'],
    ['rules that others share', 'creation_rules: &x\n- age: a\ny: *x\n'],
    ['several documents', 'creation_rules: []\n---\na: b\n'],
  ]
  test.each(refused)('%s', (_, text) => {
    expect(() => insert(text)).toThrow(
      expect.objectContaining({
        code: 'FILE_INVALID',
        message: expect.stringContaining('.sops.yaml:'),
        hint: expect.stringContaining('path_regex: ^mesh-ca/roots/'),
      }),
    )
  })

  test('a rule without path_regex is a bug', () => {
    expect(() => insert(null, ['age: age1x\n'])).toThrow(TypeError)
  })
})

describe('rules', () => {
  test('in a new file', () => {
    expect(insert(null)).toBe(`creation_rules:\n${ours}`)
  })

  test('above a catch-all and its comments', () => {
    expect(insert('# team keys\ncreation_rules: # first wins\n  # all else\n  - age: age1team\nstores: {}\n')).toBe(
      `# team keys\ncreation_rules: # first wins\n${ours}  # all else\n  - age: age1team\nstores: {}\n`,
    )
  })

  test('with the layout of the others', () => {
    expect(insert('creation_rules:\n-   age: age1team\n', [roots])).toBe(
      'creation_rules:\n# keys of the roots\n-   path_regex: ^mesh-ca/roots/\n    age: age1custodian\n-   age: age1team\n',
    )
  })

  test.each(['creation_rules:\n', 'creation_rules: []\n', 'creation_rules: null\n'])('in an empty list: %j', (text) => {
    expect(insert(text)).toBe(`creation_rules:\n${ours}`)
  })

  test('in a file without rules', () => {
    expect(insert('stores: {}')).toBe(`stores: {}\ncreation_rules:\n${ours}`)
  })

  test('with CRLF', () => {
    expect(insert('creation_rules:\r\n  - age: age1team\r\n')).toBe(`creation_rules:\n${ours}  - age: age1team\n`.replaceAll('\n', '\r\n'))
  })

  test('twice equals once, and what people changed stays', () => {
    const people = insert('creation_rules:\n  - age: age1team\n').replace('age1custodian', 'age1other')

    expect(insert(people)).toBe(people)
  })

  test('only those that are missing', () => {
    const [value] = valuesOf(insert(insert('creation_rules:\n  - age: age1team\n', [cluster]), [roots, cluster])) as [
      { creation_rules: { path_regex?: string }[] },
    ]

    expect(value.creation_rules.map((rule) => rule.path_regex)).toEqual(['^mesh-ca/roots/', '^mesh-ca/clusters/eu/', undefined])
  })
})
