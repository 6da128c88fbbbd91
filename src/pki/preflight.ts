import type { CaFiles } from './ca-files.ts'
import { chainFile } from './preflight-chain.ts'
import { preflightFacts } from './preflight-facts.ts'
import { keyStrength, signingKey } from './preflight-key.ts'
import { trustPath, workloadPath } from './preflight-paths.ts'
import { pemForm } from './preflight-pem.ts'
import type { PreflightCheck, PreflightProblem } from './preflight-problem.ts'
import { rootFile } from './preflight-roots.ts'
import { signingCertificate } from './preflight-signer.ts'
import type { Entropy } from './serial.ts'

// istiod's own order (keycertbundle.go Verify, ca.go, server.go), then what it accepts and the mesh does not.
const checks: readonly PreflightCheck[] = [
  pemForm,
  signingCertificate,
  trustPath,
  signingKey,
  chainFile,
  rootFile,
  keyStrength,
  workloadPath,
]

/**
 * Judges the files of a plugged-in CA before a cluster does: istiod's own checks in its order, then the traps that it accepts. All problems
 * are found at once, unless one hides another (a certificate that cannot be read says nothing about its issuer). Never throws for what the
 * files hold, and no problem holds a byte of the key.
 * @param at the moment for which validity is judged.
 */
export function preflight(
  files: CaFiles,
  at: Date,
  options: { readonly entropy: Entropy; readonly multiRoot?: boolean },
): readonly PreflightProblem[] {
  const facts = preflightFacts(files, at, { multiRoot: options.multiRoot ?? false, entropy: options.entropy })
  const problems = checks.flatMap((check) => check.run(facts))
  return problems.filter((problem, index) => problems.findIndex((other) => isSame(other, problem)) === index)
}

/** Two checks may see the same thing; the first one's word counts, and an error before a warning. */
function isSame(one: PreflightProblem, other: PreflightProblem): boolean {
  return one.file === other.file && one.rule === other.rule && one.line === other.line && one.message === other.message
}
