import { describe, expect, test } from 'vitest'
import { constraintProblems } from '../../src/pki/name-constraints.ts'
import { makeCa } from './made-ca.ts'
import type { Wishes } from './made-ca.ts'

const workload = 'spiffe://cluster.local/ns/a/sa/b'
const problems = (wishes: Wishes, names: Partial<Parameters<typeof constraintProblems>[0]>): string[] =>
  constraintProblems({ dns: [], uris: [], ...names }, makeCa(wishes).certificate)

// The cases of Go's crypto/x509/name_constraints_test.go that a mesh can meet.
describe('forbidden', () => {
  test.each<[string, Wishes, { dns?: string[]; uris?: string[]; emails?: string[] }, string]>([
    [
      'a DNS name outside',
      { permitted: [['dns', 'example.com']] },
      { dns: ['istiod.svc'] },
      'DNS name "istiod.svc" is not permitted by any constraint',
    ],
    ['the name itself under a leading period', { permitted: [['dns', '.svc']] }, { dns: ['svc'] }, 'is not permitted'],
    ['part of a label', { permitted: [['dns', 'ample.com']] }, { dns: ['example.com'] }, 'is not permitted'],
    [
      'an excluded name, in other capitals',
      { excluded: [['dns', 'EXAMPLE.com']] },
      { dns: ['a.example.COM'] },
      'is excluded by constraint "EXAMPLE.com"',
    ],
    ['a wildcard over an excluded name', { excluded: [['dns', 'a.example.com']] }, { dns: ['*.example.com'] }, 'is excluded'],
    [
      'a trust domain outside',
      { permitted: [['uri', 'mesh.example']] },
      { uris: [workload] },
      `URI "${workload}" is not permitted by any constraint`,
    ],
    ['any URI', { excluded: [['uri', '']] }, { uris: [workload] }, 'is excluded by constraint ""'],
    ['a URI with an address', { permitted: [['dns', 'svc']] }, { uris: ['spiffe://10.0.0.1/x'] }, 'has no host'],
    ['a URI without a host', { permitted: [['dns', 'svc']] }, { uris: ['urn:x'] }, 'has no host'],
    ['an address outside', { permitted: [['email', 'a@example.com']] }, { emails: ['b@example.com'] }, 'is not permitted'],
  ])('%s', (_, wishes, names, message) => {
    expect(problems(wishes, names)).toEqual([expect.stringContaining(message)])
  })
})

describe('permitted', () => {
  test.each<[string, Wishes, { dns?: string[]; uris?: string[]; emails?: string[] }]>([
    ['everything without constraints', {}, { dns: ['a'], uris: ['urn:x'] }],
    ['a kind that is not constrained', { permitted: [['dns', 'example.com']] }, { uris: [workload] }],
    ['a name below', { permitted: [['dns', 'svc']] }, { dns: ['istiod.istio-system.svc'] }],
    ['the trust domain itself', { permitted: [['uri', 'cluster.local']] }, { uris: [workload] }],
    [
      'one of several',
      {
        permitted: [
          ['uri', 'a.example'],
          ['uri', '.local'],
        ],
      },
      { uris: [workload] },
    ],
    ['all of a domain’s addresses', { permitted: [['email', 'example.com']] }, { emails: ['b@Example.com'] }],
  ])('%s', (_, wishes, names) => {
    expect(problems(wishes, names)).toEqual([])
  })
})
