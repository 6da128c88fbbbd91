import type { CaFileName } from './ca-files.ts'
import type { PreflightFacts } from './preflight-facts.ts'
import type { PathRule } from './path-fault.ts'

/** Every rule of the preflight. A rule keeps its name and its meaning. */
export type PreflightRule =
  | PathRule
  | 'broken-pem'
  | 'glued-pem'
  | 'pem-headers'
  | 'carriage-return'
  | 'text-outside-blocks'
  | 'no-final-newline'
  | 'ignored-block'
  | 'no-certificate'
  | 'unreadable-certificate'
  | 'not-a-certificate'
  | 'unreadable-key'
  | 'key-mismatch'
  | 'unsupported-key'
  | 'chain-without-signer'
  | 'chain-order'
  | 'chain-stray-certificate'
  | 'duplicate-certificate'
  | 'same-subject-roots'
  | 'root-not-self-issued'
  | 'version-1-root'
  | 'outlives-issuer'

/** One thing that is wrong with the files of a CA. Nothing in it is secret. */
export interface PreflightProblem {
  readonly file: CaFileName
  readonly rule: PreflightRule
  /** From 1. */
  readonly line?: number
  /** `error`: istiod, a proxy or reroot fails on it. `warning`: the mesh works, but something will surprise. */
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly expected?: string
  readonly found?: string
  readonly remedy: string
  /** Whose rule it is. */
  readonly source: string
}

/** A group of rules. */
export interface PreflightCheck {
  readonly title: string
  run(facts: PreflightFacts): readonly PreflightProblem[]
}
