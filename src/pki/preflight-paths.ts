import { algorithmProblem } from './algorithm.ts'
import type { CaFileName } from './ca-files.ts'
import type { Certificate } from './certificate.ts'
import { issueProbe } from './issue.ts'
import { publicKeyMatches, throwawayKey } from './key.ts'
import { findPaths } from './path.ts'
import { describe } from './path-fault.ts'
import type { PathFault, PathRule } from './path-fault.ts'
import { chainHasSigner } from './preflight-chain.ts'
import { certificatesOf } from './preflight-facts.ts'
import type { PreflightFacts } from './preflight-facts.ts'
import type { PreflightCheck, PreflightProblem } from './preflight-problem.ts'

/** The signing CA must lead to a root, for serverAuth: Go's default, which istiod keeps (istio keycertbundle.go Verify 2). */
export const trustPath: PreflightCheck = {
  title: 'ca-cert.pem leads to a root of root-cert.pem',
  run(facts) {
    const { paths, faults } = facts.signerPaths
    return [...faults.map((fault) => problemOf(fault, facts, 'istio keycertbundle.go Verify 2')), ...outliving(paths[0] ?? [], facts)]
  },
}

/**
 * A workload's certificate, issued in memory, must verify for its peers: with only cert-chain.pem in between, as client and as server.
 * Skipped without a usable pair of key and certificate, which other checks report.
 */
export const workloadPath: PreflightCheck = {
  title: 'a workload certificate of this CA verifies',
  run(facts) {
    const { signer, key, at, entropy } = facts
    if (signer === null || 'refusal' in key || !publicKeyMatches(signer.certificate.publicKey, key.loaded)) return []
    if (algorithmProblem(signer.certificate.algorithm) !== null) return [] // `unsupported-key` says so, and not every such key can sign here
    const leaf = issueProbe(
      { uri: 'spiffe://cluster.local/ns/default/sa/default', at, issuer: { certificate: signer.certificate, key: key.loaded } },
      throwawayKey().publicKey,
      entropy,
    )
    // That the signer is missing in the chain is reported by its own check, and hides nothing else here.
    const chain = [...certificatesOf(facts.certChain), ...(chainHasSigner(facts) ? [] : [signer.certificate])]
    const usages = ['serverAuth', 'clientAuth'] as const
    const faults = usages.flatMap(
      (usage) => findPaths({ certificate: leaf, intermediates: chain, roots: certificatesOf(facts.rootCert), at, usage }).faults,
    )
    return faults.map((fault) => problemOf(fault, facts, 'a workload certificate of this CA, as its peers verify it'))
  },
}

const remedies: Readonly<Record<PathRule, string>> = {
  expired: 'renew it: no workload certificate of this CA verifies any more',
  'not-yet-valid': 'see that the clock of this machine is right; if it is, wait, or have it issued anew with an earlier notBefore',
  'unhandled-critical-extension': 'have the certificate issued anew without them',
  'unknown-authority': 'put the root of this CA into root-cert.pem, and every CA between into cert-chain.pem',
  'signature-mismatch': 'replace the CA certificate of that name by the one that signed',
  'signature-algorithm': 'have the certificate issued anew with SHA-256',
  'not-a-ca': 'have it issued anew as a CA, or remove it',
  'no-cert-sign': 'have it issued anew with keyUsage keyCertSign',
  'path-length': 'have it issued anew without pathlen, or with a larger one',
  'extended-key-usage': 'have it issued anew without extendedKeyUsage',
  'name-constraint': 'have it issued anew with constraints that permit the name, or without',
}

function problemOf(fault: PathFault, facts: PreflightFacts, source: string): PreflightProblem {
  const { rule, message, expected, found } = fault
  // What is missing is missing in root-cert.pem, wherever its child stands.
  const place = rule === 'unknown-authority' ? { file: 'root-cert.pem' as const } : placeOf(fault.certificate, facts)
  return {
    ...place,
    rule,
    severity: 'error',
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
    remedy: remedies[rule],
    source,
  }
}

/** Where a certificate stands; one that stands nowhere is a workload's, and its CA is `ca-cert.pem`. */
function placeOf(certificate: Certificate, { signer, rootCert, certChain }: PreflightFacts): { file: CaFileName; line?: number } {
  if (signer?.certificate.fingerprint === certificate.fingerprint) return { file: 'ca-cert.pem', line: signer.line }
  for (const { name, certificates } of [rootCert, certChain]) {
    const placed = certificates.find((other) => other.certificate.fingerprint === certificate.fingerprint)
    if (placed !== undefined) return { file: name, line: placed.line }
  }
  return { file: 'ca-cert.pem' }
}

// tools/certs gives root and intermediate the same number of days, one after the other: such a CA outlives its root by seconds.
const toleratedMilliseconds = 86_400_000

/** istiod compares no lifetimes; a CA that outlives its issuer stops working before its own date. */
function outliving(path: readonly Certificate[], facts: PreflightFacts): PreflightProblem[] {
  return path.flatMap((certificate, index): PreflightProblem[] => {
    const issuer = path[index + 1]
    if (issuer === undefined || certificate.notAfter.getTime() <= issuer.notAfter.getTime() + toleratedMilliseconds) return []
    return [
      {
        ...placeOf(certificate, facts),
        rule: 'outlives-issuer',
        severity: 'warning',
        message: `${describe(certificate)} outlives its issuer ${describe(issuer)}`,
        expected: `an end until ${issuer.notAfter.toISOString()}`,
        found: certificate.notAfter.toISOString(),
        remedy: 'count on the earlier date',
        source: 'RFC 5280, 6.1: every certificate of a path must be valid',
      },
    ]
  })
}
