import type { Finding } from './finding.ts'

/** Every way in which reroot can stop, with the process exit code that it means. */
export const exitCodes = {
  /** A flag or an argument that does not make sense. */
  USAGE: 2,
  /** `reroot.yaml` does not say what it must. */
  CONFIG_INVALID: 2,
  /** `mesh.yaml`, `record.yaml` or `restarts.yaml` is damaged or was edited by hand. */
  RECORD_INVALID: 2,
  /** A file of the repository cannot be read as what it claims to be. */
  FILE_INVALID: 2,
  /** The step is not legal now, a barrier stands, or a finding of severity error blocks it. */
  REFUSED: 3,
  /** A CA that reroot cannot carry through a rotation. */
  CA_UNSUPPORTED: 3,
  /** A sealed file cannot be opened with the identities at hand. */
  NO_IDENTITY: 3,
  /** A SOPS rule, recipient or document that reroot cannot honour. */
  SEAL_REFUSED: 3,
  /** The guard found something in the bytes to be committed that must not be there. */
  GUARD: 3,
  /** A branch of reroot's holds commits that reroot did not make. */
  FOREIGN_COMMITS: 3,
  /** git failed, or a hook of the user did. */
  GIT_FAILED: 4,
  /** The `sops` program failed, is missing, or is too old. */
  SOPS_FAILED: 4,
  /** The disk, the terminal, or the platform. */
  ENVIRONMENT: 4,
} as const

export type ErrorCode = keyof typeof exitCodes

/** An error the operator can act on. Anything else that is thrown is a bug, and keeps its stack. */
export class RerootError extends Error {
  readonly code: ErrorCode
  /** What to do about it: one sentence, or several lines. */
  readonly hint: string
  /** All problems that were found, when there can be several. */
  readonly findings: readonly Finding[]

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly hint: string; readonly cause?: unknown; readonly findings?: readonly Finding[] },
  ) {
    super(message, { cause: options.cause })
    this.name = 'RerootError'
    this.code = code
    this.hint = options.hint
    this.findings = options.findings ?? []
  }

  get exitCode(): number {
    return exitCodes[this.code]
  }
}
