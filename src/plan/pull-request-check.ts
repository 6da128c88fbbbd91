import { stateOf } from '../rotation/index.ts'
import { applicationName } from './layout.ts'
import type { ChangeSet } from './parts.ts'
import type { ClusterStory, Story } from './pull-request.ts'

/** What a reviewer looks at before the merge, and whoever watches it after. */
export function toCheck(story: Story, clusters: readonly ClusterStory[], set: ChangeSet): string[] {
  const { decision } = story
  const istio = [...new Set(clusters.map((cluster) => cluster.istioNamespace))][0] ?? 'istio-system'
  const [move] = decision.moves
  if (move === undefined) throw new TypeError('a decision moves at least one cluster')
  const fingerprints = `the fingerprints below against \`${story.directory}/mesh.yaml\` and each cluster’s \`record.yaml\``
  const state = `kubectl -n ${istio} get configmap mesh-ca-state -o jsonpath='{.data.state}'   # ${stateOf(move.to)}`
  if (set.name === 'secret')
    return [
      '### What to check',
      [`Before the merge: ${fingerprints}.`, 'After it:', '```sh', ...ownerLines(clusters), state, '```'].join('\n'),
    ]
  return [
    '### What to check',
    [
      `Before the merge: ${fingerprints}, and the list of workloads at the end.`,
      'After it:',
      '```sh',
      ...controllerLines(clusters),
      `kubectl -n ${istio} get jobs -l app.kubernetes.io/managed-by=reroot   # gates and restarts: all complete at the end`,
      state,
      'istioctl proxy-config secret POD -n NAMESPACE -o json   # ROOTCA and the issuer of the workload’s certificate',
      '```',
      ...stuckLines(story, clusters, istio),
    ].join('\n'),
  ]
}

/** A Secret in place: whether whoever delivers it has applied it. */
function ownerLines(clusters: readonly ClusterStory[]): string[] {
  const lines = clusters.flatMap(({ controller, secretOwner }) => {
    if (secretOwner === null) return []
    const [namespace = '', name = ''] = secretOwner.split('/')
    return controller.type === 'flux'
      ? [`flux get kustomizations ${name} -n ${namespace}       # Ready, at the commit of the merge`]
      : [`argocd app get ${secretOwner}   # Synced and Healthy, at the commit of the merge`]
  })
  return [...new Set(lines)]
}

function controllerLines(clusters: readonly ClusterStory[]): string[] {
  const [flux] = clusters.flatMap(({ controller }) => (controller.type === 'flux' ? [controller] : []))
  return [
    ...(flux === undefined
      ? []
      : [`flux get kustomizations -n ${flux.namespace} | grep mesh-ca       # every link of the chain becomes Ready, in order`]),
    ...applications(clusters).map((name) => `argocd app get ${name} --show-operation   # wave by wave; Synced and Healthy at the end`),
  ]
}

/** What to do about a gate that does not pass: Flux comes back by itself, Argo CD has to be told (facts/gitops.md 1.2, 1.3). */
function stuckLines(story: Story, clusters: readonly ClusterStory[], istioNamespace: string): string[] {
  const argocd = applications(clusters)
  const lines: string[] = []
  if (argocd.length < clusters.length)
    lines.push(
      `${argocd.length === 0 ? 'A' : 'Under Flux: a'} gate that does not pass stops the waves after it; what was restarted keeps working. Mend the cause: the gate tries again by itself.`,
    )
  const [name] = argocd
  if (name !== undefined)
    lines.push(
      `${argocd.length === clusters.length ? 'A' : 'Under Argo CD: a'} gate that does not pass within ${story.config.gates.deadlineMinutes} minutes fails, and the sync with it: no later wave is applied, and what was restarted keeps working. Mend the cause, delete the failed Job (\`kubectl -n ${istioNamespace} delete job NAME\`) and sync the whole Application (\`argocd app sync ${name} --prune\`): what is done already passes at once. **Never sync single resources of it**: that passes over gates. While a sync runs, Argo CD takes no newer commit, a revert included; \`argocd app terminate-op ${name}\` ends it.`,
    )
  return lines
}

function applications(clusters: readonly ClusterStory[]): string[] {
  return clusters.flatMap(({ name, controller }) =>
    controller.type === 'argocd' ? [`${controller.namespace}/${applicationName(name)}`] : [],
  )
}
