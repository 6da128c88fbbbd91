import type { Finding } from '../base/index.ts'
import { isAcceptable } from '../mesh/index.ts'
import type { Config } from '../mesh/index.ts'

/** Findings that a person accepted in `reroot.yaml` become warnings with the person's reason; all others stay as they are. */
export function acceptFindings(findings: readonly Finding[], accepted: Config['accept']): readonly Finding[] {
  return findings.map((finding) => {
    if (finding.severity !== 'error' || !isAcceptable(finding.id)) return finding
    const by = accepted.find((entry) => entry.finding === finding.id && (entry.file === undefined || entry.file === finding.place.file))
    return by === undefined ? finding : { ...finding, severity: 'warning', message: `${finding.message} (accepted: ${by.reason})` }
  })
}

/** How people get past findings of severity error: not all of them can be accepted. */
export function waysPast(errors: readonly Finding[]): string {
  const ids = [...new Set(errors.map((error) => error.id))]
  const acceptable = ids.filter(isAcceptable)
  if (acceptable.length === 0) return 'mend each'
  const how = 'in reroot.yaml under `accept:` with its id, file and a reason'
  if (acceptable.length === ids.length) return `mend each, or accept it ${how}`
  return `mend each; of ${acceptable.join(', ')} you may accept one instead, ${how}`
}
