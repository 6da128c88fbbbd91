import { parseBySchema, parseWorkloadId, RerootError } from '../base/index.ts'
import type { WorkloadId } from '../base/index.ts'
import { writtenRestarts } from './record-schema.ts'
import type { RestartList } from './types.ts'

const remedy = 'reroot alone writes this file: take the version from git history back, and do not edit it'

/** Reads restarts.yaml. @throws RerootError RECORD_INVALID with every problem. */
export function readRestartList(bytes: Uint8Array, file: string): RestartList {
  const parsed = parseBySchema(bytes, file, writtenRestarts, { id: 'record/schema', remedy })
  if (!parsed.ok) throw new RerootError('RECORD_INVALID', `${file} is damaged, or was edited by hand`, { hint: remedy, findings: parsed.findings })
  const { id, entry, namespaces, waves } = parsed.value
  return {
    id,
    entry: entry === null ? null : { ...entry, workloads: entry.workloads.map(workload) },
    namespaces,
    waves: waves.map((wave) => ({ ...wave, restarts: wave.restarts.map((restart) => ({ ...restart, workload: workload(restart.workload) })) })),
  }
}

function workload(text: string): WorkloadId {
  const id = parseWorkloadId(text)
  if (id === null) throw new TypeError(`the schema let ${text} through`)
  return id
}
