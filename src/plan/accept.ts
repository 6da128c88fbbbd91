import type { Finding, FindingId } from '../base/index.ts'
import { isAcceptable } from '../mesh/index.ts'
import type { Config } from '../mesh/index.ts'
import { unmatched } from './unmatched.ts'

// Members of the mesh, if they are any, that nothing restarts. A person knows whether they are. An istiod of the state before goes on to serve that, and
// nobody renews `root-cert.pem` on a machine outside of the cluster, however long one waits.
const doubtful: ReadonlyMap<FindingId, { readonly drainedByTime: boolean }> = new Map([
  ['workloads/operator', { drainedByTime: true }],
  ['workloads/virtual-machine', { drainedByTime: false }],
  ['workloads/istiod-unseen', { drainedByTime: false }],
])

/** Whether it is a warning that keeps the entry gate from being evidence enough, as long as nobody has accepted it. */
function isDoubt({ id, severity }: Pick<Finding, 'id' | 'severity'>): boolean {
  return severity === 'warning' && doubtful.has(id)
}

/** Whether certificates and roots of what is doubted are renewed within the time that a certificate lives. */
export function isDrainedByTime({ id }: Pick<Finding, 'id'>): boolean {
  return doubtful.get(id)?.drainedByTime ?? true
}

/** Findings that a person accepted in `reroot.yaml` become warnings with the person's reason, or stay such; all others stay as they are. */
export function acceptFindings(findings: readonly Finding[], accepted: Config['accept']): readonly Finding[] {
  return findings.map((finding) => {
    const by = acceptance(finding, accepted)
    return by === undefined
      ? finding
      : {
          ...finding,
          severity: 'warning',
          message: `${finding.message} (accepted: ${by.reason})`,
          remedy: withoutAccepting(finding.remedy),
        }
  })
}

/** The doubts that nobody has accepted. */
export function openDoubts(findings: readonly Finding[], accepted: Config['accept']): readonly Finding[] {
  return findings.filter((finding) => isDoubt(finding) && acceptance(finding, accepted) === undefined)
}

/** Entries of `accept` that no finding answers to: what they were written for is gone, or they have a typo. Of what Git shows alone: other findings come and go with the step. */
export function unusedAcceptances(findings: readonly Finding[], accepted: Config['accept'], file: string): readonly Finding[] {
  return accepted.flatMap((entry, index) =>
    entry.finding.startsWith('restart/') || findings.some((finding) => names(entry, finding))
      ? []
      : [
          unmatched(
            file,
            `accept[${index}]`,
            [entry.finding, entry.file, entry.object].filter(Boolean).join(', '),
            'a finding of this repository',
          ),
        ],
  )
}

type Acceptance = Config['accept'][number]

function acceptance(finding: Finding, accepted: Config['accept']): Acceptance | undefined {
  if ((finding.severity !== 'error' && !isDoubt(finding)) || !isAcceptable(finding.id)) return undefined
  return accepted.find((entry) => names(entry, finding))
}

function names(entry: Acceptance, { id, place }: Finding): boolean {
  return entry.finding === id && (entry.file ?? place.file) === place.file && (entry.object ?? place.object) === place.object
}

/** How people get past findings of severity error, with the lines for `reroot.yaml`: not all of them can be accepted. */
export function waysPast(errors: readonly Finding[]): string {
  const acceptable = errors.filter((error) => isAcceptable(error.id))
  if (acceptable.length === 0) return 'mend each'
  const lines = [...new Set(acceptable.map(entryFor))]
  const how = `in reroot.yaml, with a reason:\naccept:\n${lines.slice(0, mostLines).join('\n')}`
  const more = lines.length > mostLines ? `\n  # and ${lines.length - mostLines} more` : ''
  return `mend each, or accept what you answer for ${how}${more}`
}

const mostLines = 5

function entryFor({ id, place: { file } }: Finding): string {
  return `  - { finding: ${id}, ${file === undefined ? '' : `file: ${/^[\w./-]+$/.test(file) ? file : JSON.stringify(file)}, `}reason: "…" }`
}

/** What was accepted is not to be accepted once more. */
function withoutAccepting(remedy: string): string {
  return remedy.replace(/; or accept this finding and /, '; or ').replace(/; or accept this finding.*$/s, '')
}
