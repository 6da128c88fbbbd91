import type { Finding } from '../base/index.ts'

/** Where findings of a reading go. */
export interface Report {
  add(finding: Finding): void
  /** All findings, each once: several builds may meet the same broken file. */
  all(): readonly Finding[]
}

export function makeReport(): Report {
  const findings = new Map<string, Finding>()
  return {
    add(finding) {
      const { place } = finding
      const key = [finding.id, place.cluster, place.file, place.line, place.object, finding.message, finding.found].join('\n')
      if (!findings.has(key)) findings.set(key, finding)
    },
    all: () => [...findings.values()],
  }
}
