import { describe, expect, test } from 'vitest'
import { longestLifetime, shortCertificateHours } from '../../src/plan/index.ts'
import type { CertificateLifetime, Discovery } from '../../src/workloads/index.ts'
import { discoveryOf, makeConfig } from '../support/mesh.ts'

const lifetime = (hours: number): CertificateLifetime => ({
  hours,
  found: `env.SECRET_TTL: ${hours}h`,
  place: { file: 'infra/istiod.yaml', line: 31, object: 'HelmRelease istio-system/istiod' },
})
const where = (cluster: string, ...hours: readonly number[]): Discovery =>
  discoveryOf({ cluster, certificateLifetimes: hours.map((one) => lifetime(one)) })
const file = 'mesh-ca/reroot.yaml'

describe('hours that are too few', () => {
  test('are an error at each value that is longer, with the number for all clusters', () => {
    const found = shortCertificateHours(makeConfig(), file, [where('eu', 48, 24, 720), where('us', 100)])

    expect(found.map(({ place, found: value, severity }) => [severity, place.cluster, place.file, place.line, value])).toEqual([
      ['error', 'eu', 'infra/istiod.yaml', 31, 'env.SECRET_TTL: 48h'],
      ['error', 'eu', 'infra/istiod.yaml', 31, 'env.SECRET_TTL: 720h'],
      ['error', 'us', 'infra/istiod.yaml', 31, 'env.SECRET_TTL: 100h'],
    ])
    expect(new Set(found.map(({ remedy }) => remedy))).toEqual(
      new Set(['write `workloadCertificateHours: 720` in mesh-ca/reroot.yaml, below pki']),
    )
    expect(found[0]?.expected).toBe('at most 24 hours (pki.workloadCertificateHours)')
  })

  test('are to be shortened where reroot.yaml cannot say as much', () => {
    const remedies = (...hours: readonly number[]): readonly string[] =>
      shortCertificateHours(makeConfig(), file, [where('eu', ...hours)]).map(({ remedy }) => remedy)

    expect(remedies(876_001, 720)).toEqual([
      'shorten it: mesh-ca/reroot.yaml takes at most 876000 hours',
      'write `workloadCertificateHours: 720` in mesh-ca/reroot.yaml, below pki',
    ])
    expect(remedies(876_000)).toEqual(['write `workloadCertificateHours: 876000` in mesh-ca/reroot.yaml, below pki'])
    expect(makeConfig('pki: { workloadCertificateHours: 876000 }\n').pki.workloadCertificateHours).toBe(876_000)
    expect(() => makeConfig('pki: { workloadCertificateHours: 876001 }\n')).toThrow('reroot.yaml has a problem')
  })

  test('are none where the configuration says as much, or more', () => {
    const config = makeConfig('pki: { workloadCertificateHours: 720 }\n')

    expect(shortCertificateHours(config, file, [where('eu', 720, 1)])).toEqual([])
    expect(shortCertificateHours(makeConfig(), file, [where('eu', 1)])).toEqual([])
    expect(shortCertificateHours(makeConfig(), file, [where('eu')])).toEqual([])
  })
})

test('the longest lifetime is that of any cluster', () => {
  expect(longestLifetime([where('eu', 48), where('us', 720, 1)])).toMatchObject({ hours: 720 })
  expect(longestLifetime([where('eu')])).toBeNull()
  // What reroot.yaml does not take is written by no init.
  expect(longestLifetime([where('eu', 48, 1_000_000)])).toMatchObject({ hours: 48 })
})
