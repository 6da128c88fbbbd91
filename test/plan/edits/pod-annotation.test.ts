import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { annotatePodTemplates } from '../../../src/plan/edits/index.ts'
import { runsOf } from '../../support/cases.ts'
import { bytesOf, edited, valuesOf } from './edited.ts'

const annotation = { key: 'reroot.dev/rotation', value: 'g2-staged' }
const annotate = (text: string, document = 0): string =>
  edited(text, (bytes) => annotatePodTemplates(bytes, 'cart.yaml', [document], annotation))

describe('refusals', () => {
  const refused: readonly (readonly [string, string, string])[] = [
    ['a Helm template', 'spec:\n  template:\n    metadata:\n{{- with .Values.x }}\n      a: b\n', 'cart.yaml:4'],
    ['a template as value', 'spec:\n  template:\n    metadata:\n      annotations: {{ toYaml .Values.x }}\n', 'cart.yaml:4'],
    ['no pod template', 'kind: Service\nspec:\n  ports: []\n', 'cart.yaml:2'],
    ['a pod template that is an alias', 'x: &t\n  metadata: {}\nspec:\n  template: *t\n', 'cart.yaml:4'],
    ['annotations that are an alias', 'x: &a\n  a: b\nspec:\n  template:\n    metadata:\n      annotations: *a\n', 'cart.yaml:6'],
    [
      'annotations that others share',
      'spec:\n  template:\n    metadata:\n      annotations: &a\n        a: b\n  other: *a\n',
      'cart.yaml:4',
    ],
    ['annotations from a merge key', 'x: &x\n  annotations:\n    a: b\nspec:\n  template:\n    metadata:\n      <<: *x\n', 'cart.yaml:6'],
    ['annotations that are a list', 'spec:\n  template:\n    metadata:\n      annotations: [a]\n', 'cart.yaml:4'],
    [
      'a value of several lines',
      'spec:\n  template:\n    metadata:\n      annotations:\n        reroot.dev/rotation: |\n          g1\n',
      'cart.yaml:5',
    ],
  ]
  test.each(refused)('%s', (_, text, place) => {
    expect(() => annotate(text)).toThrow(
      expect.objectContaining({
        code: 'FILE_INVALID',
        message: expect.stringMatching(new RegExp(`^${place}: `)),
        hint: expect.stringContaining('reroot.dev/rotation: g2-staged'),
      }),
    )
  })

  test('a document that is not there', () => {
    expect(() => annotate('spec: {}\n', 3)).toThrow(expect.objectContaining({ code: 'FILE_INVALID' }))
  })
})

test('several documents of one file at once, as one after the other; what has it stays', () => {
  const documents = Array.from(
    { length: 400 },
    (_, index) =>
      `kind: Deployment # ${index}\nspec:\n  template:\n    metadata:\n      ${index % 3 === 0 ? 'annotations: { "reroot.dev/rotation": g2-staged }' : 'labels: {app: a}'}\n`,
  )
  const text = documents.join('---\n')
  const all = documents.map((_, index) => index)

  const result = edited(text, (bytes) => annotatePodTemplates(bytes, 'all.yaml', all, annotation))

  expect(result).toBe(documents.map((one) => annotate(one)).join('---\n'))
  expect(edited(result, (bytes) => annotatePodTemplates(bytes, 'all.yaml', all, annotation))).toBe(result)
})

