import { describe, expect, test } from 'vitest'
import { branchName, branchPrefixFor, layoutOf } from '../../src/plan/index.ts'
import { makeConfig } from '../support/mesh.ts'

describe('places', () => {
  const layout = layoutOf('infra/mesh-ca')

  test('are those of schema.md', () => {
    const own = layout.cluster('prod')
    expect([layout.config, layout.mesh, layout.root('g2'), own.record, own.restarts, own.prepared('g2-staged'), own.ownSecret]).toEqual([
      'infra/mesh-ca/reroot.yaml',
      'infra/mesh-ca/mesh.yaml',
      'infra/mesh-ca/roots/g2.sops.yaml',
      'infra/mesh-ca/clusters/prod/record.yaml',
      'infra/mesh-ca/clusters/prod/restarts.yaml',
      'infra/mesh-ca/clusters/prod/prepared/g2-staged.sops.yaml',
      'infra/mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml',
    ])
    expect(own.prepared('x').startsWith(own.preparedDirectory)).toBe(true)
  })

  test('branches of one step stand beside each other: none is a folder above another', () => {
    const { git } = makeConfig()
    const names = [
      branchName(git, 'g2-staged', 1, 'secret'),
      branchName(git, 'g2-staged', 2, 'restarts'),
      branchName(git, 'g2-staged', 3, 'wave-default'),
      branchName(git, 'init', 1, 'init'),
    ]

    expect(names).toEqual(['mesh-ca/g2-staged', 'mesh-ca/g2-staged-2-restarts', 'mesh-ca/g2-staged-3-wave-default', 'mesh-ca/init'])
    for (const name of names) expect(names.filter((other) => other.startsWith(`${name}/`))).toEqual([])
  })
})

test('the branches of a mesh begin with its directory, in whatever way that is written', () => {
  const prefixes = ['mesh-ca', 'mesh-ca-us', 'infra/mesh-ca', '.mesh ca', '...', 'a..b.lock'].map(branchPrefixFor)

  expect(prefixes).toEqual(['mesh-ca/', 'mesh-ca-us/', 'infra-mesh-ca/', 'mesh-ca/', 'mesh-ca/', 'a.b/'])
  for (const branchPrefix of prefixes) expect(makeConfig(`git: { branchPrefix: '${branchPrefix}' }\n`).git.branchPrefix).toBe(branchPrefix)
})
