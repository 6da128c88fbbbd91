import type { CaFileName } from './ca-files.ts'
import type { PemShape, PemFaultKind } from './pem.ts'
import type { PreflightCheck, PreflightProblem } from './preflight-problem.ts'

/** The four files as text: what Go's PEM reader skips or keeps, and what confuses those who compare bytes. */
export const pemForm: PreflightCheck = {
  title: 'the files are clean PEM',
  run: ({ caCert, caKey, certChain, rootCert }) => [
    ...formProblems(caCert.name, caCert.pem),
    ...formProblems('ca-key.pem', caKey),
    ...formProblems(certChain.name, certChain.pem),
    ...formProblems(rootCert.name, rootCert.pem),
  ],
}

const faultMessages: Readonly<Record<PemFaultKind, string>> = {
  glued: 'two PEM blocks are joined without a line break: both are lost',
  unpaired: 'a PEM block has no BEGIN or no END of its type',
  'bad-boundary': 'a BEGIN or END line is malformed or not alone on its line: the block is lost',
  'bad-base64': 'a PEM block holds something that is not base64',
}

function formProblems(file: CaFileName, pem: PemShape): PreflightProblem[] {
  const problems: PreflightProblem[] = pem.faults.map(({ kind, line }) => ({
    file,
    rule: kind === 'glued' ? 'glued-pem' : 'broken-pem',
    line,
    severity: 'error',
    message: faultMessages[kind],
    remedy: kind === 'glued' ? 'put a line break between "-----END …-----" and "-----BEGIN …-----"' : 'mend the block, or remove it',
    source: 'Go encoding/pem, which istiod reads with',
  }))
  for (const { line } of pem.blocks.filter((block) => block.hasHeaders && block.type === 'CERTIFICATE')) {
    problems.push({
      file,
      rule: 'pem-headers',
      line,
      severity: 'error',
      message: 'a certificate with headers inside its PEM block is skipped',
      remedy: 'remove the lines between BEGIN and the base64',
      source: 'Go crypto/x509 AppendCertsFromPEM',
    })
  }
  return [...problems, ...tidiness(file, pem)]
}

function tidiness(file: CaFileName, pem: PemShape): PreflightProblem[] {
  // istio crypto.go:186-202: the agent removes duplicate roots by their text, comments included.
  const source = 'istio crypto.go:186-202: bundles are compared as text'
  const problems: PreflightProblem[] = []
  if (pem.carriageReturn !== null) {
    problems.push({
      file,
      rule: 'carriage-return',
      line: pem.carriageReturn,
      severity: 'warning',
      message: 'the file has Windows line ends',
      remedy: 'write it with LF only',
      source,
    })
  }
  const [stray] = pem.stray
  if (stray !== undefined) {
    problems.push({
      file,
      rule: 'text-outside-blocks',
      line: stray,
      severity: 'warning',
      message: 'there is text outside the PEM blocks',
      remedy: 'keep the blocks alone',
      source,
    })
  }
  if (!pem.endsInNewline) {
    problems.push({
      file,
      rule: 'no-final-newline',
      severity: 'warning',
      message: 'the last line does not end in a line break',
      remedy: 'add one: whoever appends a certificate loses two otherwise',
      source: 'Go encoding/pem, which istiod reads with',
    })
  }
  return problems
}
