import { parseId } from '../rotation/index.ts'
import type { decide, RestartId, Step, StepFacts } from '../rotation/index.ts'
import { hidesWorkloads } from '../workloads/index.ts'
import type { Discovery } from '../workloads/index.ts'
import type { Base } from './base.ts'
import type { Context } from './context.ts'
import type { Loaded } from './load.ts'
import { discoveryOf } from './step-findings.ts'
import type { Discoveries } from './step-findings.ts'

/** Generations whose sealed files the history shows: a reverted merge takes them from the record, but not from the cluster. */
export async function usedGenerations(context: Context, loaded: Loaded, base: Base, step: Step): Promise<readonly string[]> {
  if (step !== 'stage' && step !== 'replace') return []
  const paths = await context.git.pathsEver(base.commit, loaded.layout.directory)
  return [...new Set(paths.flatMap((path) => /\/(?:roots|prepared)\/(g[1-9]\d*)[.-]/.exec(path)?.[1] ?? []))]
}

/** Ids that the history shows: after a reverted merge, pods may still carry them, and would not restart for one that they have. */
export async function usedIds(context: Context, loaded: Loaded, base: Base): Promise<readonly RestartId[]> {
  const lines = await context.git.linesEver(
    base.commit,
    loaded.clusters.map(({ layout }) => layout.record),
  )
  return [...new Set(lines.flatMap((line) => /^\s*-? *id: "?([a-z0-9.-]+)"?\s*$/.exec(line)?.[1] ?? []))].filter(
    (id) => parseId(id) !== null,
  )
}

/** Members of the mesh that no step restarts: what nothing can restart, and what people accepted not to see. */
function doubtsOf(loaded: Loaded, discovery: Discovery): readonly string[] {
  const accepted = loaded.config.accept.map((entry) => entry.finding)
  const found = discovery.findings.filter(
    ({ id, severity }) => id === 'workloads/not-restartable' || (severity === 'error' && accepted.includes(id)),
  )
  const unseen = discovery.opaque.filter((opaque) => !loaded.config.restarts.namespaces.includes(opaque.namespace))
  const fixed = discovery.findings.filter((finding) => hidesWorkloads(finding))
  return [
    ...new Set([
      ...found.map(({ id, place }) => `${place.object ?? place.file ?? ''} (${id})`),
      ...fixed.map(({ id, place, found: revision }) => `what only ${revision ?? ''} has of ${place.object ?? place.file ?? ''} (${id})`),
      ...unseen.map((opaque) => opaque.owner),
    ]),
  ]
}

/** What the record and the frozen lists say of every cluster. */
export function stepFacts(loaded: Loaded): readonly StepFacts[] {
  return loaded.clusters.map(({ record, restarts, config }) => ({ record, restarts, managed: config.cacerts.managed }))
}

/** The same, and what no step restarts. */
export function discoveredFacts(loaded: Loaded, discoveries: Discoveries): readonly StepFacts[] {
  return loaded.clusters.map((cluster) => ({
    record: cluster.record,
    restarts: cluster.restarts,
    managed: cluster.config.cacerts.managed,
    doubts: doubtsOf(loaded, discoveryOf(cluster, discoveries)),
  }))
}

/** What the decision about a step rests on. */
export function decisionFacts(
  loaded: Loaded,
  discoveries: Discoveries,
  context: Context,
  used: Pick<Parameters<typeof decide>[1], 'usedGenerations' | 'usedIds'>,
): Parameters<typeof decide>[1] {
  return {
    ...used,
    mesh: loaded.mesh,
    clusters: discoveredFacts(loaded, discoveries),
    workloadCertificateHours: loaded.config.pki.workloadCertificateHours,
    now: context.clock.now(),
  }
}
