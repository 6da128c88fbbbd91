import { algorithmProblem } from './algorithm.ts'
import { publicKeyMatches } from './key.ts'
import { describe } from './path-fault.ts'
import type { PreflightFacts } from './preflight-facts.ts'
import type { PreflightCheck, PreflightProblem } from './preflight-problem.ts'

/** `ca-key.pem`: a key that istiod reads, and the one of the certificate (istio keycertbundle.go Verify 3, 4). */
export const signingKey: PreflightCheck = {
  title: 'ca-key.pem is the key of ca-cert.pem',
  run({ caKey, key, signer }) {
    const file = 'ca-key.pem'
    const problems: PreflightProblem[] = caKey.blocks.slice(1).map(({ line, type }) => ({
      file,
      rule: 'ignored-block',
      line,
      severity: 'warning',
      message: `a ${type} block after the first is ignored`,
      remedy: 'keep the private key alone',
      source: 'istio crypto.go:129-157: only the first block is read',
    }))
    if ('refusal' in key) {
      const line = caKey.blocks[0]?.line
      problems.push({
        file,
        rule: 'unreadable-key',
        ...(line === undefined ? {} : { line }),
        severity: 'error',
        message: key.refusal.message,
        expected: 'an RSA or EC key as PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY, not encrypted',
        found:
          caKey.blocks[0] === undefined
            ? 'no PEM block'
            : `a ${caKey.blocks[0].type} block${caKey.blocks[0].hasHeaders ? ' with headers' : ''}`,
        remedy: key.refusal.hint,
        source: 'istio keycertbundle.go Verify 3',
      })
    } else if (signer !== null && !publicKeyMatches(signer.certificate.publicKey, key.loaded)) {
      problems.push({
        file,
        rule: 'key-mismatch',
        severity: 'error',
        message: `the key does not belong to ${describe(signer.certificate)} in ca-cert.pem`,
        ...(caKey.blocks[0] === undefined ? {} : { line: caKey.blocks[0].line }),
        expected: `the key of ${describe(signer.certificate)}`,
        found: 'another key',
        remedy: 'put the key and the certificate of the same CA side by side; in ca-cert.pem the CA that signs comes first',
        source: 'istio keycertbundle.go Verify 4',
      })
    }
    return problems
  },
}

/** Keys that istiod takes without a word and proxies do not. */
export const keyStrength: PreflightCheck = {
  title: 'every key of the CA is one that all proxies verify',
  run: ({ caCert, certChain, rootCert, signer }: PreflightFacts) =>
    [{ name: caCert.name, certificates: signer === null ? [] : [signer] }, certChain, rootCert].flatMap(({ name, certificates }) =>
      certificates.flatMap(({ certificate, line }): PreflightProblem[] => {
        const problem = algorithmProblem(certificate.algorithm)
        if (problem === null) return []
        return [
          {
            file: name,
            rule: 'unsupported-key',
            line,
            severity: 'error',
            message: `${describe(certificate)}: ${problem}`,
            expected: 'RSA of 2048 bits or more, P-256 or P-384',
            found: certificate.algorithm,
            remedy: 'issue this CA anew with a supported key',
            source: 'ztunnel (rustls) and Envoy (BoringSSL); istiod itself does not look',
          },
        ]
      }),
    ),
}
