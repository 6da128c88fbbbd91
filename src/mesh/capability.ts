import type { Finding } from '../base/index.ts'
import type { ClusterConfig } from './schema.ts'

type RotatedCluster = Pick<ClusterConfig, 'name' | 'istio'>

/**
 * Why a cluster cannot follow a rotation of the root; empty if it can.
 * @param file `reroot.yaml`'s path: the facts stand there.
 */
export function rotationHindrances(cluster: RotatedCluster, file: string): readonly Finding[] {
  return [...ztunnelHindrance(cluster, file), ...providerHindrance(cluster, file)]
}

/**
 * ztunnel reads the whole root bundle only since 1.24.6, 1.25.3 and 1.26.0 (ztunnel #1510); before that only its first certificate, so
 * that it cannot trust two roots at once.
 */
function ztunnelHindrance(cluster: RotatedCluster, file: string): readonly Finding[] {
  const { ztunnel } = cluster.istio
  if (ztunnel === null) return []
  const [major = 0, minor = 0, patch = 0] = versionNumbers(ztunnel)
  const since = minor === 24 ? 6 : minor === 25 ? 3 : 0
  if (major > 1 || minor >= 26 || (minor >= 24 && patch >= since)) return []
  return [
    {
      id: 'mesh/ztunnel',
      severity: 'error',
      place: { cluster: cluster.name, file },
      message: 'this ztunnel reads only the first root of the bundle, so two roots cannot be trusted at once',
      expected: 'ztunnel 1.24.6, 1.25.3, 1.26.0 or later',
      found: ztunnel,
      remedy: 'upgrade ztunnel, then correct clusters[].istio.ztunnel',
    },
  ]
}

/** A CA outside istiod does not read the Secret `cacerts` at all (istio features/pilot.go: ENABLE_CA_SERVER, EXTERNAL_CA, PILOT_CERT_PROVIDER). */
function providerHindrance(cluster: RotatedCluster, file: string): readonly Finding[] {
  if (cluster.istio.caProvider === 'istiod') return []
  return [
    {
      id: 'mesh/ca-provider',
      severity: 'error',
      place: { cluster: cluster.name, file },
      message: 'workload certificates are not signed by istiod from the Secret cacerts',
      expected: 'istiod',
      found: cluster.istio.caProvider,
      remedy: 'rotate the CA where it is kept; reroot rotates only what istiod signs with',
    },
  ]
}

/** The numbers of `1.30.3`; `x` and what is missing count as 0, so that a range is judged by its oldest version. */
export function versionNumbers(version: string): readonly number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0)
}
