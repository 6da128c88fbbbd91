import { Command } from '@commander-js/extra-typings'
import { countOf, describeFinding, firstOfEachKind, groupBy, RerootError, togetherForClusters } from '../../src/base/index.ts'
import type { Finding } from '../../src/base/index.ts'
import { commandOf } from '../../src/rotation/index.ts'
import { status } from '../../src/run/index.ts'
import type { Status } from '../../src/run/index.ts'
import { print, printJson, reportError, say } from '../report.ts'
import { openWorld } from '../world.ts'
import { directoryOption, example, outputOption } from './options.ts'

export const statusCommand = () =>
  new Command('status')
    .description('where every cluster stands, and what the next step needs')
    .addOption(directoryOption())
    .option('--offline', 'read the checkout as it is, and ask no remote', false)
    .option('--fail-within <days>', 'exit 1 if anything expires within so many days, e.g. 60d')
    .addOption(outputOption())
    .addHelpText('after', example('reroot status --fail-within 60d'))
    .action(async (flags) => {
      try {
        const within = days(flags.failWithin)
        const { context, checkout } = await openWorld(process.cwd())
        const result = await status(context, checkout, { directory: flags.directory, offline: flags.offline })
        if (flags.output === 'json') printJson(result)
        else print(text(result))
        if (within !== null && sayWhatExpires(result, within)) process.exitCode = 1
      } catch (error) {
        reportError(error, flags.output)
      }
    })

/** @returns whether anything expires within so many days. */
function sayWhatExpires({ clusters }: Status, within: number): boolean {
  const soon = clusters.flatMap(({ cluster, expiries }) =>
    expiries.filter(({ daysLeft }) => daysLeft <= within).map((expiry) => ({ cluster, ...expiry })),
  )
  for (const [text, of] of groupBy(
    soon,
    ({ what, notAfter, daysLeft }) => `${what} expires in ${countOf(daysLeft, 'day')}, at ${notAfter}`,
  ))
    say(`within ${within} days: ${of.map(({ cluster }) => cluster).join(', ')}: ${text}`)
  return soon.length > 0
}

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
  if (result.unfinished !== null) lines.push(goOn(result.unfinished))
  for (const next of result.next) lines.push(...possible(next))
  if (result.branches !== null && result.branches.length > 0) lines.push(`not merged yet: ${result.branches.join(', ')}`)
  return lines.join('\n')
}

function possible({ step, needs, findings, branch, branchTaken, clusters }: Status['next'][number]): readonly string[] {
  const where = clusters === undefined ? '' : ` in ${clusters.join(', ')} alone`
  const named = commandOf(step) === step ? `\`reroot ${step}\`` : `\`reroot ${commandOf(step)}\` (${step}${where})`
  const can = branch === null ? 'can be planned now' : `is prepared: it takes up ${branch}, which is not merged yet`
  const lines = [
    ...(needs.length === 0
      ? []
      : [`not yet: ${named} needs evidence that the last step is complete:`, ...needs.map((need) => `  - ${need}`)]),
    ...(findings.length === 0
      ? []
      : [
          `blocked: ${named} would be refused by ${findings.length === 1 ? 'a finding' : `${findings.length} findings`}:`,
          ...described(findings),
        ]),
  ]
  if (branchTaken !== null) lines.push(`blocked: ${named} would take up ${branch}, which ${takenWords[branchTaken]}`)
  return lines.length === 0 ? [`possible: ${named} ${can}`] : lines
}

function described(findings: readonly Finding[]): readonly string[] {
  const { shown, more } = firstOfEachKind(togetherForClusters(findings))
  return [...shown.map((finding) => describeFinding(finding).replaceAll('\n', '\n  ')), ...more].map((line) => `  - ${line}`)
}

const takenWords = {
  'commits-of-others': 'holds commits that reroot did not make: merge it, or move them to another branch and delete it',
  'another-mesh': 'is another mesh’s: give each mesh a git.branchPrefix of its own in its reroot.yaml',
} as const

function goOn({ id, command, branch, clusters, lacks }: NonNullable<Status['unfinished']>): string {
  const what = branch === null ? `run \`reroot ${command}\` again` : `merge the pull request of ${branch}`
  const where = clusters.join(', ')
  const why =
    lacks !== 'step'
      ? `its restarts in ${where} are not on the branch yet`
      : `${where} ${clusters.length === 1 ? 'has' : 'have'} not taken it yet`
  return `next: ${what}: ${id} is merged in part, and ${why}`
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
