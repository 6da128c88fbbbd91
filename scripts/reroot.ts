#!/usr/bin/env node
import { Command } from '@commander-js/extra-typings'
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import manifest from '../package.json' with { type: 'json' }

type Load = () => Promise<CommandUnknownOpts>

const step =
  (name: string): Load =>
  async () =>
    (await import('./commands/step.ts')).stepCommand(name)

/** Every command, with what it does in a line. Only the one that is called is loaded, so that help comes at once. */
const commands: readonly (readonly [name: string, description: string, load: Load])[] = [
  ['init', 'look at the repository and take over the CA that the mesh has', async () => (await import('./commands/init.ts')).initCommand()],
  ['stage', 'trust a new root beside the present one', step('stage')],
  ['promote', 'let the new root sign; the trusted roots stay', step('promote')],
  ['retire', 'stop trusting the old root', step('retire')],
  ['rollback', 'go one step back: demote, abandon or restore', step('rollback')],
  ['replace', 'emergency: replace the root in one step; mutual TLS breaks until all have restarted', step('replace')],
  [
    'status',
    'where every cluster stands, and what the next step needs',
    async () => (await import('./commands/status.ts')).statusCommand(),
  ],
  ['render', 'write the manifests of the present state into a folder', async () => (await import('./commands/render.ts')).renderCommand()],
  ['schema', 'print the JSON Schema of reroot.yaml, for editors', async () => (await import('./commands/schema.ts')).schemaCommand()],
]

const program = new Command('reroot')
  .description(manifest.description)
  .version(manifest.version)
  .showHelpAfterError('(`reroot --help` lists the commands)')
  .addHelpText(
    'after',
    `
A rotation:  reroot init → stage → promote → retire, each a pull request to merge before the next.
Exit codes:  0 done · 1 a check found errors · 2 wrong usage or configuration · 3 refused · 4 the environment failed
`,
  )

// A reader that has seen enough (`| head`) is no error, and no reason to stop half-way. Data that is lost otherwise is one.
process.stderr.on('error', () => {})
process.stdout.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') return
  process.stderr.write(
    `error: the output could not be written (${code}) [ENVIRONMENT]\nhint: whatever was done is done; run the same command again for its output\n`,
  )
  process.exitCode = 4
})

const called = process.argv.slice(2).find((argument) => !argument.startsWith('-'))
for (const [name, description, load] of commands) {
  const wanted = name === called || (called === 'help' && process.argv.includes(name))
  program.addCommand(usageErrorsExitWith2(wanted ? await load() : new Command(name).description(description)))
}
usageErrorsExitWith2(program)

if (process.platform === 'win32') {
  process.stderr.write('error: reroot runs on Linux and macOS only\nhint: use the Windows Subsystem for Linux\n')
  process.exitCode = 4
} else {
  await program.parseAsync()
}

/** commander's own errors are wrong usage; help and version are not. */
function usageErrorsExitWith2<Wanted extends CommandUnknownOpts>(command: Wanted): Wanted {
  command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  return command
}
