import { restartAnnotation } from '../base/index.ts'
import { judgeInjection } from './injection.ts'
import type { Verdict } from './injection.ts'
import type { Namespaces } from './namespaces.ts'
import { restartableId } from './pod-owner.ts'
import type { PodOwner } from './pod-owner.ts'
import type { Report } from './report.ts'
import type { MeshRole, Outsider, Workload } from './types.ts'
import { noteUse } from './unseen-istiod.ts'
import type { RevisionUses } from './unseen-istiod.ts'

/** What is asked of every pod owner of a cluster. */
export interface Judging {
  readonly cluster: string
  readonly namespaces: Namespaces
  /** Some control plane injects into namespaces that do not ask for it (default-injection.ts). */
  readonly byDefault: boolean
  /** Revisions and tags that exist; `null` if neither Git nor `reroot.yaml` names any. */
  readonly revisions: ReadonlySet<string> | null
  /** Where it is noted which of them labels ask for. */
  readonly uses: RevisionUses
  readonly report: Report
}

/** The workloads of a cluster, inside and outside of the mesh. */
export interface Members {
  readonly workloads: Workload[]
  readonly outside: Outsider[]
}

/** Judges everything in Git that makes pods. */
export function judgeAll(pods: readonly PodOwner[], judging: Judging): Members {
  const members: Members = { workloads: [], outside: [] }
  for (const pod of pods) judge(pod, judging, members)
  return members
}

function judge(one: PodOwner, judging: Judging, members: Members): void {
  const { cluster, namespaces } = judging
  const id = restartableId(one)
  const ownRole = roleByName(one)
  const verdict: Verdict =
    ownRole === null
      ? judgeInjection(one.pod, one.namespace, namespaces.labelsOf(one.namespace), judging.byDefault)
      : { mesh: 'in', rule: ownRole === 'ztunnel' ? 'it is ztunnel' : 'it is an istiod', revision: null }

  if (verdict.mesh === 'unknown') namespaces.markUnknown(one.namespace, `${one.kind} ${one.name}`, one.definition)
  if (verdict.mesh === 'in') {
    if (ownRole === null) namespaces.markMeshed(one.namespace)
    noteUse(judging.uses, verdict.revision, `${one.kind} ${one.namespace}/${one.name}`, one.definition)
    reportRevision(one, verdict.revision, judging)
    if (id === null) reportKind(one, verdict.rule, judging)
  }
  if (verdict.mesh === 'in') {
    if (id === null) return
    const { owner, definition, hindrance, gap, sync } = one
    members.workloads.push({
      id,
      cluster,
      role: ownRole ?? roleOf(one),
      rule: verdict.rule,
      owner,
      definition,
      hindrance,
      gap,
      carried: one.pod.annotations[restartAnnotation] ?? null,
      syncWave: sync.wave,
      replaced: sync.replaced,
    })
  } else {
    const why = verdict.mesh === 'out' ? verdict.why : `unknown: nobody knows the labels of namespace ${one.namespace}`
    const { kind, namespace, name, definition } = one
    members.outside.push({ id: { kind, namespace, name }, why, definition })
  }
}

/** Istio's own workloads refuse injection, but hold certificates or sign them. */
function roleByName({ kind, pod, istiod }: PodOwner): MeshRole | null {
  if (istiod !== null) return 'control-plane'
  return kind === 'DaemonSet' && pod.labels['app'] === 'ztunnel' ? 'ztunnel' : null
}

function roleOf({ pod }: PodOwner): MeshRole {
  const templates = (pod.annotations['inject.istio.io/templates'] ?? '').split(',').map((name) => name.trim())
  return templates.includes('gateway') ? 'gateway' : 'sidecar'
}

function reportRevision(one: PodOwner, revision: string | null, { cluster, revisions, report }: Judging): void {
  if (revision === null || revisions === null || revisions.has(revision)) return
  const namespaceWide = one.pod.labels['istio.io/rev'] === undefined
  report.add({
    id: 'workloads/revision-unknown',
    severity: 'warning',
    place: { cluster, object: namespaceWide ? `Namespace ${one.namespace}` : `${one.kind} ${one.namespace}/${one.name}` },
    message: `it asks for revision or tag ${revision}, of which nothing is known; its workloads are taken to be in the mesh`,
    expected: [...revisions].join(', '),
    found: revision,
    remedy:
      'add the revision or tag to clusters[].istio.revisions in reroot.yaml, and its istiod to clusters[].istio.istiod if Git does not show it; or correct the label',
  })
}

// A Job's template cannot change; a CronJob's next Job starts with the new certificates.
const jobs: Readonly<Record<string, string>> = {
  Job: 'a Job that is running keeps its certificate until it ends, or renews it; its template cannot be changed',
  CronJob: 'its next run starts with what is new; one that is running keeps its certificate until it ends, or renews it',
}

function reportKind(one: PodOwner, rule: string, { cluster, report }: Judging): void {
  const place = { cluster, file: one.definition.file, line: one.definition.line, object: `${one.kind} ${one.namespace}/${one.name}` }
  const job = jobs[one.kind]
  if (job !== undefined) {
    report.add({
      id: 'workloads/job',
      severity: 'info',
      place,
      message: `in the mesh (${rule}): ${job}`,
      remedy: 'nothing, unless one of its runs lasts longer than the rotation',
    })
    return
  }
  const replaceable = one.kind === 'Pod' || one.kind === 'ReplicaSet' || one.kind === 'ReplicationController'
  report.add({
    id: 'workloads/not-restartable',
    severity: replaceable ? 'warning' : 'error',
    place,
    message: `in the mesh (${rule}), but reroot cannot restart a ${one.kind}`,
    expected: 'a Deployment, StatefulSet or DaemonSet',
    found: one.kind,
    remedy: remedyOf(one.kind),
  })
}

function remedyOf(kind: string): string {
  switch (kind) {
    case 'Rollout':
      return 'restart it in each step with `kubectl argo rollouts restart`, and say so with --confirmed; or let its certificates run out: restarts.rules with drain: expire'
    case 'DeploymentConfig':
      return 'restart it in each step with `oc rollout latest`, and say so with --confirmed; or make it a Deployment'
    case 'Service':
      return 'make a new Knative revision in each step, and say so with --confirmed'
    default:
      return 'delete and re-create its pods in each step, or make it a Deployment; otherwise wait until its certificate has been renewed'
  }
}

/** Workloads by namespace, kind and name. */
export function byPlace(a: Outsider['id'], b: Outsider['id']): number {
  const order = (id: Outsider['id']): string => `${id.namespace}\0${id.kind}\0${id.name}`
  return order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0
}
