import { Command } from '@commander-js/extra-typings'
import { RerootError } from '../../src/base/index.ts'
import { status } from '../../src/run/index.ts'
import type { Status } from '../../src/run/index.ts'
import { print, printJson, reportError } from '../report.ts'
import { openWorld } from '../world.ts'
import { directoryOption, outputOption } from './options.ts'

export const statusCommand = () =>
  new Command('status')
    .description('where every cluster stands, and what the next step needs')
    .addOption(directoryOption())
    .option('--offline', 'read the checkout as it is, and ask no remote', false)
    .option('--fail-within <days>', 'exit 1 if anything expires within so many days, e.g. 60d')
    .addOption(outputOption())
    .action(async (flags) => {
      try {
        const within = days(flags.failWithin)
        const { context, checkout } = await openWorld(process.cwd())
        const result = await status(context, checkout, { directory: flags.directory.replace(/\/+$/, ''), offline: flags.offline })
        if (flags.output === 'json') printJson(result)
        else print(text(result))
        const soon = result.clusters.flatMap((cluster) => cluster.expiries).filter((expiry) => within !== null && expiry.daysLeft <= within)
        if (soon.length > 0) process.exitCode = 1
      } catch (error) {
        reportError(error, flags.output)
      }
    })

function days(given: string | undefined): number | null {
  if (given === undefined) return null
  const match = /^(\d{1,5})d?$/.exec(given)
  if (match === null) throw new RerootError('USAGE', `--fail-within ${given} is not understood`, { hint: 'write it as 60d' })
  return Number(match[1])
}

function text(result: Status): string {
  const rows = result.clusters.map((cluster) => {
    const [first] = cluster.expiries
    return [
      cluster.cluster,
      cluster.phase,
      cluster.signer,
      cluster.trusted.join(' + '),
      cluster.lastStep ?? 'init',
      first === undefined ? '' : `${first.daysLeft} (${first.what})${cluster.renewDue ? ' !' : ''}`,
    ]
  })
  const lines = [
    `mesh ${result.mesh}, read from ${result.readFrom}`,
    '',
    ...table(['CLUSTER', 'PHASE', 'SIGNER', 'TRUSTED', 'LAST STEP', 'DAYS LEFT'], rows),
    '',
  ]
  for (const { step, needs } of result.next) {
    const named = command(step) === step ? `\`reroot ${step}\`` : `\`reroot ${command(step)}\` (${step})`
    lines.push(
      needs.length === 0 ? `possible: ${named} can be planned now` : `possible: ${named} needs evidence that the last step is complete:`,
    )
    for (const need of needs) lines.push(`  - ${need}`)
  }
  if (result.branches !== null && result.branches.length > 0) lines.push(`not merged yet: ${result.branches.join(', ')}`)
  return lines.join('\n')
}

function command(step: string): string {
  return step === 'abandon' || step === 'demote' || step === 'restore' ? 'rollback' : step
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
