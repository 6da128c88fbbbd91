import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RerootError } from '../../../src/base/index.ts'
import { addListEntry, annotatePodTemplate, insertCreationRules, removeListEntry } from '../../../src/plan/edits/index.ts'
import { bytesOf, edited, textOf, valuesOf } from './edited.ts'

const lines = [
  'spec:',
  '  template:',
  '  template: &t',
  '    metadata:',
  '    metadata: *t',
  '    metadata: { labels: {a: b} }',
  '      annotations:',
  '      annotations: {}',
  '      annotations: &a # why',
  '        a: b',
  '        <<: *a',
  '        text: |+',
  '          {{ .Values.x }}',
  '        "reroot.dev/rotation": "g1"',
  'resources:',
  'resources: [a, "b"]',
  'resources: *t',
  'resources: # none',
  '- a',
  '- "a" # why',
  "  - 'a'",
  '  - &x a',
  '  - *x',
  '-   a: b',
  'creation_rules:',
  'creation_rules: []',
  '  - age: x',
  '- path_regex: ^x/',
  '---',
  '...',
  '# a comment',
  '',
  '{{- if .Values.x }}',
  '? a',
  ': b',
  '{"spec": {"template": {"metadata": null}}, "resources": []}',
  '\tspec: {}',
]
const file = fc
  .record({
    chosen: fc.array(fc.nat({ max: lines.length - 1 }), { maxLength: 12 }),
    lineBreak: fc.constantFrom('\n', '\r\n'),
    end: fc.boolean(),
  })
  .map(
    ({ chosen, lineBreak, end }) =>
      chosen
        .toSorted((a, b) => a - b)
        .map((index) => lines[index])
        .join(lineBreak) + (end ? lineBreak : ''),
  )

/** The result of an edit, or `null` if it was refused. Anything else that is thrown is a bug. */
function attempt(edit: () => string): string | null {
  try {
    return edit()
  } catch (error) {
    if (error instanceof RerootError && error.code === 'FILE_INVALID') return null
    throw error
  }
}

const edits: Readonly<Record<string, (text: string) => string>> = {
  annotatePodTemplate: (text) => edited(text, (bytes) => annotatePodTemplate(bytes, 'f', 0, { key: 'reroot.dev/rotation', value: 'g2' })),
  addListEntry: (text) => edited(text, (bytes) => addListEntry(bytes, 'f', 'resources', 'mesh-ca')),
  removeListEntry: (text) => edited(text, (bytes) => removeListEntry(bytes, 'f', 'resources', 'a')),
  insertCreationRules: (text) => textOf(insertCreationRules(bytesOf(text), ['path_regex: ^mesh-ca/\nage: age1x\n'])),
}

test.each(Object.entries(edits))(
  '%s refuses a file or edits it so that it can be read, whatever is in it; twice equals once',
  (name, edit) => {
    let done = 0
    fc.assert(
      fc.property(file, (soup) => {
        const text = name === 'annotatePodTemplate' ? `spec:\n  template:\n    metadata:\n${soup}` : soup
        const after = attempt(() => edit(text))
        if (after === null) return

        done++
        if (after !== text) expect(valuesOf(after)).not.toEqual(valuesOf(text))
        if (name !== 'removeListEntry') expect(edit(after)).toBe(after)
      }),
      { numRuns: 3_000 },
    )
    expect(done).toBeGreaterThan(20)
  },
)
