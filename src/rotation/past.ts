import { parseId } from './ids.ts'
import { lastTransition } from './record.ts'
import type { ClusterRecord } from './record.ts'
import type { RestartId } from './types.ts'

/** The ids of transitions that one commit has added to a cluster's record, and taken out of it. */
export interface RecordChange {
  /** When it was committed. */
  readonly at: Date
  readonly added: readonly RestartId[]
  readonly removed: readonly RestartId[]
}

/** What the history of the base knows of a cluster, and its record does not. */
export interface Past {
  /** Every id that its record ever held. */
  readonly ids: readonly RestartId[]
  /**
   * A transition whose merge was reverted after the last step was merged for the first time; `null` if there is none.
   *
   * A record only grows, but for a revert. After one, workloads may carry the id of the last step from before it, and have another trust or another
   * certificate since: no gate sees that. The cluster itself may be where the reverted step brought it, or on its way back.
   */
  readonly reverted: RestartId | null
  /** When the last transition was committed, for the last time: nothing of it can have happened in the cluster before. `null` if history does not tell. */
  readonly since: Date | null
}

/** @param changes of the cluster's record, oldest first. */
export function pastOf(changes: readonly RecordChange[], record: ClusterRecord): Past {
  const ids = new Set<RestartId>()
  const last = lastTransition(record)?.id ?? null
  let reverted: RestartId | null = null
  let since: Date | null = null
  let isThere = last === null
  for (const { at, added, removed } of changes) {
    if (isThere) reverted = removed.at(-1) ?? reverted
    for (const id of added) ids.add(id)
    if (last !== null && added.includes(last)) {
      isThere = true
      since = at
    }
  }
  return { ids: [...ids], reverted, since }
}

/** The transitions that lines of a record.yaml name. */
export function transitionsIn(lines: readonly string[]): readonly RestartId[] {
  return lines.flatMap((line) => {
    const [, id = ''] = /^\s*-\s+id:\s+"?([^\s"]+)"?\s*$/.exec(line) ?? []
    return parseId(id) === null ? [] : [id]
  })
}
