import { formatWorkloadId } from '../base/index.ts'
import type { Config } from '../mesh/index.ts'
import type { Workload } from '../workloads/index.ts'

export type Rule = Config['restarts']['rules'][number]

/** Whether a rule of `restarts.rules` means a workload. In `match` a star stands for any run of characters but a slash. */
export function matches(rule: Rule, workload: Workload): boolean {
  if (rule.clusters !== undefined && !rule.clusters.includes(workload.cluster)) return false
  const [patterns, names] = [rule.match.split('/'), formatWorkloadId(workload.id).split('/')]
  return patterns.length === names.length && patterns.every((pattern, index) => starMatches(pattern, names[index] ?? ''))
}

/** Each piece between stars is found at the first place where it is: no other could help the ones behind it. */
function starMatches(pattern: string, text: string): boolean {
  const [head = '', ...pieces] = pattern.split('*')
  const tail = pieces.pop()
  if (tail === undefined) return text === pattern
  const end = text.length - tail.length
  if (end < head.length || !text.startsWith(head) || !text.endsWith(tail)) return false
  let at = head.length
  for (const piece of pieces) {
    const found = text.indexOf(piece, at)
    if (found === -1 || found + piece.length > end) return false
    at = found + piece.length
  }
  return true
}