describe('one line more', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'below annotations, above their comments',
      'spec:\n  template:\n    metadata:\n      annotations: # ours\n        # about a\n        a: b\n',
      'spec:\n  template:\n    metadata:\n      annotations: # ours\n        reroot.dev/rotation: g2-staged\n        # about a\n        a: b\n',
    ],
    [
      'with annotations',
      'spec:\n  template:\n    metadata:\n      labels: {app: cart}\n    spec: {}\n',
      'spec:\n  template:\n    metadata:\n      annotations:\n        reroot.dev/rotation: g2-staged\n      labels: {app: cart}\n    spec: {}\n',
    ],
    [
      'with metadata',
      'spec:\n  template:\n    spec:\n      containers: []\n',
      'spec:\n  template:\n    metadata:\n      annotations:\n        reroot.dev/rotation: g2-staged\n    spec:\n      containers: []\n',
    ],
    [
      'under an empty key',
      'spec:\n  template:\n    metadata:\n      annotations: # none\n    spec: {}\n',
      'spec:\n  template:\n    metadata:\n      annotations: # none\n        reroot.dev/rotation: g2-staged\n    spec: {}\n',
    ],
    [
      'instead of null',
      'spec:\n  template:\n    metadata:\n      annotations: null # none\n',
      'spec:\n  template:\n    metadata:\n      annotations: # none\n        reroot.dev/rotation: g2-staged\n',
    ],
    [
      'in braces',
      'spec:\n  template:\n    metadata: {labels: {app: cart}}\n',
      'spec:\n  template:\n    metadata: {annotations: {reroot.dev/rotation: g2-staged}, labels: {app: cart}}\n',
    ],
    [
      'in empty braces',
      'spec:\n  template:\n    metadata:\n      annotations: {}\n',
      'spec:\n  template:\n    metadata:\n      annotations: {reroot.dev/rotation: g2-staged}\n',
    ],
    [
      'in CRLF',
      'spec:\r\n  template:\r\n    metadata:\r\n      annotations:\r\n        a: b\r\n',
      'spec:\r\n  template:\r\n    metadata:\r\n      annotations:\r\n        reroot.dev/rotation: g2-staged\r\n        a: b\r\n',
    ],
    [
      'instead of an old value',
      "spec:\n  template:\n    metadata:\n      annotations:\n        reroot.dev/rotation: 'g1-steady' # last\n",
      "spec:\n  template:\n    metadata:\n      annotations:\n        reroot.dev/rotation: 'g2-staged' # last\n",
    ],
    [
      'instead of no value',
      'spec:\n  template:\n    metadata:\n      annotations:\n        reroot.dev/rotation:\n',
      'spec:\n  template:\n    metadata:\n      annotations:\n        reroot.dev/rotation: g2-staged\n',
    ],
    [
      'without a last line break',
      'spec:\n  template:\n    metadata:\n      annotations:',
      'spec:\n  template:\n    metadata:\n      annotations:\n        reroot.dev/rotation: g2-staged',
    ],
    [
      'beside a variable of Flux',
      'spec:\n  template:\n    metadata:\n      annotations:\n        a: ${A}\n',
      'spec:\n  template:\n    metadata:\n      annotations:\n        reroot.dev/rotation: g2-staged\n        a: ${A}\n',
    ],
    [
      'after a byte order mark',
      '\uFEFFspec:\n  template:\n    spec: {}\n',
      '\uFEFFspec:\n  template:\n    metadata:\n      annotations:\n        reroot.dev/rotation: g2-staged\n    spec: {}\n',
    ],
  ]
  test.each(cases)('%s', (_, before, after) => {
    expect(annotate(before)).toBe(after)
    expect(annotate(after)).toBe(after)
  })

  test('in JSON', () => {
    const before = JSON.stringify({ spec: { template: { metadata: { annotations: { a: 'b' } } } } }, null, 2)

    const after = annotate(before)

    expect(JSON.parse(after)).toEqual({ spec: { template: { metadata: { annotations: { 'reroot.dev/rotation': 'g2-staged', a: 'b' } } } } })
    expect(after.split('\n').length).toBe(before.split('\n').length + 1)
  })

  test('in compact JSON without metadata', () => {
    expect(JSON.parse(annotate('{"spec":{"template":{"spec":{}}}}'))).toEqual({
      spec: { template: { metadata: { annotations: { 'reroot.dev/rotation': 'g2-staged' } }, spec: {} } },
    })
  })

  test('only in the document that is meant', () => {
    const one = 'spec:\n  template:\n    spec: {a: 1}\n'

    expect(annotate(`${one}---\n# empty\n---\n${one}`, 2)).toBe(
      `${one}---\n# empty\n---\nspec:\n  template:\n    metadata:\n      annotations:\n        reroot.dev/rotation: g2-staged\n    spec: {a: 1}\n`,
    )
  })
})

describe('laws', () => {
  const indents = fc.constantFrom('  ', '    ', ' ')
  const manifest = fc
    .record({
      indent: indents,
      lineBreak: fc.constantFrom('\n', '\r\n'),
      mark: fc.constantFrom('', '\uFEFF'),
      before: fc.integer({ min: 0, max: 2 }),
      shape: fc.constantFrom('none', 'empty', 'braces', 'lines', 'set'),
      comment: fc.constantFrom('', ' # a comment: {{ x }}'),
      end: fc.boolean(),
    })
    .map(render)

  test('the value is as intended, only an old value goes, and twice equals once', () => {
    fc.assert(
      fc.property(manifest, ({ text, document }) => {
        const bytes = bytesOf(text)
        const splices = annotatePodTemplates(bytes, 'cart.yaml', [document], annotation)
        const after = annotate(text, document)

        const removed = splices.filter(({ length }) => length > 0).map(({ offset, length }) => text.slice(offset, offset + length))
        expect(removed.filter((piece) => piece !== 'g1-steady')).toEqual([])
        const value = valuesOf(after)[document] as { spec: { template: { metadata: { annotations: Record<string, string> } } } }
        expect(value.spec.template.metadata.annotations[annotation.key]).toBe(annotation.value)
        expect(annotate(after, document)).toBe(after)
      }),
      runsOf('manifests'),
    )
  })
})

interface Shape {
  readonly indent: string
  readonly lineBreak: string
  readonly mark: string
  readonly before: number
  readonly shape: 'none' | 'empty' | 'braces' | 'lines' | 'set'
  readonly comment: string
  readonly end: boolean
}

function render({ indent, lineBreak, mark, before, shape, comment, end }: Shape): { text: string; document: number } {
  const inside = {
    none: [],
    empty: [`annotations:${comment}`],
    braces: [`annotations: {ü: "y"}${comment}`],
    lines: [`annotations:${comment}`, `${indent}# why`, `${indent}ü: "y"`],
    set: ['annotations:', `${indent}reroot.dev/rotation: g1-steady${comment}`],
  }[shape]
  const lines = [
    'kind: Deployment',
    `spec:${comment}`,
    `${indent}template:`,
    `${indent.repeat(2)}metadata:${comment}`,
    `${indent.repeat(3)}labels: {a: b}`,
    ...inside.map((line) => indent.repeat(3) + line),
    `${indent.repeat(2)}spec: {}`,
  ]
  const others = Array.from({ length: before }, () => `kind: Service${lineBreak}---${lineBreak}`).join('')
  return { text: mark + others + lines.join(lineBreak) + (end ? lineBreak : ''), document: before }
}
