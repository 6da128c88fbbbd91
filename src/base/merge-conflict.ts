import type { Finding } from './finding.ts'

/** What git leaves where it could not merge. Whatever else the parser says of such a file comes from there. */
export function conflictFindings(text: string, file: string): readonly Finding[] {
  const lines = text.split('\n')
  return lines.flatMap((start, index): readonly Finding[] => {
    if (!/^<{7}(\s|$)/.test(start)) return []
    const end = lines.findIndex((line, at) => at > index && /^>{7}(\s|$)/.test(line))
    if (end === -1 || !lines.slice(index, end).some((line) => /^={7}\r?$/.test(line))) return []
    return [
      {
        id: 'yaml/syntax',
        severity: 'error',
        place: { file, line: index + 1 },
        message: `not valid YAML: lines ${index + 1} to ${end + 1} are a merge conflict that nobody resolved`,
        expected: 'one side of the conflict',
        found: `the markers of both: ${start.trim()} and ${lines[end]?.trim() ?? ''}`,
        remedy:
          'resolve the conflict; a file that reroot writes must be taken whole from the side that is right, and so must those beside it',
      },
    ]
  })
}
