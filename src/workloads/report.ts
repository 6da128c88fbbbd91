import { shorten, withoutCredentials } from '../base/index.ts'
import type { Finding } from '../base/index.ts'

/** Where findings of a reading go. None shows a password: files name addresses with one. */
export interface Report {
  add(finding: Finding): void
  /** All findings, each once: several builds may meet the same broken file. */
  all(): readonly Finding[]
}

export function makeReport(): Report {
  const findings = new Map<string, Finding>()
  return {
    add(added) {
      const finding = shown(added)
      const { place } = finding
      const key = [finding.id, place.cluster, place.file, place.line, place.object, finding.message, finding.found].join('\n')
      if (!findings.has(key)) findings.set(key, finding)
    },
    all: () => [...findings.values()],
  }
}

/** A report that may yet be thrown away. Once it is handed over, what it has, and all that is added later, goes to another. */
export function makeDraft(): Report & { handOver(to: Report): void } {
  let target = makeReport()
  return {
    add: (finding) => target.add(finding),
    all: () => target.all(),
    handOver(to) {
      for (const finding of target.all()) to.add(finding)
      target = to
    },
  }
}

// What is found may be as long as its file.
const longest = 1000

function shown(finding: Finding): Finding {
  const { message, expected, found, remedy } = finding
  return {
    ...finding,
    message: shorten(withoutCredentials(message), longest),
    ...(expected === undefined ? {} : { expected: withoutCredentials(expected) }),
    ...(found === undefined ? {} : { found: shorten(withoutCredentials(found), longest) }),
    remedy: withoutCredentials(remedy),
  }
}
