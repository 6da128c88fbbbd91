import { countOf, formatWorkloadId } from '../base/index.ts'
import { stateOf, trustedGenerations } from '../rotation/index.ts'
import type { EntryGate, RestartEntry, StateId, Wave } from '../rotation/index.ts'
import type { ChangeSet } from './parts.ts'
import type { ClusterStory } from './pull-request.ts'
import { restartsAnything, rolledOutBy } from './waves.ts'

/** What happens in each cluster when a change set is merged, link by link. */
export function onMerge(clusters: readonly ClusterStory[], set: ChangeSet): string[] {
  return clusters.flatMap((cluster) => [
    `### What happens in ${cluster.name} when this is merged`,
    mergeSteps(cluster, set)
      .map((line, index) => `${index + 1}. ${line}`)
      .join('\n'),
  ])
}

function mergeSteps(cluster: ClusterStory, set: ChangeSet): string[] {
  const { restarts, move } = cluster
  const state = stateOf(move.to)
  if (set.name === 'secret')
    return [
      `${ownerText(cluster)} applies \`cacerts\` and the ConfigMap \`mesh-ca-state\` (\`${state}\`). No restart is in this pull request.`,
      ...untilTheRestarts(cluster),
    ]
  if (set.name.startsWith('wave-'))
    return [
      'The owners of the listed workloads apply the restart annotation, and roll them out. The wave’s gate goes on as soon as all of them carry it.',
    ]
  const entry = restarts.entry
  const lines: string[] = []
  if (cluster.managed === 'in-place') lines.push(`A gate waits until \`mesh-ca-state\` says \`${state}\`.`)
  else {
    if (entry !== null)
      lines.push(
        `**Entry gate** ${entry.roots === false ? wayBackText(entry, state) : `holds everything until the cluster is in \`${entry.state}\`${entryText(entry)}`}.`,
      )
    lines.push(`**Secret**: \`cacerts\` in \`${cluster.istioNamespace}\` becomes \`${state}\`. ${whenTakenUp(cluster)}`)
  }
  for (const wave of restarts.waves) lines.push(`**Wave ${wave.name}**: ${waveText(wave, cluster)}`)
  return lines
}

function ownerText({ controller, secretOwner }: ClusterStory): string {
  if (secretOwner === null) return 'The owner of the Secret'
  return `The ${controller.type === 'flux' ? 'Kustomization' : 'Application'} \`${secretOwner}\``
}

/** What istiod makes of a Secret that is applied before its restart. */
function untilTheRestarts(cluster: ClusterStory): string[] {
  const { from, to } = cluster.move
  const next = 'Merge the next pull request as soon as this one is applied'
  if (from.signer !== to.signer && sameRoots(cluster))
    return [
      `${whenTakenUp(cluster)} From then on it signs with ${to.signer}: every certificate that is renewed, and every new pod’s. All of them are accepted, since every workload trusts both roots. ${next}.`,
    ]
  if (cluster.multiRoot || sameRoots(cluster)) return [`${whenTakenUp(cluster)} ${next}.`]
  return [
    `${whenTakenUp(cluster)} So keep istiod from restarting by other causes until the next pull request is merged and applied: it would take up the Secret before its wave.`,
  ]
}

/** istiod reloads a new signer by itself, but new roots only with multi-root on (facts/istio.md 2.1). */
function whenTakenUp(cluster: ClusterStory): string {
  if (sameRoots(cluster))
    return 'The roots are the same, so istiod takes up the new signer by itself within a minute or two; its restart makes sure of it.'
  return cluster.multiRoot
    ? 'istiod takes up the roots by itself within a minute or two; its restart makes sure of it.'
    : 'istiod does not act on new roots before its restart (multi-root is off).'
}

function sameRoots({ move }: ClusterStory): boolean {
  return trustedGenerations(move.from).join() === trustedGenerations(move.to).join()
}

function wayBackText(entry: EntryGate, to: StateId): string {
  return `lets a cluster pass that is in \`${entry.state}\`, or still in \`${to}\`; one that lags further behind it holds`
}

function entryText({ id, waves }: EntryGate): string {
  if (id === null || waves.length === 0) return ' and `istio-ca-root-cert` holds its roots everywhere'
  const count = waves.flatMap((wave) => wave.restarts).length
  const unseen = waves.flatMap((wave) => wave.namespaces)
  const what = [
    ...(count === 0 ? [] : [countOf(count, 'workload')]),
    ...(unseen.length === 0 ? [] : [`whatever is meshed in ${unseen.map((name) => `\`${name}\``).join(', ')}`]),
  ].join(' and ')
  const work = `${what} in ${countOf(waves.length, 'wave')}`
  return `. It then finishes what is left of \`${id}\` (${work}), in its order, and lets go when all of it has rolled out and \`istio-ca-root-cert\` holds that state’s roots everywhere`
}

function waveText(wave: Wave, cluster: ClusterStory): string {
  const { restarts, namespaces } = wave
  const parts = [
    counted(restarts, 'job', 'restarted by a Job'),
    counted(restarts, 'owner', 'restarted by their owners'),
    counted(restarts, 'merge', 'restarted by a partial object beside whoever made them'),
    counted(restarts, 'none', 'not restarted: their certificates expire'),
    namespaces.length === 0 ? null : `whatever is meshed in ${namespaces.map((name) => `\`${name}\``).join(', ')} is restarted by a Job`,
  ].filter((text) => text !== null)
  if (!restartsAnything(wave)) return `${parts.join('; ')}. It has no gate.`
  return `${parts.join('; ')}. ${gateText(wave, cluster)}`
}

function gateText(wave: Wave, { move, restarts }: ClusterStory): string {
  const roots = `\`istio-ca-root-cert\` in ${countOf(restarts.namespaces.length, 'namespace')}`
  // Of the steps `replace` alone drops a root that still signs.
  const rolledOut = rolledOutBy(wave, restarts, !trustedGenerations(move.to).includes(move.from.signer))
  if (rolledOut.length === 0) return 'The next wave follows as soon as all of them bear the restart: no rollout is waited for.'
  return `Its gate waits for the rollouts${rolledOut.length > 1 ? ' of all waves' : ''} and for ${roots}.`
}

/** `2 workloads restarted by a Job (…)`: the names of a few; the whole list stands at the end. */
function counted(restarts: readonly RestartEntry[], delivery: RestartEntry['delivery'], what: string): string | null {
  const named = restarts.filter((restart) => restart.delivery === delivery).map((restart) => `\`${formatWorkloadId(restart.workload)}\``)
  if (named.length === 0) return null
  return `${countOf(named.length, 'workload')} ${what}${named.length > 4 ? '' : ` (${named.join(', ')})`}`
}
