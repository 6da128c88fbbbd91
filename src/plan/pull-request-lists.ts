import { countOf, formatWorkloadId, groupBy } from '../base/index.ts'
import type { RestartEntry } from '../rotation/index.ts'
import { fold, words } from './markdown.ts'
import { layoutOf } from './layout.ts'
import type { ChangeSet } from './parts.ts'
import type { ClusterStory, Story } from './pull-request.ts'

/** How much a pull request says in its lists: forges refuse long texts. */
export type Length =
  /** Everything. */
  | 'whole'
  /** Not what stands in files of the repository: they are named. */
  | 'short'
  /** Also only the first few of what no file holds, and how many there are. */
  | 'shortest'

const mostNames = 3

/** The lists at the end of a pull request, folded: what restarts, what does not and why, and the files. */
export function lists(story: Story, clusters: readonly ClusterStory[], set: ChangeSet, length: Length): string[] {
  const restarts =
    set.name === 'secret'
      ? []
      : clusters.flatMap((cluster) => [
          frozenList(story, cluster, set, length),
          ...runs(story, cluster, length),
          ...outside(cluster, length),
        ])
  return [...restarts, ...(length === 'whole' ? [fileList(set)] : [])]
}

function frozenList({ directory, config }: Story, { name, restarts, gaps }: ClusterStory, set: ChangeSet, length: Length): string {
  const away = new Set(gaps?.map(formatWorkloadId))
  const isAway = ({ workload, delivery }: RestartEntry): boolean => delivery !== 'none' && away.has(formatWorkloadId(workload))
  const rows = restarts.waves.flatMap((wave) =>
    wave.restarts.map(
      (restart) =>
        `| ${wave.name} | \`${words(formatWorkloadId(restart.workload))}\`${isAway(restart) ? ' (away)' : ''} | ${restart.delivery === 'none' ? 'expires' : restart.delivery} | ${words(restart.why)} |`,
    ),
  )
  const many = countOf(rows.length, 'workload')
  const gone = restarts.waves.flatMap((wave) => wave.restarts.filter(isAway)).length
  if (length !== 'whole') {
    const file = layoutOf(directory).cluster(name).restarts
    // A wave's own change set holds nothing but owners' files: the list came with the first.
    const where = set.write.has(file) ? 'in this change' : `on \`${config.git.branch}\`, once the first change set is merged`
    return `The ${many} of ${name}, wave by wave: \`${file}\` ${where}.`
  }
  const about = gone === 0 ? '' : 'Away: a pod ends before the one that takes its place is ready, as Git shows the workload.\n\n'
  const title = `The ${many} of ${name}, wave by wave${gone === 0 ? '' : `: ${gone} away for a moment`}`
  return fold(title, `${about}| wave | workload | delivery | why |\n|---|---|---|---|\n${rows.join('\n')}`, 0)
}

/** Whoever knows the cluster sees here what was judged wrongly: a workload of the mesh that does not restart breaks at a later step. */
function outside({ name, outside: left }: ClusterStory, length: Length): string[] {
  if (left.length === 0) return []
  const rows = [...groupBy(left, ({ id, why }) => `${id.namespace}\0${why}`).values()].flatMap((same) => {
    const [first] = same
    if (first === undefined) return []
    const names = same.map(({ id }) => `${id.kind}/${id.name}`)
    return [`| \`${words(first.id.namespace)}\` | ${someNames(names, length)} | ${words(first.why)} |`]
  })
  return [
    fold(
      `What stays as it is in ${name}: ${countOf(left.length, 'workload')} without a sidecar`,
      `| namespace | what makes pods, as Git shows it | why |\n|---|---|---|\n${rows.join('\n')}`,
      0,
    ),
  ]
}

/** Jobs, CronJobs and runs of operators in the mesh: no list of a step holds them, and whoever looks for one should find it. */
function runs({ findings }: Story, { name }: ClusterStory, length: Length): string[] {
  const jobs = findings.flatMap(({ id, place, message }) =>
    id === 'workloads/job' && place.cluster === name && place.object !== undefined ? [{ object: place.object, message }] : [],
  )
  if (jobs.length === 0) return []
  const same = groupBy(jobs, ({ message }) => message)
  const all = [...same].map(([message, of]) => {
    const objects = of.map(({ object }) => object)
    return `| ${someNames(objects, length)} | ${words(message)} |`
  })
  const rows = length === 'shortest' ? all.slice(0, mostNames) : all
  return [
    fold(
      `What runs to its end in ${name}, and no step restarts: ${countOf(jobs.length, 'object')} of the mesh`,
      `| what | why |\n|---|---|\n${rows.join('\n')}`,
      0,
    ),
  ]
}

function someNames(names: readonly string[], length: Length): string {
  const shown = names.slice(0, length === 'shortest' ? mostNames : undefined)
  const more = names.length > shown.length ? `, and ${names.length - shown.length} more` : ''
  return `${shown.map((name) => `\`${words(name)}\``).join(', ')}${more}`
}

function fileList(set: ChangeSet): string {
  const rows = [...[...set.write.keys()].map((path) => `- \`${path}\``), ...set.remove.map((path) => `- \`${path}\` (removed)`)].toSorted()
  return fold(`The ${countOf(rows.length, 'file')} of this change`, rows.join('\n'), 0)
}
