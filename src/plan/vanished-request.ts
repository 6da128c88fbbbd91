import { formatWorkloadId } from '../base/index.ts'
import type { RestartList } from '../rotation/index.ts'
import { words } from './markdown.ts'
import type { PullRequest } from './pull-request.ts'

/** The workloads of a merged list that the newer one no longer has: they are gone from Git. */
export function vanishedFrom(merged: RestartList, newer: RestartList): readonly string[] {
  const idsOf = (list: RestartList): readonly string[] =>
    [...list.waves, ...(list.entry?.waves ?? [])].flatMap((wave) => wave.restarts.map(({ workload }) => formatWorkloadId(workload)))
  const present = new Set(idsOf(newer))
  return [...new Set(idsOf(merged))].filter((id) => !present.has(id))
}

/** The text of a change set that only takes out of the frozen list what is gone: the step itself is merged. */
export function vanishedRequest(request: PullRequest, id: string, gone: readonly string[], files: readonly string[]): PullRequest {
  const names = gone.map((name) => `\`${words(name)}\``).join(', ')
  const sections = [
    `This takes out of the frozen list of ${id} what is gone from Git: ${names}. A gate would wait for it for ever.`,
    `${id} itself is merged: no certificate, no Secret and no phase changes. The Jobs whose list changes run anew; what carries ${id} already is not restarted again.`,
    '### How to go back',
    'Before the merge: close the pull request and delete the branch. After it: `reroot rollback` takes back the step itself.',
    `### The files of this change\n\n${files.map((path) => `- \`${path}\``).join('\n')}`,
    request.trailers.map(([key, value]) => `${key}: ${value}`).join('\n'),
  ]
  return { ...request, title: vanishedTitle(id, gone), body: `${sections.join('\n\n')}\n` }
}

function vanishedTitle(id: string, gone: readonly string[]): string {
  const more = gone.length > 2 ? ` and ${gone.length - 2} more` : ''
  return `take out of the frozen list of ${id} what is gone: ${gone.slice(0, 2).join(', ')}${more}`
}
