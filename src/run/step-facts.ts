import { formatWorkloadId } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import { isDrainedByTime, openDoubts, ownersLeft } from '../plan/index.ts'
import { lastTransition, pastOf, transitionsIn } from '../rotation/index.ts'
import type { decide, Past, Step, StepFacts } from '../rotation/index.ts'
import { hidesWorkloads } from '../workloads/index.ts'
import type { Discovery } from '../workloads/index.ts'
import type { Base } from './base.ts'
import type { Context } from './context.ts'
import type { Loaded, LoadedCluster } from './load.ts'
import { discoveryOf } from './step-findings.ts'
import type { Discoveries } from './step-findings.ts'

/** Generations whose sealed files the history shows: a reverted merge takes them from the record, but not from the cluster. */
export async function usedGenerations(context: Context, loaded: Loaded, base: Base, step: Step): Promise<readonly string[]> {
  if (step !== 'stage' && step !== 'replace') return []
  const paths = await context.git.pathsEver(base.commit, loaded.layout.directory)
  return [...new Set(paths.flatMap((path) => /\/(?:roots|prepared)\/(g[1-9]\d*)[.-]/.exec(path)?.[1] ?? []))]
}

/** What the history of the base knows of each cluster, by name: its record alone does not show a merge that was reverted. */
export type Pasts = ReadonlyMap<string, Past>

export async function readPasts(context: Pick<Context, 'git'>, loaded: Loaded, base: Pick<Base, 'commit'>): Promise<Pasts> {
  const paths = loaded.clusters.map(({ layout }) => layout.record)
  const changes = await context.git.lineChanges(base.commit, paths)
  return new Map(
    loaded.clusters.map(({ config, layout, record }) => {
      const own = changes.filter(({ path }) => path === layout.record)
      const moved = own.map(({ at, added, removed }) => {
        const [fresh, gone] = [transitionsIn(added), transitionsIn(removed)]
        return { at, added: fresh.filter((id) => !gone.includes(id)), removed: gone.filter((id) => !fresh.includes(id)) }
      })
      return [config.name, pastOf(moved, record)]
    }),
  )
}

/** Members of the mesh that no step restarts: what nothing can restart, and what people accepted not to see. */
function doubtsOf(loaded: Loaded, cluster: LoadedCluster, discovery: Discovery): Pick<StepFacts, 'doubts' | 'undrained'> {
  const accepted = loaded.config.accept.map((entry) => entry.finding)
  const found = discovery.findings.filter(
    ({ id, severity }) => id === 'workloads/not-restartable' || (severity === 'error' && accepted.includes(id)),
  )
  const unseen = discovery.opaque.filter((opaque) => !loaded.config.restarts.namespaces.includes(opaque.namespace))
  const doubtful = doubtfulIn(loaded, cluster, discovery)
  const fixed = discovery.findings.filter((finding) => hidesWorkloads(finding))
  const told = ({ id, place }: Finding): string => `${place.object ?? place.file ?? ''} (${id})`
  const doubts = new Set([
    ...[...found, ...doubtful].map(told),
    ...fixed.map((finding) => `what only ${finding.found ?? ''} has of ${told(finding)}`),
    ...unseen.map((opaque) => opaque.owner),
  ])
  return { doubts: [...doubts], undrained: [...new Set(doubtful.filter((finding) => !isDrainedByTime(finding)).map(told))] }
}

function doubtfulIn({ config }: Loaded, { restarts }: LoadedCluster, { findings, settled }: Discovery): readonly Finding[] {
  // What reroot.yaml settles now, it need not have settled when the step before was planned.
  const listed = new Set(
    restarts?.waves.flatMap((wave) => [...wave.namespaces, ...wave.restarts.map(({ workload }) => formatWorkloadId(workload))]),
  )
  const unsettled = settled.filter(({ by }) => !by.some((one) => listed.has(one))).map(({ finding }) => finding)
  return openDoubts([...findings, ...unsettled], config.accept)
}

/** What the record, the frozen lists and the repository say of every cluster, and the history, where it was read. */
export function discoveredFacts(loaded: Loaded, discoveries: Discoveries, pasts: Pasts): readonly StepFacts[] {
  return loaded.clusters.map((cluster) => ({
    record: cluster.record,
    restarts: cluster.restarts,
    managed: cluster.config.cacerts.managed,
    ...doubtsOf(loaded, cluster, discoveryOf(cluster, discoveries)),
    ownersLeft: ownersLeftIn(loaded, cluster, discoveryOf(cluster, discoveries)),
    ...pastIn(pasts, cluster.config.name),
  }))
}

function ownersLeftIn({ config }: Loaded, { config: cluster, record, restarts }: LoadedCluster, discovery: Discovery): readonly string[] {
  const last = lastTransition(record)
  if (last === null || restarts?.id !== last.id) return []
  const earlier = record.transitions.slice(0, -1).map(({ id }) => id)
  return ownersLeft(config, cluster, discovery, { list: restarts, step: last.step, earlier })
}

/** For objects that may hold it. */
export function pastIn(pasts: Pasts, cluster: string): { readonly past?: Past } {
  const past = pasts.get(cluster)
  return past === undefined ? {} : { past }
}

/** What the decision about a step rests on. */
export function decisionFacts(
  loaded: Loaded,
  discoveries: Discoveries,
  context: Context,
  usedGenerations: readonly string[],
  pasts: Pasts,
): Parameters<typeof decide>[1] {
  return {
    usedGenerations,
    mesh: loaded.mesh,
    clusters: discoveredFacts(loaded, discoveries, pasts),
    workloadCertificateHours: loaded.config.pki.workloadCertificateHours,
    now: context.clock.now(),
  }
}
