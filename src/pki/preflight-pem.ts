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

type FaultWords = Readonly<Record<'message' | 'expected' | 'found', string>>
const faultWords: Readonly<Record<PemFaultKind, FaultWords>> = {
  glued: {
    message: 'two PEM blocks are joined without a line break: both are lost',
    expected: 'END and BEGIN on lines of their own',
    found: 'both on one line',
  },
  unpaired: {
    message: 'a PEM block has no BEGIN or no END of its type',
    expected: 'BEGIN and END of one type',
    found: 'one of them',
  },
  'bad-boundary': {
    message: 'a BEGIN or END line is malformed or not alone on its line: the block is lost',
    expected: 'five dashes on both sides, from the beginning of the line to its end',
    found: 'something else (not shown: it may be part of a key)',
  },
  'bad-base64': {
    message: 'a PEM block holds something that is not base64',
    expected: 'base64 between BEGIN and END',
    found: 'something else (not shown: it may be part of a key)',
  },
}

function formProblems(file: CaFileName, pem: PemShape): PreflightProblem[] {
  const problems: PreflightProblem[] = pem.faults.map(({ kind, line }) => ({
    file,
    rule: kind === 'glued' ? 'glued-pem' : 'broken-pem',
    line,
    severity: 'error',
    ...faultWords[kind],
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
      expected: 'base64 alone between BEGIN and END',
      found: 'lines with a colon',
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
