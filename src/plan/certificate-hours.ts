import type { Finding } from '../base/index.ts'
import { mostCertificateHours } from '../mesh/index.ts'
import type { Config } from '../mesh/index.ts'
import type { CertificateLifetime, Discovery } from '../workloads/index.ts'

/**
 * Every value in Git by which workload certificates of a cluster live longer than `pki.workloadCertificateHours`. Whoever waits for that time would take
 * certificates for renewed that live on, and `retire` would take the trust from them.
 * @param file `reroot.yaml`'s path.
 */
export function shortCertificateHours(
  { pki: { workloadCertificateHours: hours } }: Pick<Config, 'pki'>,
  file: string,
  discoveries: readonly Pick<Discovery, 'cluster' | 'certificateLifetimes'>[],
): readonly Finding[] {
  const longest = longestLifetime(discoveries)?.hours ?? 0
  return discoveries.flatMap(({ cluster, certificateLifetimes }) =>
    certificateLifetimes
      .filter((lifetime) => lifetime.hours > hours)
      .map((lifetime): Finding => ({
        id: 'mesh/certificate-lifetime',
        severity: 'error',
        place: { cluster, ...lifetime.place },
        message: `workload certificates live longer than ${file} says: a step that waits for them would go on too early`,
        expected: `at most ${hours} hours (pki.workloadCertificateHours)`,
        found: lifetime.found,
        remedy:
          lifetime.hours > mostCertificateHours
            ? `shorten it: ${file} takes at most ${mostCertificateHours} hours`
            : `write \`workloadCertificateHours: ${longest}\` in ${file}, below pki`,
      })),
  )
}

/** Of all clusters, as far as `reroot.yaml` can say it; `null`: Git says nothing of it. */
export function longestLifetime(discoveries: readonly Pick<Discovery, 'certificateLifetimes'>[]): CertificateLifetime | null {
  const all = discoveries.flatMap(({ certificateLifetimes }) => certificateLifetimes).filter(({ hours }) => hours <= mostCertificateHours)
  return all.toSorted((a, b) => b.hours - a.hours)[0] ?? null
}
