import { Construct } from 'constructs'
import type * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js'
import { controlPlaneWave, linkName } from '../src/plan/index.ts'
import type { EntryGate, RestartList } from '../src/rotation/index.ts'
import { Access, joinRules, watchVerbs, workloadRules } from './access.ts'
import { rootsCall } from './calls.ts'
import { hasNamespaces, leftoverCalls, leftoversOf, presentFolder, stateFiles } from './leftovers.ts'
import type { Leftover } from './leftovers.ts'
import { rotationAnnotation, stateName } from './names.ts'
import { listed, meshedFiles, namespaceRules } from './namespaces.ts'
import type { ClusterProps } from './props.ts'
import { rootsTemplate } from './roots.ts'
import { gateFolder, Run } from './run.ts'
import type { Call } from './run.ts'

/** The state that the cluster says it is in, as a container sees it. */
const stateVariable: k8s.EnvVar = {
  name: 'STATE',
  valueFrom: { configMapKeyRef: { name: stateName, key: 'state', optional: true } },
}

/**
 * Holds a step before it changes the Secret, until the step before is complete in this cluster, and finishes what is left of that one:
 * Flux applies one commit, so a pull request that is merged while the Jobs of the step before still run takes them out of Git. Wave by
 * wave, in the order of that step, it restarts what is left for Jobs and waits for the rollouts; no later wave begins before the control
 * plane shows its roots. For owners it waits.
 *
 * What there is to do depends on the state that the cluster is in, and kubectl knows no "or": so `/gate` has a folder for each state, and
 * the calls read the one that `mesh-ca-state` names when they start.
 *
 * - The state before the step: its waves are finished, and its roots are everywhere. On a way back it is enough to be in it.
 * - The state after it: the step has happened. Nothing to do, so that the Job never writes the old id, however often it is deleted and
 *   runs again.
 * - None: nothing of reroot's was ever applied here. The first step after `init` goes on where the roots are those that `init` took over. Any later one holds: it would jump from whatever
 *   the cluster has to a state that its workloads were not prepared for. A rebuilt cluster has nothing to prepare: people make the ConfigMap.
 * - Any other: there is no such folder, and the gate holds. So it does when the Secret of the step before was never applied, which no
 *   Job can make up for: the way out is to revert this step in Git until that one is through.
 */
export class EntryGateRun extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { readonly cluster: ClusterProps; readonly step: RestartList; readonly entry: EntryGate },
  ) {
    super(scope, id)
    const { cluster, step, entry } = props
    const namespace = cluster.istioNamespace
    // A step that leaves the Secret as it is has nothing to hold.
    const holds = entry.state !== cluster.state
    const leftovers = entry.id === null || !holds ? [] : leftoversOf(entry.waves)
    const roots = !holds || entry.roots === false || step.namespaces.length === 0 ? null : cluster.roots.before
    const name = linkName('entry-gate')

    const run = new Run(this, 'run', {
      id: step.id,
      wave: 'entry',
      part: 'gate',
      cluster,
      serviceAccount: name,
      calls: entryCalls(cluster, leftovers, entry.id ?? '', roots !== null),
      files: (job) => [
        ...stateFiles({
          before: entry.state,
          after: cluster.state,
          id: entry.id,
          first: entry.id === null && entry.roots !== false,
          leftovers,
          roots: roots === null ? [] : step.namespaces,
          self: { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: job, namespace } },
        }),
        { key: 'roots.tmpl', text: rootsTemplate(roots ?? '') },
        ...(hasNamespaces(leftovers) ? meshedFiles([...listed(step), ...leftovers.flatMap((leftover) => leftover.awaited)]) : []),
      ],
      ...(entry.id === null ? {} : { podAnnotations: { [rotationAnnotation]: entry.id } }),
    })
    new Access(this, 'access', {
      name,
      istioNamespace: namespace,
      rules: entryRules(leftovers, run.name, namespace),
      readsRoots: roots !== null,
    })
  }
}

/** Wave by wave; the roots behind the control plane, before anything else restarts, and at the end. */
function entryCalls(cluster: ClusterProps, leftovers: readonly Leftover[], id: string, checksRoots: boolean): readonly Call[] {
  const roots = rootsCall(`${presentFolder}/roots.yaml`, `${gateFolder}/roots.tmpl`)
  const second = leftovers.find((leftover) => leftover.wave !== controlPlaneWave)
  const calls = [
    ...leftovers.flatMap((leftover) => [
      ...(leftover === second && checksRoots ? [{ ...roots, name: 'control-plane-roots' }] : []),
      ...leftoverCalls(cluster, leftover, id),
    ]),
    roots,
  ]
  return calls.map((call) => ({ ...call, env: [stateVariable, ...(call.env ?? [])] }))
}

/** It may see what it waits for, and patch what it restarts: itself too, with nothing. */
function entryRules(leftovers: readonly Leftover[], job: string, namespace: string): ReadonlyMap<string, readonly k8s.PolicyRule[]> {
  const awaited = leftovers.flatMap((leftover) => leftover.awaited)
  const patched = leftovers.flatMap((leftover) => leftover.patched)
  const verbs = [...watchVerbs, ...(patched.length === 0 ? [] : ['patch'])]
  const own = { apiGroups: ['batch'], resources: ['jobs'], resourceNames: [job], verbs }
  return joinRules(
    workloadRules(awaited, watchVerbs),
    workloadRules(patched, ['patch']),
    namespaceRules(leftovers.flatMap((leftover) => leftover.namespaces)),
    awaited.length === 0 ? new Map() : new Map([[namespace, [own]]]),
  )
}
