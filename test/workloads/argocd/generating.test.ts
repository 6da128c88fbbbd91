import { expect, test } from 'vitest'
import { shown } from '../../../src/workloads/argocd/generating.ts'
import { combined, mergeOver, selects } from '../../../src/workloads/argocd/parameters.ts'

test('what a finding shows of a long value has no part of a password', () => {
  const url = `https://x-access-token:github_pat_${'0123456789'.repeat(9)}@github.example/shop/platform.git`

  for (const value of [url, { url }, [{ name: 'prod', url }]]) {
    expect(shown(value)).toContain('https://')
    expect(shown(value)).not.toMatch(/github_pat|0123/)
  }
  expect(shown({ a: 'x'.repeat(200) })).toHaveLength(80)
})

test('a parameter that is called like what all objects share is an entry like others', () => {
  const merged = mergeOver({}, JSON.parse('{"__proto__": {"x": "1"}}') as Record<string, never>)

  expect(Object.keys(merged)).toEqual(['__proto__'])
  expect((merged as { x?: unknown }).x).toBeUndefined()
})

test('a name of what all objects share is neither a label nor a parameter until it is written', () => {
  const asks = (operator: string): object => ({ matchExpressions: [{ key: 'constructor', operator }] })

  expect([selects(asks('Exists'), {}), selects(asks('DoesNotExist'), {}), selects(asks('Exists'), { constructor: 'x' })]).toEqual([
    false,
    true,
    true,
  ])
  expect(combined({ a: '1' }, { constructor: 'x' }, false)).toEqual({ a: '1', constructor: 'x' })
})
