import { Command } from '@commander-js/extra-typings'
import { writePlan } from '../../src/adapters/write-folder.ts'
import { RerootError } from '../../src/base/index.ts'
import { rollbackStep, takeStep } from '../../src/run/index.ts'
import type { StepOptions } from '../../src/run/index.ts'
import { reportError, reportStep } from '../report.ts'
import { openWorld } from '../world.ts'
import {
  configOption,
  directoryOption,
  dryRunOption,
  example,
  noPushOption,
  outOption,
  outputOption,
  pairs,
  readConfig,
  refuseOut,
  repeatable,
} from './options.ts'

type Choose = Parameters<typeof takeStep>[2]

const always =
  (step: ReturnType<Choose>): Choose =>
  () =>
    step

const choices: Readonly<Record<string, readonly [description: string, choose: Choose, example: string]>> = {
  stage: [
    'trust a new root beside the present one: makes its keys, and seals every state of the rotation',
    always('stage'),
    'reroot stage --dry-run --out plan',
  ],
  promote: [
    'let the new root sign; the trusted roots stay byte for byte',
    always('promote'),
    'reroot promote --confirmed "istioctl proxy-config secret shows both roots everywhere"',
  ],
  retire: ['stop trusting the old root', always('retire'), 'reroot retire --gate-passed prod=2026-11-23T09:00:00Z'],
  rollback: ['go one step back from here: demote, abandon or restore', rollbackStep, 'reroot rollback --dry-run'],
  replace: [
    'emergency: replace the root in one step; mutual TLS breaks until all have restarted',
    always('replace'),
    'reroot replace --dry-run',
  ],
}

const issuing: ReadonlySet<string> = new Set(['stage', 'replace'])

/** `stage`, `promote`, `retire`, `rollback`, `replace`: they differ in the step alone. */
export function stepCommand(name: string) {
  const choice = choices[name]
  if (choice === undefined) throw new TypeError(`${name} is no step`)
  const [description, choose, usage] = choice
  const command = new Command(name)
    .description(description)
    .addOption(directoryOption())
    .addOption(configOption())
    .option('--confirmed <what>', 'your word that the step before is complete: what was checked; it is recorded')
    .addOption(repeatable('--gate-passed <cluster=time>', 'when the control plane’s gate of the step before passed (RFC 3339)', 'none'))
    .option('--force', 'override the barrier; needs --reason', false)
    .option('--reason <why>', 'why the barrier is overridden; it is recorded')
    .option('--stack', 'push all pull requests of the step, stacked', false)
    .addOption(noPushOption())
    .addOption(dryRunOption())
    .addOption(outOption())
    .addOption(outputOption())
    .addHelpText('after', example(usage))
  // Of the others none makes certificates.
  if (issuing.has(name))
    command.option(
      '--reissue',
      'make new certificates: instead of those on the branch, or where an earlier `replace` still waits for restarts',
      false,
    )
  return command.action(async (flags) => {
    try {
      await refuseOut(flags)
      const options: StepOptions = {
        directory: flags.directory,
        config: await readConfig(flags.config),
        testimony: { confirmed: nonEmpty('--confirmed', flags.confirmed), gatePassed: times(flags.gatePassed) },
        force: forceReason(flags.force, flags.reason),
        reissue: 'reissue' in flags && flags.reissue === true,
        stack: flags.stack,
        push: flags.push,
        dryRun: flags.dryRun,
      }
      const { context, checkout } = await openWorld(process.cwd())
      const result = await takeStep(context, checkout, choose, options)
      const planned = new Map(result.changes.flatMap(({ set }) => [...set.write]))
      const out = flags.dryRun && result.changes.length > 0 ? await writePlan(flags.out ?? null, planned) : null
      reportStep(result, { output: flags.output, dryRun: flags.dryRun, out })
    } catch (error) {
      reportError(error, flags.output)
    }
  })
}

function times(given: readonly string[]): ReadonlyMap<string, Date> {
  return new Map(
    [...pairs('--gate-passed', given)].map(([cluster, text]) => {
      const time = new Date(text)
      if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(time.getTime())) {
        throw new RerootError('USAGE', `--gate-passed ${cluster}=${text} is not a time with its zone`, {
          hint: 'write it as 2026-11-23T09:00:00Z',
        })
      }
      return [cluster, time]
    }),
  )
}

function forceReason(force: boolean, reason: string | undefined): string | null {
  if (force && nonEmpty('--reason', reason) === null)
    throw new RerootError('USAGE', '--force needs --reason', { hint: 'say why the barrier is overridden: it is recorded' })
  if (!force && reason !== undefined)
    throw new RerootError('USAGE', '--reason is only for --force', { hint: 'leave --reason out, or add --force' })
  return force ? (reason ?? null) : null
}

function nonEmpty(flag: string, text: string | undefined): string | null {
  if (text === undefined) return null
  if (text.trim() === '') throw new RerootError('USAGE', `${flag} is empty`, { hint: `say something with ${flag}` })
  return text.trim()
}
