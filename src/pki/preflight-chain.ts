import { hasSameNameAndKey } from './path.ts'
import { describe, subjectsOf, validityOf } from './path-fault.ts'
import { certificatesOf } from './preflight-facts.ts'
import type { PreflightFacts } from './preflight-facts.ts'
import type { PreflightCheck, PreflightProblem } from './preflight-problem.ts'

/** `cert-chain.pem`: every block a certificate, the first one valid (istio ca.go:383-476), the signer among them and first. */
export const chainFile: PreflightCheck = {
  title: 'cert-chain.pem leads from ca-cert.pem upward',
  run: (facts) => [...blockProblems(facts), ...firstExpired(facts), ...orderProblems(facts), ...duplicates(facts), ...strayProblems(facts)],
}

const file = 'cert-chain.pem'

/** Whether a workload's certificate can find its issuer: in the chain, or, if the signer is a root, among the roots. */
export function chainHasSigner({ signer, certChain, rootCert }: PreflightFacts): boolean {
  return (
    signer === null ||
    [...certificatesOf(certChain), ...certificatesOf(rootCert)].some((other) => hasSameNameAndKey(other, signer.certificate))
  )
}

function blockProblems({ certChain }: PreflightFacts): PreflightProblem[] {
  const source = certChain.unreadable.some(({ line }) => line === certChain.pem.blocks[0]?.line)
    ? 'istio ca.go:383-476'
    : 'TLS peers read every block that is sent'
  return [
    ...certChain.pem.blocks
      .filter(({ type }) => type !== 'CERTIFICATE')
      .map(({ type, line }): PreflightProblem => ({
        file,
        rule: 'not-a-certificate',
        line,
        severity: 'error',
        message: 'a PEM block is not a certificate',
        expected: 'CERTIFICATE',
        found: type,
        remedy: 'remove the block',
        source: 'TLS peers read every block that is sent',
      })),
    ...certChain.unreadable.map(({ line, why }): PreflightProblem => ({
      file,
      rule: 'unreadable-certificate',
      line,
      severity: 'error',
      message: why,
      expected: 'an X.509 certificate that Go reads',
      found: 'bytes that it refuses',
      remedy: 'remove the block, or take the certificate from where it was made; if it is the same there, have it issued anew',
      source,
    })),
  ]
}

function firstExpired({ certChain, at }: PreflightFacts): PreflightProblem[] {
  const [first] = certChain.certificates
  if (first === undefined || at <= first.certificate.notAfter) return []
  return [
    {
      file,
      rule: 'expired',
      line: first.line,
      severity: 'error',
      message: `${describe(first.certificate)} has expired`,
      ...validityOf(first.certificate, at),
      remedy: 'renew it, or remove it if it does not belong here',
      source: 'istio ca.go:383-476',
    },
  ]
}

function orderProblems(facts: PreflightFacts): PreflightProblem[] {
  const { signer, certChain } = facts
  if (signer === null) return []
  if (!chainHasSigner(facts)) {
    return [
      {
        file,
        rule: 'chain-without-signer',
        severity: 'error',
        message: `the CA that signs, ${describe(signer.certificate)}, is not in the chain: no peer can verify its workloads`,
        expected: signer.certificate.subject,
        found: subjectsOf(certificatesOf(certChain)) || 'no certificates',
        remedy: 'put ca-cert.pem at the head of cert-chain.pem',
        source: 'a workload certificate of this CA, as its peers verify it',
      },
    ]
  }
  const [first] = certChain.certificates
  if (first === undefined || hasSameNameAndKey(first.certificate, signer.certificate)) return []
  return [
    {
      file,
      rule: 'chain-order',
      line: first.line,
      severity: 'warning',
      message: 'the chain does not begin with the CA that signs: istiod reads lifetimes from the first certificate',
      expected: signer.certificate.subject,
      found: first.certificate.subject,
      remedy: 'order it from ca-cert.pem upward',
      source: 'istio ca.go:383-476',
    },
  ]
}

function duplicates({ certChain, rootCert }: PreflightFacts): PreflightProblem[] {
  return [certChain, rootCert].flatMap(({ name, certificates }) => {
    const seen = new Set<string>()
    return certificates
      .filter(({ certificate: { fingerprint } }) => {
        const isAgain = seen.has(fingerprint)
        seen.add(fingerprint)
        return isAgain
      })
      .map(({ certificate, line }): PreflightProblem => ({
        file: name,
        rule: 'duplicate-certificate',
        line,
        severity: 'warning',
        message: `${describe(certificate)} stands in the file twice`,
        remedy: 'keep one',
        source: 'istio crypto.go:186-202: bundles are compared as text',
      }))
  })
}

/** Certificates that no way from the signer to a root passes. Another path to the same CA (a cross-signature) is none of them. */
function strayProblems({ signerPaths: { paths }, certChain }: PreflightFacts): PreflightProblem[] {
  if (paths.length === 0) return []
  // Many paths, but few certificates: the search for them ends after a hundred signatures.
  const onPath = [...new Set(paths.flat())]
  return certChain.certificates
    .filter(({ certificate }) => !onPath.some((member) => hasSameNameAndKey(member, certificate)))
    .map(({ certificate, line }) => ({
      file,
      rule: 'chain-stray-certificate',
      line,
      severity: 'warning',
      message: `${describe(certificate)} is no part of the chain of ca-cert.pem`,
      remedy: 'remove it: a chain holds the signing CA and those above it only',
      source: "reroot: a chain is the signer's alone, so that a review of it shows who signs",
    }))
}
