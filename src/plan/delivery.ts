import { dirname } from 'node:path/posix'
import { restartAnnotation } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import type { ClusterConfig, Config } from '../mesh/index.ts'
import type { RestartEntry, Step } from '../rotation/index.ts'
import type { Discovery, Workload } from '../workloads/index.ts'
import { mergeInto } from './merge.ts'
import { orderOf } from './order.ts'
import type { Order } from './order.ts'
import { placeOf } from './place.ts'
import { matches } from './rule-match.ts'
import type { Rule } from './rule-match.ts'

/** The folder of reroot's Component beside an overlay's kustomization. */
export const componentFolder = 'mesh-ca-restart'

export interface ChosenRestart extends RestartEntry {
  readonly source: Workload
  /** A controller object orders this workload after the control plane, so that its owner may restart it in the same pull request. */
  readonly ordered: boolean
}

/**
 * Decides for every workload of a cluster how the step's restart reaches it, and says why (product.md, Restart delivery).
 * @returns the restarts in the discovery's order, and a finding for every choice that cannot be honoured.
 */
export function chooseDeliveries(
  config: Config,
  cluster: ClusterConfig,
  discovery: Discovery,
  step: Step,
): { readonly restarts: readonly ChosenRestart[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = []
  const order = orderOf(cluster, discovery, step)
  const restarts = discovery.workloads.map((workload): ChosenRestart => {
    const rule = config.restarts.rules.find((candidate) => matches(candidate, workload))
    const ordered = order(workload)
    const common = { workload: workload.id, source: workload, ordered: ordered.ordered, file: null, at: null }
    if (workload.role !== 'control-plane' && workload.role !== 'ztunnel' && drainOf(config, rule, step) === 'expire') {
      return { ...common, delivery: 'none', drain: 'expire', why: rule?.reason ?? `restarts.drain.${step} is expire` }
    }
    findings.push(...hindrances(workload))
    const wish = rule?.delivery ?? config.restarts.delivery
    const choice =
      wish === 'merge' ? mergeInto(workload, cluster, rule?.reason ?? null) : choose(wish, workload, ordered, rule?.reason ?? null)
    if ('finding' in choice) {
      findings.push(choice.finding)
      return { ...common, delivery: 'job', drain: 'restart', why: '' }
    }
    return { ...common, ...choice, drain: 'restart' }
  })
  return { restarts, findings: [...findings, ...unseen(config, discovery), ...missingShellImage(config, discovery.cluster)] }
}

type Choice = Pick<ChosenRestart, 'delivery' | 'why'> & Partial<Pick<ChosenRestart, 'file' | 'at' | 'selector'>>

function choose(
  wish: 'auto' | 'job' | 'owner',
  workload: Workload,
  { ordered, why: orderWhy }: Order,
  reason: string | null,
): Choice | { readonly finding: Finding } {
  const owner = workload.owner
  const obstacle = ownerObstacle(workload)
  if (wish === 'owner' && obstacle !== null) return { finding: ownerCannot(workload, obstacle) }
  const byOwner = obstacle === null && (wish === 'owner' || (wish === 'auto' && ordered))
  if (!byOwner) {
    if (workload.carried !== null) return { finding: carriedAlready(workload, workload.carried) }
    if (workload.replaced) return { finding: replacedAtSync(workload) }
    return { delivery: 'job', why: jobWhy(wish, obstacle, orderWhy, reason) }
  }
  const why = ordered ? orderWhy : (reason ?? 'restarts.delivery is owner')
  if (owner.kind === 'yaml') return { delivery: 'owner', file: workload.definition.file, at: '/spec/template/metadata/annotations', why }
  if (owner.kind !== 'kustomize') throw new TypeError(`an owner of kind ${owner.kind} carries no restart`)
  return { delivery: 'owner', file: `${dirname(owner.kustomization)}/${componentFolder}/kustomization.yaml`, at: '/patches', why }
}

function jobWhy(wish: 'auto' | 'job' | 'owner', obstacle: string | null, orderWhy: string, reason: string | null): string {
  if (wish === 'job') return reason ?? 'restarts.delivery is job'
  return obstacle === null ? `${orderWhy}, so only a Job keeps the order` : `${obstacle}, so only a Job reaches it`
}

/** Why its owner cannot carry a restart; `null` if it can. */
function ownerObstacle({ owner, definition }: Workload): string | null {
  if (owner.kind === 'chart') return `the ${owner.by} of chart ${owner.chart} defines it`
  if (owner.kind === 'elsewhere') return 'nobody in this repository defines it'
  return owner.undeliverable ?? (owner.kind === 'yaml' && definition.item !== undefined ? 'it is an item of a List' : null)
}

function ownerCannot(workload: Workload, because: string): Finding {
  return {
    id: 'restart/owner',
    severity: 'error',
    place: placeOf(workload),
    message: `delivery owner is not possible: ${because}`,
    expected: 'plain YAML or a kustomize overlay',
    found: workload.owner.kind,
    remedy: 'use delivery job for it: a rule in restarts.rules can say so',
  }
}

/** The owner would write its old value back over the Job's patch, and restart the pods once more (facts/gitops.md 2). */
function carriedAlready(workload: Workload, carried: string): Finding {
  return {
    id: 'restart/carried',
    severity: 'error',
    place: placeOf(workload),
    message: `its definition carries the restart ${carried}, so its owner would take back what a Job patches`,
    expected: 'delivery owner, or a definition without the annotation',
    found: `${restartAnnotation}: ${carried}`,
    remedy: `go on with delivery owner for it; or take the annotation (and the ${componentFolder} Component) out in a pull request of its own first`,
  }
}

/** Argo CD's `Replace=true` writes the object as it is in Git: the Job's annotation goes, and the pods restart once more (facts/lab.md 11). */
function replacedAtSync(workload: Workload): Finding {
  return {
    id: 'restart/replaced',
    severity: 'error',
    place: placeOf(workload),
    message: 'its Application replaces the whole object at each sync, so what a Job patches is lost, and its pods restart once more',
    expected: 'an Application that applies, or delivery owner',
    found: 'sync option Replace=true',
    remedy: 'take the sync option Replace=true away, or add a rule with delivery: owner',
  }
}

const hindranceWords: Readonly<
  Record<NonNullable<Workload['hindrance']>, Pick<Finding, 'id' | 'message'> & { found: string; mend: string }>
> = {
  paused: {
    id: 'restart/paused',
    message: 'the Deployment is paused, so a new pod template replaces no pod',
    found: 'spec.paused: true',
    mend: 'resume it',
  },
  'on-delete': {
    id: 'restart/on-delete',
    message: 'its update strategy is OnDelete, so a new pod template replaces no pod',
    found: 'spec.updateStrategy.type: OnDelete',
    mend: 'use RollingUpdate',
  },
  partition: {
    id: 'restart/partition',
    message:
      'its update strategy has a partition, so a new pod template replaces no pod below it, and the rollout counts as complete without them',
    found: 'spec.updateStrategy.rollingUpdate.partition, and not 0',
    mend: 'set the partition to 0',
  },
}

function hindrances(workload: Workload): readonly Finding[] {
  if (workload.hindrance === null) return []
  const { mend, ...words } = hindranceWords[workload.hindrance]
  return [
    {
      ...words,
      severity: 'error',
      place: placeOf(workload),
      expected: 'a workload whose pods follow its template',
      remedy: `${mend}, or add a rule with drain: expire and a reason, and replace its pods yourself`,
    },
  ]
}

/** Workloads that Git does not show must be restarted too: a meshed namespace with an opaque owner has to be listed. */
function unseen(config: Config, discovery: Discovery): readonly Finding[] {
  return discovery.opaque
    .filter((opaque) => !config.restarts.namespaces.includes(opaque.namespace))
    .map((opaque) => ({
      id: 'restart/unseen',
      severity: 'error',
      place: { cluster: discovery.cluster, file: opaque.site.file, line: opaque.site.line, object: opaque.owner },
      message: `${opaque.owner} runs workloads in the meshed namespace ${opaque.namespace} that Git does not show`,
      expected: 'a way to restart them',
      found: `${opaque.namespace} is not in restarts.namespaces`,
      remedy: `add ${opaque.namespace} to restarts.namespaces (and set gates.shellImage): a Job then restarts what is meshed there`,
    }))
}

/** Listing and patching what is there at that moment takes more than one call of kubectl. */
export function missingShellImage(
  config: Config,
  cluster: string,
  namespaces: readonly string[] = config.restarts.namespaces,
): readonly Finding[] {
  if (namespaces.length === 0 || config.gates.shellImage !== null) return []
  return [
    {
      id: 'restart/shell-image',
      severity: 'error',
      place: { cluster, object: 'gates.shellImage' },
      message: `restarting what Git does not show in ${namespaces.join(', ')} needs an image with a shell`,
      expected: 'an image with sh and kubectl',
      found: 'null',
      remedy: 'set gates.shellImage in reroot.yaml to an image of yours that has both',
    },
  ]
}

function drainOf(config: Config, rule: Rule | undefined, step: Step): 'restart' | 'expire' {
  if (rule?.drain !== undefined) return rule.drain
  return step === 'stage' || step === 'promote' || step === 'retire' ? config.restarts.drain[step] : 'restart'
}
