import { isSamePublicKey } from './key.ts'
import { caWords, describe, validityOf } from './path-fault.ts'
import type { PlacedCertificate, PreflightFacts } from './preflight-facts.ts'
import type { PreflightCheck, PreflightProblem } from './preflight-problem.ts'

/** `root-cert.pem`: what passes istiod's reload and breaks its next start, or a proxy (istio spiffe.go:290-304, trustbundle.go:127-140). */
export const rootFile: PreflightCheck = {
  title: 'root-cert.pem is a list of roots and nothing else',
  run: (facts) => [
    ...blockProblems(facts),
    ...facts.rootCert.certificates.flatMap((root, index) => rootProblems(root, index, facts)),
    ...sameSubject(facts),
  ],
}

const file = 'root-cert.pem'

function blockProblems({ rootCert }: PreflightFacts): PreflightProblem[] {
  if (rootCert.pem.blocks.length === 0) {
    return [
      {
        file,
        rule: 'no-certificate',
        severity: 'error',
        message: 'there is no PEM block that can be read',
        expected: 'at least one root',
        remedy: 'put the root certificate into it',
        source: 'istio keycertbundle.go Verify 2',
      },
    ]
  }
  return [
    ...rootCert.pem.blocks
      .filter(({ type }) => type !== 'CERTIFICATE')
      .map(({ type, line }): PreflightProblem => ({
        file,
        rule: 'not-a-certificate',
        line,
        severity: 'error',
        message: 'a PEM block is not a certificate: istiod does not start with it, and ztunnel drops its own certificate',
        expected: 'CERTIFICATE',
        found: type,
        remedy: 'remove the block',
        source: 'istio spiffe.go:290-304; ztunnel src/tls/certificate.rs:218-235',
      })),
    ...rootCert.unreadable.map(({ line, why }): PreflightProblem => ({
      file,
      rule: 'unreadable-certificate',
      line,
      severity: 'error',
      message: why,
      expected: 'an X.509 certificate that Go reads',
      found: 'bytes that it refuses',
      remedy: 'remove the block, or take the certificate from where it was made; if it is the same there, have it issued anew',
      source: 'istio spiffe.go:290-304',
    })),
  ]
}

function rootProblems({ certificate, line }: PlacedCertificate, index: number, { at, multiRoot }: PreflightFacts): PreflightProblem[] {
  const problems: PreflightProblem[] = []
  const place = { file, line } as const
  if (!certificate.isCa && (certificate.version === 3 || (multiRoot && index === 0))) {
    const stops = multiRoot && index === 0
    problems.push({
      ...place,
      rule: 'not-a-ca',
      severity: stops ? 'error' : 'warning',
      message: `${describe(certificate)} is no CA`,
      ...caWords(certificate),
      remedy: 'remove it: nothing that it signed is trusted',
      source: stops ? 'istio trustbundle.go:127-140' : 'Go crypto/x509 CheckSignatureFrom',
    })
  }
  if (certificate.version < 3) {
    problems.push({
      ...place,
      rule: 'version-1-root',
      severity: 'warning',
      message: `${describe(certificate)} is an X.509 version ${certificate.version} certificate: nothing in it says that it is a CA`,
      remedy: 'rotate to a root of version 3',
      source: 'RFC 5280, 4.2.1.9',
    })
  }
  if (at > certificate.notAfter) {
    problems.push({
      ...place,
      rule: 'expired',
      severity: 'warning',
      message: `${describe(certificate)} has expired`,
      ...validityOf(certificate, at),
      remedy: 'remove it',
      source: 'Go crypto/x509: an expired root that nobody needs does no harm',
    })
  }
  if (!certificate.isSelfIssued) {
    problems.push({
      ...place,
      rule: 'root-not-self-issued',
      severity: 'warning',
      message: `${describe(certificate)} is an intermediate and stands among the roots`,
      expected: 'a certificate whose issuer is its subject',
      found: certificate.issuer,
      remedy: 'put its root there instead: verifiers differ about anchors that are no roots',
      source: 'OpenSSL refuses it without X509_V_FLAG_PARTIAL_CHAIN; Go does not',
    })
  }
  return problems
}

/** Roots that share a name: OpenSSL picks the first of them and fails, or not, by their order (test/interop/openssl.test.ts shows it). */
function sameSubject({ rootCert: { certificates } }: PreflightFacts): PreflightProblem[] {
  const namesakes = new Map<string, Namesakes>()
  return certificates.flatMap((root): PreflightProblem[] => {
    const earlier = earlierNamesake(root, namesakes)
    if (earlier === undefined) return []
    const sameKey = isSamePublicKey(earlier.certificate.publicKey, root.certificate.publicKey)
    return [
      {
        file,
        rule: 'same-subject-roots',
        line: root.line,
        severity: sameKey ? 'warning' : 'error',
        message: `two roots have the subject ${root.certificate.subject}${sameKey ? ' and the same key' : ''}`,
        expected: 'a subject of its own for each root',
        found: `${describe(earlier.certificate)} at line ${earlier.line}, ${describe(root.certificate)} at line ${root.line}`,
        remedy: sameKey ? 'keep the one that is valid longer' : 'keep one of them; rotate to a root with a subject of its own',
        source: 'OpenSSL: error 7, certificate signature failure, depending on the order',
      },
    ]
  })
}

/** The first certificate of a name, and the first that is not that one. */
interface Namesakes {
  readonly first: PlacedCertificate
  other: PlacedCertificate | null
}

/** The first of the same name that came before and is another certificate. */
function earlierNamesake(root: PlacedCertificate, namesakes: Map<string, Namesakes>): PlacedCertificate | undefined {
  const name = Buffer.from(root.certificate.rawSubject).toString('hex')
  const known = namesakes.get(name)
  if (known === undefined) {
    namesakes.set(name, { first: root, other: null })
    return undefined
  }
  if (known.first.certificate.fingerprint === root.certificate.fingerprint) return known.other ?? undefined
  known.other ??= root
  return known.first
}
