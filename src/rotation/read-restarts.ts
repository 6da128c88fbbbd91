import type { z } from 'zod'
import { parseBySchema, parseWorkloadId } from '../base/index.ts'
import type { WorkloadId } from '../base/index.ts'
import { damaged, ofTheFuture } from './read-record.ts'
import { writtenRestarts } from './record-schema.ts'
import type { EntryGate, EntryWave, RestartList } from './types.ts'

const remedy = 'reroot alone writes this file: take the version from git history back, and do not edit it'

/** Reads restarts.yaml. @throws RerootError RECORD_INVALID with every problem. */
export function readRestartList(bytes: Uint8Array, file: string): RestartList {
  const parsed = parseBySchema(bytes, file, writtenRestarts, { id: 'record/schema', remedy })
  if (!parsed.ok) throw parsed.newer ? ofTheFuture(file, parsed.findings) : damaged(file, parsed.findings)
  const { id, entry, namespaces, waves } = parsed.value
  return {
    id,
    entry: entry === null ? null : entryGate(entry),
    namespaces,
    waves: waves.map((wave) => ({
      ...wave,
      restarts: wave.restarts.map(({ selector, ...restart }) => ({
        ...restart,
        workload: workload(restart.workload),
        ...(selector === undefined ? {} : { selector }),
      })),
    })),
  }
}

function entryGate({ roots, waves, ...entry }: NonNullable<z.output<typeof writtenRestarts>['entry']>): EntryGate {
  return {
    ...entry,
    waves: waves.map((wave) => ({ ...wave, restarts: wave.restarts.map(delivered) })),
    ...(roots === undefined ? {} : { roots }),
  }
}

type Delivered = EntryWave['restarts'][number]

/** The reverse of `deliveredText`. */
function delivered(text: string): Delivered {
  const [delivery = '', id = ''] = text.split(' ')
  return { workload: workload(id), delivery: delivery as Delivered['delivery'] } // the schema knows no other word
}

function workload(text: string): WorkloadId {
  const id = parseWorkloadId(text)
  if (id === null) throw new TypeError(`the schema let ${text} through`)
  return id
}
