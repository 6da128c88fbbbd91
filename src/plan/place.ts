import { formatWorkloadId } from '../base/index.ts'
import type { Place } from '../base/index.ts'
import type { Workload } from '../workloads/index.ts'

/** Where a workload is written, for findings. */
export function placeOf({ cluster, definition, id }: Workload): Place {
  return { cluster, file: definition.file, line: definition.line, object: formatWorkloadId(id) }
}
