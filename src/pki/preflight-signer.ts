import { caWords, describe } from './path-fault.ts'
import type { PreflightFacts } from './preflight-facts.ts'
import type { PreflightCheck, PreflightProblem } from './preflight-problem.ts'

/** `ca-cert.pem`: its first block must be a CA's certificate (istio keycertbundle.go Verify 1, 4; ca.go:323). */
export const signingCertificate: PreflightCheck = {
  title: 'ca-cert.pem is the certificate of a CA',
  run: (facts) => [...ignoredBlocks(facts), ...firstBlockProblems(facts), ...authority(facts)],
}

const file = 'ca-cert.pem'

function ignoredBlocks({ caCert }: PreflightFacts): PreflightProblem[] {
  return caCert.pem.blocks.slice(1).map(({ line, type }) => ({
    file,
    rule: 'ignored-block',
    line,
    severity: 'warning',
    message: `a ${type} block after the certificate is ignored`,
    remedy: 'keep the certificate alone; what stands above it belongs into cert-chain.pem',
    source: 'istio crypto.go:38-50: only the first block is read',
  }))
}

function firstBlockProblems({ caCert }: PreflightFacts): PreflightProblem[] {
  const [first] = caCert.pem.blocks
  if (first === undefined) {
    return [
      {
        file,
        rule: 'no-certificate',
        severity: 'error',
        message: 'there is no PEM block',
        expected: 'the certificate that signs',
        found: 'nothing that Go takes for a block',
        remedy: 'put the intermediate certificate into it',
        source: 'istio keycertbundle.go Verify 1',
      },
    ]
  }
  if (first.type !== 'CERTIFICATE') {
    return [
      {
        file,
        rule: 'not-a-certificate',
        line: first.line,
        severity: 'error',
        message: 'the first PEM block is not a certificate',
        expected: 'CERTIFICATE',
        found: first.type,
        remedy: 'write it anew with "openssl x509"',
        source: 'istio keycertbundle.go Verify 4 (tls.X509KeyPair)',
      },
    ]
  }
  return caCert.unreadable
    .filter(({ line }) => line === first.line)
    .map(({ line, why }) => ({
      file,
      rule: 'unreadable-certificate',
      line,
      severity: 'error',
      message: why,
      expected: 'an X.509 certificate that Go reads',
      found: 'bytes that it refuses',
      remedy: 'take the certificate from where it was made; if it is the same there, have it issued anew',
      source: 'istio keycertbundle.go Verify 1',
    }))
}

function authority({ signer }: PreflightFacts): PreflightProblem[] {
  if (signer === null || signer.certificate.isCa) return []
  return [
    {
      file,
      rule: 'not-a-ca',
      line: signer.line,
      severity: 'error',
      message: `${describe(signer.certificate)} is no CA`,
      ...caWords(signer.certificate),
      remedy: 'have a CA certificate issued',
      source: 'istio ca.go:323',
    },
  ]
}
