#!/usr/bin/env node
import { Command } from '@commander-js/extra-typings'
import manifest from '../package.json' with { type: 'json' }
import { initCommand } from './commands/init.ts'
import { renderCommand } from './commands/render.ts'
import { statusCommand } from './commands/status.ts'
import { stepCommands } from './commands/step.ts'

const program = new Command('reroot')
  .description(manifest.description)
  .version(manifest.version)
  .showHelpAfterError()
  .configureHelp({ showGlobalOptions: true })
  .addCommand(initCommand())
for (const command of stepCommands()) program.addCommand(command)
program.addCommand(statusCommand()).addCommand(renderCommand())

await program.parseAsync()
