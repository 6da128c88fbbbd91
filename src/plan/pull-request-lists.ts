import { countOf, formatWorkloadId, groupBy } from '../base/index.ts'
import { fold, words } from './markdown.ts'
import { layoutOf } from './layout.ts'
import type { ChangeSet } from './parts.ts'
import type { ClusterStory, Story } from './pull-request.ts'

// In the short form of a list.
const mostNames = 3

/**
 * The lists at the end of a pull request, folded: what restarts, what does not and why, and the files.
 * @param short without what stands in files of the change: forges refuse long texts.
 */
export function lists(story: Story, clusters: readonly ClusterStory[], set: ChangeSet, short: boolean): string[] {
  const restarts =
    set.name === 'secret' ? [] : clusters.flatMap((cluster) => [frozenList(story, cluster, short), ...outside(cluster, short)])
  return [...restarts, ...(short ? [] : [fileList(set)])]
}

function frozenList({ directory }: Story, { name, restarts }: ClusterStory, short: boolean): string {
  const rows = restarts.waves.flatMap((wave) =>
    wave.restarts.map(
      (restart) =>
        `| ${wave.name} | \`${words(formatWorkloadId(restart.workload))}\` | ${restart.delivery === 'none' ? 'expires' : restart.delivery} | ${words(restart.why)} |`,
    ),
  )
  const many = countOf(rows.length, 'workload')
  if (short) return `The ${many} of ${name}, wave by wave: \`${layoutOf(directory).cluster(name).restarts}\` in this change.`
  return fold(`The ${many} of ${name}, wave by wave`, `| wave | workload | delivery | why |\n|---|---|---|---|\n${rows.join('\n')}`, 0)
}

/** Whoever knows the cluster sees here what was judged wrongly: a workload of the mesh that does not restart breaks at a later step. */
function outside({ name, outside: left }: ClusterStory, short: boolean): string[] {
  if (left.length === 0) return []
  const groups = [...groupBy(left, ({ id, why }) => `${id.namespace}\0${why}`).values()]
  const rows = groups.flatMap((same) => {
    const [first] = same
    if (first === undefined) return []
    const shown = same.slice(0, short ? mostNames : undefined).map(({ id }) => `\`${words(`${id.kind}/${id.name}`)}\``)
    const more = same.length > shown.length ? `, and ${same.length - shown.length} more` : ''
    return [`| \`${words(first.id.namespace)}\` | ${shown.join(', ')}${more} | ${words(first.why)} |`]
  })
  return [
    fold(
      `What stays as it is in ${name}: ${countOf(left.length, 'workload')} outside the mesh`,
      `| namespace | workloads | why |\n|---|---|---|\n${rows.join('\n')}`,
      0,
    ),
  ]
}

function fileList(set: ChangeSet): string {
  const rows = [...[...set.write.keys()].map((path) => `- \`${path}\``), ...set.remove.map((path) => `- \`${path}\` (removed)`)].toSorted()
  return fold(`The ${countOf(rows.length, 'file')} of this change`, rows.join('\n'), 0)
}
