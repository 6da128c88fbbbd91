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
})
