import { describe, expect, test } from 'vitest'
import { parseYamlFile } from '../../src/base/index.ts'
import { creationRules, layoutOf } from '../../src/plan/index.ts'
import { bytesOf } from '../support/mesh.ts'

describe('rules of SOPS', () => {
  const rules = creationRules(
    layoutOf('in.fra/mesh+ca'),
    ['age1root'],
    [
      { name: 'prod', recipients: ['age1cluster', 'age1person'] },
      { name: 'prod-us', recipients: ['age1us'] },
    ],
  )
  const parsed = rules.map(
    (text) =>
      parseYamlFile(bytesOf(text), 'rule.yaml').documents[0]?.value as { path_regex: string; encrypted_regex?: string; age: string },
  )
  const covering = (path: string): readonly number[] =>
    parsed.flatMap((rule, index) => (new RegExp(rule.path_regex).test(path) ? [index] : []))

  test('cover what reroot seals, each file by one rule, and nothing else', () => {
    const layout = layoutOf('in.fra/mesh+ca')
    expect(covering(layout.root('g2'))).toEqual([0])
    expect(covering(layout.cluster('prod').ownSecret)).toEqual([1])
    expect(covering(layout.cluster('prod').prepared('g2-staged'))).toEqual([1])
    expect(covering(layout.cluster('prod-us').prepared('g2-staged'))).toEqual([2])
    for (const path of [
      'in.fra/mesh+ca/mesh.yaml',
      layout.cluster('prod').record,
      'inxfra/mesh+ca/roots/g2.sops.yaml',
      `x/${layout.root('g2')}`,
      layout.root('x/g2'),
      `${layout.root('g2')}.bak`,
    ])
      expect(covering(path), path).toEqual([])
  })

  test('encrypt all of a root’s key, and the values of a Secret alone; recipients are one text, which every sops reads', () => {
    expect(parsed.map(({ encrypted_regex: regex, age }) => [regex, age])).toEqual([
      [undefined, 'age1root'],
      ['^(data|stringData)$', 'age1cluster,age1person'],
      ['^(data|stringData)$', 'age1us'],
    ])
  })

  test('without custodians there is no rule for roots: a key that nobody can open is not made', () => {
    expect(creationRules(layoutOf('mesh-ca'), [], [])).toEqual([])
  })
})
