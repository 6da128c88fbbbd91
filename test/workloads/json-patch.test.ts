import { expect, test } from 'vitest'
import { applyJsonPatch } from '../../src/workloads/json-patch.ts'
import { strategicMerge } from '../../src/workloads/strategic-merge.ts'
import { mergeValues } from '../../src/workloads/value.ts'

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

// These keys are those of every object of the program.
test.each(['__proto__', 'constructor', 'constructor/prototype'])('nothing below %s is changed', (path) => {
  const patched = applyJsonPatch(object, [{ op: 'add', path: `/${path}/polluted`, value: 'yes' }])

  expect(patched).toHaveProperty('problem')
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  expect(Reflect.get(Object, 'polluted')).toBeUndefined()
})

test('a key __proto__ is one as any other', () => {
  const patched = applyJsonPatch(object, [
    { op: 'add', path: '/spec/__proto__', value: {} },
    { op: 'add', path: '/spec/__proto__/a', value: 'b' },
  ])

  expect(JSON.stringify(patched)).toBe('{"object":{"spec":{"list":["a","b"],"__proto__":{"a":"b"}}}}')
})

test('what is copied changes in one place, and neither the object nor the operations change', () => {
  const operations = [
    { op: 'copy', from: '/spec/list', path: '/copy' },
    { op: 'add', path: '/copy/0', value: { x: 1 } },
    { op: 'add', path: '/copy/0/y', value: 2 },
    { op: 'move', from: '/copy/0', path: '/spec/moved' },
    { op: 'remove', path: '/spec/list/0' },
  ]
  const before = structuredClone({ object, operations })

  expect(applyJsonPatch(object, operations)).toEqual({ object: { spec: { list: ['b'], moved: { x: 1, y: 2 } }, copy: ['a', 'b'] } })
  expect({ object, operations }).toEqual(before)
})

test('in patches and in values, what is below __proto__ is no part of an object', () => {
  const hostile = JSON.parse('{"spec":{"__proto__":{"paused":true}}}') as Record<string, unknown>

  for (const merged of [strategicMerge(object, hostile, true), mergeValues(object, hostile)]) {
    expect(Reflect.get(Object(merged?.['spec']) as object, 'paused')).toBeUndefined()
    expect(JSON.stringify(merged)).toBe('{"spec":{"list":["a","b"],"__proto__":{"paused":true}}}')
  }
})
