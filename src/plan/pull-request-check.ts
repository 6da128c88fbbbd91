import { groupBy } from '../base/index.ts'
import { stateOf } from '../rotation/index.ts'
import { openDoubts } from './accept.ts'
import { contextOf, contextOfAny, contextsOf } from './context-flag.ts'
import { applicationName } from './layout.ts'
import { commands, words } from './markdown.ts'
import type { ChangeSet } from './parts.ts'
import type { ClusterStory, Story } from './pull-request.ts'
import { fingerprints, mayBreak, sealedBytes, withoutProxy } from './pull-request-before.ts'
import { oneWorkload } from './proxies.ts'
import { notRolledOut } from './rollouts.ts'

/** What a reviewer looks at before the merge, and whoever watches it after. */
export function toCheck(story: Story, clusters: readonly ClusterStory[], set: ChangeSet, branch: string): string[] {
  const secretOnly = set.name === 'secret'
  return [
    '### What to check',
    ...mayBreak(story, clusters, set),
    ...withoutProxy(story, set),
    `Before the merge: ${secretOnly ? '' : 'the lists at the end, of what restarts and what does not, and '}${fingerprints(story)}.`,
    ...sealedBytes(story, clusters, set, branch),
    ...(secretOnly
      ? []
      : [
          commands(
            `${held(story)} This prints what is not rolled out now; only what is in the list of restarts matters. Mend it first, or scale it to 0:`,
            notRolledOut(contextsOf(clusters, story)),
          ),
        ]),
    ...(set.name.startsWith('wave-') || secretOnly ? [] : byHand(story, clusters)),
    `After the merge${clusters.length > 1 ? ', in each cluster' : ''}:`,
    ...sameTogether(
      (secretOnly ? [owner, state] : [chain, jobs, state]).flatMap((look) =>
        clusters.flatMap((cluster) => look(cluster, contextOf(cluster, story))),
      ),
    ),
    ...(secretOnly ? [] : [...oneWorkload(contextOfAny(clusters, story)), stuckLines(story, clusters).join('\n')]),
  ]
}

function held({ decision }: Story): string {
  return decision.step === 'replace'
    ? 'An istiod that is not rolled out by then holds everything; another workload is cut off until its own new pods are ready.'
    : 'A workload that is not rolled out by then holds its wave, and all waves after it.'
}

const mostNamed = 20

/** What no Job and no owner restarts, and nobody has accepted: without it the step is not complete. */
function byHand({ findings, config }: Story, clusters: readonly ClusterStory[]): string[] {
  const shown = findings.filter(({ place }) => clusters.some(({ name }) => name === place.cluster))
  const unreached = [...openDoubts(shown, config.accept), ...shown.filter(({ id }) => id === 'workloads/not-restartable')]
  const objects = [...new Set(unreached.map(({ place }) => `\`${words(place.object ?? place.file ?? '')}\``))]
  if (objects.length === 0) return []
  const more = objects.length > mostNamed ? ` and ${objects.length - mostNamed} more` : ''
  return [
    `**Restart by hand: ${objects.slice(0, mostNamed).join(', ')}${more}.** Nothing in this step restarts the pods or machines of these. Have it done, by their operator where they have one, once the gate of the control plane has passed; the step is complete only then. “Worth knowing” says more.`,
  ]
}

/** A command for one cluster, and what it is expected to show. */
interface Look {
  readonly expectation: string
  readonly command: string
}

/** One block for what is expected of several clusters. */
function sameTogether(looks: readonly Look[]): string[] {
  return [...groupBy(looks, ({ expectation }) => expectation)].map(([expectation, same]) =>
    commands(
      expectation,
      same.map(({ command }) => command),
    ),
  )
}

/** A Secret in place: whether whoever delivers it has applied it. */
function owner({ controller, secretOwner }: ClusterStory, context: string): Look[] {
  if (secretOwner === null) return []
  const [namespace = '', name = ''] = secretOwner.split('/')
  return [
    controller.type === 'flux'
      ? {
          expectation: 'The owner of the Secret becomes Ready, at the commit of the merge:',
          command: `flux${context} get kustomizations ${name} -n ${namespace}`,
        }
      : {
          expectation: 'The owner of the Secret becomes Synced and Healthy, at the commit of the merge:',
          command: `argocd app get ${secretOwner}`,
        },
  ]
}

/** Every link or wave. */
function chain({ name, controller }: ClusterStory, context: string): Look[] {
  return [
    controller.type === 'flux'
      ? {
          expectation: 'Every link of the chain becomes Ready, in order:',
          command: `flux${context} get kustomizations -n ${controller.namespace} | grep mesh-ca`,
        }
      : {
          expectation: 'The Application goes on wave by wave, and is Synced and Healthy at the end:',
          command: `argocd app get ${controller.namespace}/${applicationName(name)} --show-operation`,
        },
  ]
}

function jobs({ istioNamespace }: ClusterStory, context: string): Look[] {
  return [
    {
      expectation: 'The Jobs of gates and restarts are all complete at the end:',
      command: `kubectl${context} -n ${istioNamespace} get jobs -l app.kubernetes.io/managed-by=reroot`,
    },
  ]
}

function state({ istioNamespace, move }: ClusterStory, context: string): Look[] {
  return [
    {
      expectation: `The state becomes \`${stateOf(move.to)}\`:`,
      command: `kubectl${context} -n ${istioNamespace} get configmap mesh-ca-state -o jsonpath='{.data.state}'`,
    },
  ]
}

/** What to do about a gate that does not pass: Flux comes back by itself, Argo CD has to be told (facts/gitops.md 1.2, 1.3). */
function stuckLines(story: Story, clusters: readonly ClusterStory[]): string[] {
  const served = clusters.filter(({ controller }) => controller.type === 'argocd')
  const argocd = served.map(({ name, controller }) => `${controller.namespace}/${applicationName(name)}`)
  const keeps = story.decision.step === 'replace' ? '' : '; what was restarted keeps working'
  const lines: string[] = []
  if (argocd.length < clusters.length)
    lines.push(
      `${argocd.length === 0 ? 'A' : 'Under Flux: a'} gate that does not pass stops the waves after it${keeps}. Mend the cause: the gate tries again by itself. Every new commit on the branch makes the links wait for each other again: until all are Ready, pause what commits every few minutes, such as an image automation.`,
    )
  const [name, ...others] = argocd
  const deletions = served.map((cluster) => `\`kubectl${contextOf(cluster, story)} -n ${cluster.istioNamespace} delete job NAME\``)
  const all = others.length === 0 ? '' : `, or of ${others.join(', ')}`
  if (name !== undefined)
    lines.push(
      `${argocd.length === clusters.length ? 'A' : 'Under Argo CD: a'} gate that does not pass within ${story.config.gates.deadlineMinutes} minutes fails, and the sync with it: no later wave is applied${keeps}. Mend the cause, delete the failed Job, never one that still runs (${deletions.join(', or ')}), and sync the whole Application (\`argocd app sync ${name} --prune\`${all}): what is done already passes at once. **Never sync single resources of it**: that passes over gates. While a sync runs, Argo CD takes no newer commit, a revert included; \`argocd app terminate-op ${name}\` ends it.`,
    )
  return lines
}
