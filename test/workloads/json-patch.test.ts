import { expect, test } from 'vitest'
import { applyJsonPatch } from '../../src/workloads/json-patch.ts'

const object = { spec: { list: ['a', 'b'] } }

// Go's Atoi reads a sign and digits, and nothing else.
test.each(['', ' 1', '0x1', '1e0', '1.0', 'a'])('an item %j of a list is none', (part) => {
  for (const op of ['add', 'replace', 'remove', 'test'])
    expect(applyJsonPatch(object, [{ op, path: `/spec/list/${part}`, value: 'a' }]), op).toHaveProperty('problem')
})

test.each<[string, readonly string[]]>([
  ['0', ['x', 'a', 'b']],
  ['-', ['a', 'b', 'x']],
  ['-1', ['a', 'x', 'b']],
])('an item is added at %s', (part, list) => {
  expect(applyJsonPatch(object, [{ op: 'add', path: `/spec/list/${part}`, value: 'x' }])).toEqual({ object: { spec: { list } } })
})
