import { openGitRepository } from '../src/adapters/git.ts'
import { folderFiles } from '../src/adapters/files.ts'
import { ageIdentities } from '../src/adapters/identities.ts'
import { sopsProgram } from '../src/adapters/sops.ts'
import { systemClock, systemEntropy } from '../src/adapters/system.ts'
import { openTerminal } from '../src/adapters/terminal.ts'
import type { Files } from '../src/ports.ts'
import type { Context } from '../src/run/index.ts'

/** The real world, and the user's checkout. */
export interface World {
  readonly context: Context
  readonly checkout: Files
}

/** Opens the clone that a folder belongs to. @throws RerootError if it is none. */
export async function openWorld(directory: string): Promise<World> {
  const git = await openGitRepository(directory)
  const terminal = openTerminal()
  const context: Context = {
    git,
    clock: systemClock,
    entropy: systemEntropy,
    identities: ageIdentities({ onProblem: (problem) => terminal.say(`warning: ${problem}`) }),
    sops: sopsProgram(),
    terminal,
  }
  return { context, checkout: folderFiles(git.root) }
}
