import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RerootError } from '../../../src/base/index.ts'
import { addListEntry, annotatePodTemplates, insertCreationRules, removeListEntry } from '../../../src/plan/edits/index.ts'
import { runsOf } from '../../support/cases.ts'
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
  annotatePodTemplates: (text) =>
    edited(text, (bytes) => annotatePodTemplates(bytes, 'f', [0], { key: 'reroot.dev/rotation', value: 'g2' })),
  addListEntry: (text) => edited(text, (bytes) => addListEntry(bytes, 'f', 'resources', 'mesh-ca')),
  removeListEntry: (text) => edited(text, (bytes) => removeListEntry(bytes, 'f', 'resources', 'a')),
  insertCreationRules: (text) => textOf(insertCreationRules(bytesOf(text), ['path_regex: ^mesh-ca/\nage: age1x\n'])),
}

/** Where each edit may change what a file says. */
const places: Readonly<Record<string, readonly string[]>> = {
  annotatePodTemplates: ['spec', 'template', 'metadata', 'annotations', 'reroot.dev/rotation'],
  addListEntry: ['resources'],
  removeListEntry: ['resources'],
  insertCreationRules: ['creation_rules'],
}

/** What a file says, without what an edit may change: of a list only its own entry. Maps that are empty then are as good as none. */
function without(values: readonly unknown[], path: readonly string[], name: string): unknown {
  const drop = (value: unknown, [key = '', ...rest]: readonly string[]): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value ?? undefined
    const left = Object.entries(value).flatMap(([at, child]): readonly (readonly [string, unknown])[] => {
      if (at !== key) return [[at, child]]
      const inside = rest.length > 0 ? drop(child, rest) : Array.isArray(child) ? child.filter((entry) => !isOurs(entry, name)) : undefined
      const isEmpty = inside === undefined || (typeof inside === 'object' && inside !== null && Object.keys(inside).length === 0)
      return isEmpty ? [] : [[at, inside]]
    })
    return Object.fromEntries(left)
  }
  const [first, ...others] = values
  const rest = drop(first, path)
  return [rest === undefined ? {} : rest, ...others]
}

function isOurs(entry: unknown, name: string): boolean {
  if (name === 'insertCreationRules')
    return typeof entry === 'object' && entry !== null && (entry as Record<string, unknown>)['path_regex'] === '^mesh-ca/'
  return typeof entry === 'string' && entry.replace(/^\.\//, '').replace(/\/$/, '') === (name === 'addListEntry' ? 'mesh-ca' : 'a')
}

/** Lines of people's that an edit has taken away, but for those that became a part of a longer one, or held nothing but an empty value. */
function linesLost(before: string, after: string): readonly string[] {
  const left = after.split('\n')
  return before.split('\n').filter((line) => {
    const at = left.findIndex((one) => one === line || contains(one, line))
    if (at >= 0) left.splice(0, at + 1)
    return at < 0
  })
}

const emptied = (line: string): string => line.replace(/(: )?(\{\}|\[\]|null|~|"g1")(?=[ ,}\r]|$)/, '$1').trimEnd()

/** Whether a line holds all characters of another one in their order: what was put in stands between them. */
function contains(line: string, old: string): boolean {
  let next = 0
  const wanted = emptied(old).replace(/:$/, '')
  for (const character of line) if (character === wanted[next]) next += 1
  return next === wanted.length
}

test.each(Object.entries(edits))(
  '%s refuses a file or edits it so that it can be read, whatever is in it; twice equals once',
  (name, edit) => {
    let done = 0
    fc.assert(
      fc.property(file, (soup) => {
        const text = name === 'annotatePodTemplates' ? `spec:\n  template:\n    metadata:\n${soup}` : soup
        const after = attempt(() => edit(text))
        if (after === null) return

        done++
        if (after !== text) expect(valuesOf(after)).not.toEqual(valuesOf(text))
        if (name !== 'removeListEntry') expect(edit(after)).toBe(after)
        if (name !== 'removeListEntry') expect(linesLost(text, after)).toEqual([])
        const ours = places[name] ?? []
        expect(without(valuesOf(after), ours, name)).toEqual(without(valuesOf(text), ours, name))
      }),
      runsOf('edits'),
    )
    expect(done).toBeGreaterThan(20)
  },
)
