import type { Clock, Entropy, GitRepository, Identities, SopsProgram, Terminal } from '../ports.ts'

/** The world, as a command sees it. */
export interface Context {
  readonly git: GitRepository
  readonly clock: Clock
  readonly entropy: Entropy
  readonly identities: Identities
  readonly sops: SopsProgram
  readonly terminal: Terminal
}
