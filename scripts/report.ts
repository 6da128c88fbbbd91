import { describeFinding, firstOfEachKind, RerootError, togetherForClusters } from '../src/base/index.ts'
import type { Finding } from '../src/base/index.ts'
import { longestBody } from '../src/plan/index.ts'
import type { StepResult } from '../src/run/index.ts'

export type Output = 'text' | 'json'

/** A line for people: on stderr, never data. */
export function say(line: string): void {
  process.stderr.write(`${printable(line)}\n`)
}

/** Data, on stdout. */
export function print(text: string): void {
  process.stdout.write(printable(text.endsWith('\n') ? text : `${text}\n`))
}

/** Names come from other people's manifests: what would move the cursor or change a terminal is shown instead of sent. */
function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2))
}

/**
 * Says what stopped the command, and sets the process's exit code.
 * Anything but a RerootError is a bug of reroot, and keeps its stack.
 */
export function reportError(error: unknown, output: Output): void {
  if (!(error instanceof RerootError)) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error))
    say('this is a bug in reroot: please report it with the lines above')
    process.exitCode = 70
    return
  }
  process.exitCode = error.exitCode
  if (output === 'json') printJson({ error: { code: error.code, message: error.message, hint: error.hint, findings: error.findings } })
  say(`error: ${error.message} [${error.code}]`)
  reportFindings(error.findings, error.hint)
  say(`hint: ${error.hint}`)
}

/** For people: JSON holds all of them. */
export function reportFindings(findings: readonly Finding[], hint?: string): void {
  const { shown, more } = firstOfEachKind(togetherForClusters(findings))
  for (const finding of shown) say(`${finding.severity}: ${describeFinding(finding, hint)}`)
  for (const line of more) say(line)
}

/** What a step did: the pull request's text on stdout, the rest on stderr. */
export function reportStep(
  result: StepResult,
  options: { readonly output: Output; readonly dryRun: boolean; readonly out: string | null },
): void {
  const { decision, base, changes, findings } = result
  reportFindings(findings.filter((finding) => finding.severity === 'warning'))
  if (options.output === 'json') printJson(stepJson(result))
  const [first] = changes
  if (first === undefined) {
    say(`nothing to do: ${decision.id} is merged in full`)
    return
  }
  if (options.output === 'text')
    for (const change of changes.filter((one) => options.dryRun || one.commit !== null))
      print(`# ${change.request.title}\n\n${change.request.body}`)
  if (changes.some(({ request }) => request.body.length > longestBody))
    say(`note: the text has more than the ${longestBody} characters that GitHub takes: leave out what your reviewers can do without`)
  if (options.dryRun) {
    say(`dry run: nothing was committed or pushed; the files are in ${options.out ?? ''}`)
    return
  }
  for (const { request, commit, pushed, unchanged } of changes) {
    if (commit === null)
      say(`${request.branch} comes next: run the same command again once ${request.mergeAfter ?? 'the one before'} is merged`)
    else if (unchanged) say(`${request.branch} is up to date at ${commit.slice(0, 10)}: nothing was pushed`)
    else
      say(
        `${pushed ? `pushed ${request.branch} to ${base.remote}` : `kept ${request.branch} in this clone`} (${commit.slice(0, 10)}, on ${base.branch})`,
      )
  }
  say(`next: open a pull request from ${first.request.branch} into ${base.branch} with the text above, have it reviewed, and merge it`)
  // Stacked: each on the one before.
  for (const { request, commit } of changes.slice(1))
    if (commit !== null) say(`then: one from ${request.branch} into ${request.mergeAfter ?? base.branch}; merge them in this order`)
}

function stepJson({ decision, base, changes, findings }: StepResult): unknown {
  return {
    step: decision.step,
    id: decision.id,
    generation: decision.generation,
    base,
    changes: changes.map(({ request, set, commit, pushed, unchanged }) => ({
      ...request,
      trailers: Object.fromEntries(request.trailers),
      commit,
      pushed,
      unchanged,
      write: [...set.write.keys()].toSorted(),
      remove: set.remove,
    })),
    findings,
  }
}
