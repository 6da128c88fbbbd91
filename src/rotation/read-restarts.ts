import type { z } from 'zod'
import { parseBySchema, parseWorkloadId } from '../base/index.ts'
import type { Finding, WorkloadId } from '../base/index.ts'
import { damaged, ofTheFuture } from './read-record.ts'
import type { ClusterRecord } from './record.ts'
import { writtenRestarts } from './record-schema.ts'
import type { EntryGate, EntryWave, RestartId, RestartList } from './types.ts'

const remedy = 'reroot alone writes this file: take the version from git history back, and do not edit it'

/**
 * Reads restarts.yaml.
 * @param record of its cluster, whose transitions name every list that there can be; `null`: it cannot be read.
 * @throws RerootError RECORD_INVALID with every problem.
 */
export function readRestartList(bytes: Uint8Array, file: string, record: ClusterRecord | null = null): RestartList {
  const parsed = parseBySchema(bytes, file, writtenRestarts, { id: 'record/schema', remedy })
  if (!parsed.ok) throw parsed.newer ? ofTheFuture(file, parsed.findings) : damaged(file, parsed.findings)
  const { id, entry, namespaces, waves } = parsed.value
  const taken = record?.transitions.map((transition) => transition.id)
  if (taken?.includes(id) === false) throw damaged(file, [ofNoTransition(file, parsed.document.lineOf(['id']), id, taken)])
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

/** Somebody took one of the two files back, or merged two steps side by side. */
function ofNoTransition(file: string, line: number, id: RestartId, taken: readonly RestartId[]): Finding {
  return {
    id: 'record/phase',
    severity: 'error',
    place: { file, line },
    message: 'the list is of a step that the record does not have',
    expected: taken.length === 0 ? 'no list: the cluster has taken no step' : `one of the steps in record.yaml: ${taken.join(', ')}`,
    found: id,
    remedy: 'take this file and record.yaml back from one and the same commit of reroot’s (`git log -- FILE`)',
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
