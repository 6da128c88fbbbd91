import { formatWorkloadId } from '../base/index.ts'
import { lastTransition } from './record.ts'
import type { Past } from './past.ts'
import type { ClusterRecord, Evidence } from './record.ts'
import type { RestartEntry, RestartList } from './types.ts'

/** What a person says on the command line about the step before. */
export interface Testimony {
  /** `--confirmed`: what was checked, in words. */
  readonly confirmed: string | null
  /** `--gate-passed`: when the control plane's gate of the step before passed, by cluster. */
  readonly gatePassed: ReadonlyMap<string, Date>
}

/** One cluster, as far as the completeness of its last step can be judged without looking at it. */
export interface StepFacts {
  readonly record: ClusterRecord
  /** The frozen list of its last step; `null` if there is none. */
  readonly restarts: RestartList | null
  /** `in-place`: another owner delivers the Secret, so that no entry gate can hold it. */
  readonly managed: 'own' | 'in-place'
  /** Members of the mesh that no step restarts, in words: what people accepted, and what nothing can restart. */
  readonly doubts?: readonly string[]
  /** Those of them that no time brings round either: what they trust, or what serves them, is renewed by nobody. */
  readonly undrained?: readonly string[]
  /** Workloads of the list that their owners are to restart, and whose definitions do not bear it yet, where somebody has looked. */
  readonly ownersLeft?: readonly string[]
  /** What the history knows of it, where it was read. */
  readonly past?: Past
}

export type Judgement = { readonly evidence: Evidence | null } | { readonly lacks: readonly string[] }

/**
 * Whether the cluster's last step counts as complete. Restart ids in Git are no evidence.
 * @param alone the mesh has one cluster: its entry gate is evidence enough for it, but never for another one.
 * @param hours the longest that a workload certificate lives.
 * @returns the evidence (`null`: there was no step yet), or what is lacking, in words.
 */
export function judge(facts: StepFacts, testimony: Testimony, alone: boolean, hours: number, now: Date): Judgement {
  const last = lastTransition(facts.record)
  if (last === null) return { evidence: null }
  const { restarts } = facts
  // No word and no time stands in for restarts that were never merged.
  if (restarts === null || restarts.id !== last.id)
    return { lacks: [`the restarts of ${last.id} are not on the branch: merge the rest of its pull requests first`] }
  if (testimony.confirmed !== null) return { evidence: { kind: 'person', detail: testimony.confirmed } }

  const reverted = facts.past?.reverted ?? null
  if (reverted !== null)
    return { lacks: [`the merge of ${reverted} was reverted: workloads may carry ${last.id} from before, and no gate or time sees that`] }

  const passed = testimony.gatePassed.get(facts.record.cluster)
  if (passed !== undefined) {
    const elapsedHours = (now.getTime() - passed.getTime()) / 3_600_000
    if (elapsedHours >= hours) {
      const undrained = facts.undrained ?? []
      if (undrained.length > 0) return { lacks: undrained.map((doubt) => `${doubt}, which no step restarts and no time renews`) }
      return {
        evidence: {
          kind: 'elapsed',
          detail: `the control plane’s gate of ${last.id} passed at ${passed.toISOString()}; workload certificates live ${hours} h`,
        },
      }
    }
    return {
      lacks: [`only ${Math.max(0, Math.floor(elapsedHours))} h of ${hours} h have passed since the control plane’s gate of ${last.id}`],
    }
  }

  const lacks = whyEntryGateIsNotEnough(facts, restarts, alone)
  if (lacks.length > 0) return { lacks }
  const count = restartsOf(restarts).length
  return {
    evidence: {
      kind: 'entry-gate',
      detail: `this step’s entry gate finishes what is left of ${last.id}, and holds the step until its ${count === 1 ? 'workload has' : `${count} workloads have`} rolled out`,
    },
  }
}

function whyEntryGateIsNotEnough(facts: StepFacts, restarts: RestartList, alone: boolean): string[] {
  const lacks: string[] = []
  const expiring = allEntries(restarts).filter((restart) => restart.drain === 'expire')
  if (expiring.length > 0) lacks.push(`${some(expiring)} not restarted: only time drains ${expiring.length === 1 ? 'it' : 'them'}`)
  const owned = allEntries(restarts).filter((restart) => restart.drain === 'restart' && restart.delivery !== 'job')
  if (owned.length > 0)
    lacks.push(`${some(owned)} restarted by ${owned.length === 1 ? 'its owner' : 'their owners'}, which no entry gate orders`)
  if (facts.managed === 'in-place') lacks.push('another owner delivers the Secret, so that no entry gate can hold it')
  for (const doubt of facts.doubts ?? []) lacks.push(`${doubt}, which no step restarts`)
  if (!alone) lacks.push('the mesh has other clusters, and an entry gate speaks only for its own')
  return lacks
}

function allEntries(restarts: RestartList): readonly RestartEntry[] {
  return restarts.waves.flatMap((wave) => wave.restarts)
}

function restartsOf(restarts: RestartList): readonly RestartEntry[] {
  return allEntries(restarts).filter((restart) => restart.drain === 'restart')
}

function some(entries: readonly RestartEntry[]): string {
  const names = entries.slice(0, 3).map((entry) => formatWorkloadId(entry.workload))
  const more = entries.length - names.length
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''} ${entries.length === 1 ? 'is' : 'are'}`
}

/** What is lacking for the cluster's last step to count as complete, while nobody vouches for it. */
export function judgeStep(facts: StepFacts, alone: boolean, hours: number, now: Date): readonly string[] {
  const judgement = judge(facts, { confirmed: null, gatePassed: new Map() }, alone, hours, now)
  return 'lacks' in judgement ? judgement.lacks : []
}
