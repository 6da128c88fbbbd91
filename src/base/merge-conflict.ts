import type { Finding } from './finding.ts'
import { shorten } from './shorten.ts'

/**
 * What git leaves where it could not merge, in a file that cannot be read as YAML. Whatever else the parser says of it comes from there.
 * @returns one finding for each conflict; where none is whole, one for each marker that an incomplete one has left.
 */
export function conflictFindings(text: string, file: string): readonly Finding[] {
  const lines = text.split('\n')
  const whole: Finding[] = []
  let start: number | null = null
  let isParted = false
  for (const [end, line] of lines.entries()) {
    if (opens(line)) {
      start = end
      isParted = false
    } else if (parts(line)) isParted = true
    else if (closes(line) && start !== null) {
      if (isParted) whole.push(wholeConflict(lines, start, end, file))
      start = null
    }
  }
  if (whole.length > 0) return whole
  return lines.flatMap((line, index) =>
    opens(line) || closes(line)
      ? [conflict({ file, line: index + 1 }, 'the line is a marker of a merge conflict that was resolved in part', shorten(line.trim()))]
      : [],
  )
}

function wholeConflict(lines: readonly string[], start: number, end: number, file: string): Finding {
  return conflict(
    { file, line: start + 1 },
    `lines ${start + 1} to ${end + 1} are a merge conflict that nobody resolved`,
    `the markers of both: ${shorten(lines[start]?.trim() ?? '')} and ${shorten(lines[end]?.trim() ?? '')}`,
  )
}

function opens(line: string): boolean {
  return /^<{7}(\s|$)/.test(line)
}

function parts(line: string): boolean {
  return /^={7}\r?$/.test(line)
}

function closes(line: string): boolean {
  return /^>{7}(\s|$)/.test(line)
}

function conflict(place: Finding['place'], message: string, found: string): Finding {
  return {
    id: 'yaml/syntax',
    severity: 'error',
    place,
    message: `not valid YAML: ${message}`,
    expected: 'one side of the conflict',
    found,
    remedy: 'resolve the conflict; a file that reroot writes must be taken whole from the side that is right, and so must those beside it',
  }
}
