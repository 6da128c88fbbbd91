import { stateOf } from '../rotation/index.ts'
import { contextFlag } from './context-flag.ts'
import { applicationName } from './layout.ts'
import type { ChangeSet } from './parts.ts'
import type { ClusterStory, Story } from './pull-request.ts'
import { oneWorkload, proxiesNotOf, proxiesOf, proxiesWithout } from './proxies.ts'

/** What a reviewer looks at before the merge, and whoever watches it after. */
export function toCheck(story: Story, clusters: readonly ClusterStory[], set: ChangeSet): string[] {
  const secretOnly = set.name === 'secret'
  return [
    '### What to check',
    ...mayBreak(story, clusters, set),
    [
      `Before the merge: ${secretOnly ? '' : 'the lists at the end, of what restarts and what does not, and '}${fingerprints(story)}.`,
      `After it${clusters.length > 1 ? ', in each cluster' : ''}:`,
      '```sh',
      ...clusters.flatMap((cluster) =>
        secretOnly ? ownerLines(cluster, contextOf(cluster, story)) : chainLines(cluster, contextOf(cluster, story)),
      ),
      ...(secretOnly ? [] : oneWorkload(contextOfAny(clusters, story))),
      '```',
      ...(secretOnly ? [] : stuckLines(story, clusters)),
    ].join('\n'),
  ]
}

/** A pull request that was forged agrees with its own files: the others are what to compare with. */
function fingerprints({ issued, directory, config }: Story): string {
  const records = `\`${directory}/mesh.yaml\` and each cluster’s \`record.yaml\` on \`${config.git.branch}\`, not on this branch`
  return issued
    ? `the fingerprints of the new certificates below against those that reroot printed when it made them, and all others against ${records}`
    : `the fingerprints below against ${records}`
}

/** What to look at before the step from which on certificates are rejected that were not before. A wave's owners come after that. */
function mayBreak(story: Story, clusters: readonly ClusterStory[], set: ChangeSet): string[] {
  const [move] = story.decision.moves
  if (move === undefined || set.name.startsWith('wave-')) return []
  const { signer } = move.to
  const meshes = {
    contexts: clusters.flatMap((cluster) => (contextOf(cluster, story) === '' ? [] : [cluster.name])),
    ambient: clusters.some(({ name }) => story.config.clusters.some((one) => one.name === name && one.istio.ztunnel !== null)),
  }
  if (story.decision.step === 'promote')
    return lookBefore(
      `**It rests on this, that every workload trusts ${signer}**: from here on one that does not rejects what ${signer} signs.`,
      proxiesWithout(signer, meshes),
    )
  if (!dropsSigner(story)) return []
  const { step, generation } = story.decision
  return step === 'abandon'
    ? lookBefore(breaks(`of ${generation}`), proxiesOf(generation, meshes))
    : lookBefore(breaks(`not of ${signer}`), proxiesNotOf(signer, meshes))
}

function breaks(whose: string): string {
  return `**This is the step that can break the mesh**: from here on a workload whose certificate is ${whose} is rejected.`
}

function lookBefore(why: string, lines: readonly string[]): string[] {
  return [
    [
      `${why} Before the merge look at every proxy, not at a sample:`,
      '```sh',
      ...lines,
      '```',
      'If it prints a proxy, or has looked at fewer than there are, do not merge: restart that workload first (`kubectl rollout restart`), and look again.',
    ].join('\n'),
  ]
}

/** Trust in a root goes that may have signed: `retire`, and `abandon` of what was promoted, and demoted again or reverted. */
function dropsSigner({ decision, clusters }: Story): boolean {
  if (decision.step !== 'abandon') return decision.step === 'retire'
  return clusters.some(({ hasBarrier }) => hasBarrier)
}

/** A Secret in place: whether whoever delivers it has applied it. */
function ownerLines(cluster: ClusterStory, context: string): string[] {
  const { controller, secretOwner } = cluster
  if (secretOwner === null) return [stateLine(cluster, context)]
  const [namespace = '', name = ''] = secretOwner.split('/')
  const owner =
    controller.type === 'flux'
      ? `flux${context} get kustomizations ${name} -n ${namespace}       # Ready, at the commit of the merge`
      : `argocd app get ${secretOwner}   # Synced and Healthy, at the commit of the merge`
  return [owner, stateLine(cluster, context)]
}

/** Every link or wave, the Jobs, and the state. */
function chainLines(cluster: ClusterStory, context: string): string[] {
  const { name, controller, istioNamespace } = cluster
  const chain =
    controller.type === 'flux'
      ? `flux${context} get kustomizations -n ${controller.namespace} | grep mesh-ca       # every link of the chain becomes Ready, in order`
      : `argocd app get ${controller.namespace}/${applicationName(name)} --show-operation   # wave by wave; Synced and Healthy at the end`
  return [
    chain,
    `kubectl${context} -n ${istioNamespace} get jobs -l app.kubernetes.io/managed-by=reroot   # gates and restarts: all complete at the end`,
    stateLine(cluster, context),
  ]
}

function stateLine(cluster: ClusterStory, context: string): string {
  return `kubectl${context} -n ${cluster.istioNamespace} get configmap mesh-ca-state -o jsonpath='{.data.state}'   # ${stateOf(cluster.move.to)}`
}

function contextOfAny(clusters: readonly ClusterStory[], story: Story): string {
  const [only, ...more] = clusters
  return only === undefined || more.length > 0 ? ' --context CLUSTER' : contextOf(only, story)
}

function contextOf({ name, controller }: ClusterStory, { clusters }: Story): string {
  return contextFlag(name, controller, clusters.length)
}

/** What to do about a gate that does not pass: Flux comes back by itself, Argo CD has to be told (facts/gitops.md 1.2, 1.3). */
function stuckLines(story: Story, clusters: readonly ClusterStory[]): string[] {
  const served = clusters.filter(({ controller }) => controller.type === 'argocd')
  const argocd = served.map(({ name, controller }) => `${controller.namespace}/${applicationName(name)}`)
  const lines: string[] = []
  if (argocd.length < clusters.length)
    lines.push(
      `${argocd.length === 0 ? 'A' : 'Under Flux: a'} gate that does not pass stops the waves after it; what was restarted keeps working. Mend the cause: the gate tries again by itself.`,
    )
  const [name, ...others] = argocd
  const deletions = served.map((cluster) => `\`kubectl${contextOf(cluster, story)} -n ${cluster.istioNamespace} delete job NAME\``)
  const all = others.length === 0 ? '' : `, or of ${others.join(', ')}`
  if (name !== undefined)
    lines.push(
      `${argocd.length === clusters.length ? 'A' : 'Under Argo CD: a'} gate that does not pass within ${story.config.gates.deadlineMinutes} minutes fails, and the sync with it: no later wave is applied, and what was restarted keeps working. Mend the cause, delete the failed Job, never one that still runs (${deletions.join(', or ')}), and sync the whole Application (\`argocd app sync ${name} --prune\`${all}): what is done already passes at once. **Never sync single resources of it**: that passes over gates. While a sync runs, Argo CD takes no newer commit, a revert included; \`argocd app terminate-op ${name}\` ends it.`,
    )
  return lines
}
