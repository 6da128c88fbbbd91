import type { Finding } from './finding.ts'

/**
 * What git leaves where it could not merge, in a file that cannot be read as YAML. Whatever else the parser says of it comes from there.
 * @returns one finding for each conflict; where none is whole, one for each marker that an incomplete one has left.
 */
export function conflictFindings(text: string, file: string): readonly Finding[] {
  const lines = text.split('\n')
  const whole = lines.flatMap((start, index): readonly Finding[] => {
    if (!opens(start)) return []
    const end = lines.findIndex((line, at) => at > index && closes(line))
    if (end === -1 || !lines.slice(index, end).some((line) => /^={7}\r?$/.test(line))) return []
    return [
      conflict(
        { file, line: index + 1 },
        `lines ${index + 1} to ${end + 1} are a merge conflict that nobody resolved`,
        `the markers of both: ${start.trim()} and ${lines[end]?.trim() ?? ''}`,
      ),
    ]
  })
  if (whole.length > 0) return whole
  return lines.flatMap((line, index) =>
    opens(line) || closes(line)
      ? [conflict({ file, line: index + 1 }, 'the line is a marker of a merge conflict that was resolved in part', line.trim())]
      : [],
  )
}

function opens(line: string): boolean {
  return /^<{7}(\s|$)/.test(line)
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
