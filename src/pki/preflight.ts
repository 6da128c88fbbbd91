import { groupBy } from '../base/index.ts'
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
 * are found at once, unless one hides another (a certificate that cannot be read says nothing about its issuer); of one kind at most twenty are told. Never throws for what the
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
  return theFirst(withoutRepetitions(problems))
}

/** Two checks may see the same thing; the first one's word counts, and an error before a warning. */
function withoutRepetitions(problems: readonly PreflightProblem[]): readonly PreflightProblem[] {
  const first = new Map<string, PreflightProblem>()
  for (const problem of problems) {
    const { file, rule, line, message } = problem
    const key = JSON.stringify([file, rule, line, message])
    if (!first.has(key)) first.set(key, problem)
  }
  return [...first.values()]
}

// A file that is no PEM at all has a problem on every line.
const mostOfARule = 20

/** The first of each rule in each file; the last of them says how many more there are. */
function theFirst(problems: readonly PreflightProblem[]): readonly PreflightProblem[] {
  const kindOf = ({ file, rule, severity }: PreflightProblem): string => `${file} ${rule} ${severity}`
  const sizes = new Map([...groupBy(problems, kindOf)].map(([kind, same]) => [kind, same.length]))
  const seen = new Map<string, number>()
  return problems.flatMap((problem) => {
    const kind = kindOf(problem)
    const nth = (seen.get(kind) ?? 0) + 1
    seen.set(kind, nth)
    const more = (sizes.get(kind) ?? 0) - mostOfARule
    if (nth === mostOfARule && more > 0) return [{ ...problem, message: `${problem.message}; there are ${more} more of this kind` }]
    return nth <= mostOfARule ? [problem] : []
  })
}
