import type { Certificate } from './certificate.ts'
import type { Name } from './name.ts'

interface Validity {
  readonly subject: Name
  /** Whole seconds, like all dates of a certificate. */
  readonly notBefore: Date
  readonly notAfter: Date
}

/** What a new root is to say. */
export interface RootTemplate extends Validity {
  readonly kind: 'root'
}

/** What a new intermediate is to say. */
export interface IntermediateTemplate extends Validity {
  readonly kind: 'intermediate'
  readonly issuer: Certificate
  readonly dnsNames: readonly string[]
}

/** What a workload's certificate says, as istiod issues it. Such certificates are made to be looked at in memory, never to be kept. */
export interface LeafTemplate extends Validity {
  readonly kind: 'leaf'
  readonly issuer: Certificate
  readonly uri: string
}

/** A certificate before anything was checked or signed. `lint` turns it into one that can be issued. */
export type Template = RootTemplate | IntermediateTemplate | LeafTemplate

interface Period {
  readonly at: Date
  readonly days: number
  /** How far notBefore lies before `at`, for clocks that are behind. */
  readonly backdateMinutes: number
}

/** `O=<mesh>, CN=<mesh> root CA g2`: every generation has a subject of its own, because OpenSSL confuses roots that share one. */
export function rootTemplate(input: Period & { readonly mesh: string; readonly generation: string }): RootTemplate {
  const { mesh, generation } = input
  return {
    kind: 'root',
    subject: [
      { type: 'O', value: mesh },
      { type: 'CN', value: `${mesh} root CA ${generation}` },
    ],
    ...validity(input),
  }
}

/**
 * `O=<mesh>, CN=<mesh> intermediate CA g2, L=<cluster>` (the attributes of Istio's tools/certs/common.mk), valid no longer than its root
 * and not earlier.
 */
export function intermediateTemplate(
  input: Period & {
    readonly mesh: string
    readonly generation: string
    readonly cluster: string
    readonly dnsNames: readonly string[]
    readonly issuer: Certificate
  },
): IntermediateTemplate {
  const { mesh, generation, cluster, dnsNames, issuer } = input
  return {
    kind: 'intermediate',
    subject: [
      { type: 'O', value: mesh },
      { type: 'CN', value: `${mesh} intermediate CA ${generation}` },
      { type: 'L', value: cluster },
    ],
    ...nested(validity(input), issuer),
    issuer,
    dnsNames,
  }
}

/** What istiod issues to a workload: no subject, a SPIFFE URI, notBefore two minutes back (istio generate_cert.go:285-358), cut to the CA's validity. */
export function leafTemplate(input: {
  readonly uri: string
  readonly at: Date
  readonly hours: number
  readonly issuer: Certificate
}): LeafTemplate {
  const { uri, at, hours, issuer } = input
  return { kind: 'leaf', subject: [], ...nested(validity({ at, days: hours / 24, backdateMinutes: 2 }), issuer), issuer, uri }
}

function validity({ at, days, backdateMinutes }: Period): { notBefore: Date; notAfter: Date } {
  return { notBefore: wholeSeconds(at.getTime() - backdateMinutes * 60_000), notAfter: wholeSeconds(at.getTime() + days * 86_400_000) }
}

function nested(period: { notBefore: Date; notAfter: Date }, issuer: Certificate): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(Math.max(period.notBefore.getTime(), issuer.notBefore.getTime())),
    notAfter: new Date(Math.min(period.notAfter.getTime(), issuer.notAfter.getTime())),
  }
}

function wholeSeconds(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1000) * 1000)
}
