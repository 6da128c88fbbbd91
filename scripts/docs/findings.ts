import { z } from 'zod'
import { findingTitles, parseYamlFile } from '../../src/base/index.ts'
import type { FindingId } from '../../src/base/index.ts'

const line = z.string().min(1)
const explanations = z.strictObject({
  areas: z.record(z.string(), z.strictObject({ title: line, about: line })),
  findings: z.record(
    z.string(),
    z.strictObject({
      severity: z.enum(['error', 'warning', 'info', 'error or warning', 'error or info', 'warning or info']),
      remedy: line,
    }),
  ),
})
type Explanations = z.output<typeof explanations>

/** Reads `findings.yaml`. @throws Error if it is malformed. */
export function readExplanations(text: string): Explanations {
  const { documents, findings } = parseYamlFile(new TextEncoder().encode(text), 'scripts/docs/findings.yaml')
  if (findings[0] !== undefined) throw new TypeError(`scripts/docs/findings.yaml:${findings[0].place.line ?? 1}: ${findings[0].message}`)
  return explanations.parse(documents[0]?.value)
}

/** What is in only one of the two lists: the ids of the code, and those that are explained. */
export function differences(text: string): { readonly unexplained: readonly string[]; readonly unknown: readonly string[] } {
  const { findings, areas } = readExplanations(text)
  const ids = Object.keys(findingTitles)
  return {
    unexplained: ids.filter((id) => findings[id] === undefined || areas[areaOf(id)] === undefined),
    unknown: [
      ...Object.keys(findings).filter((id) => !ids.includes(id)),
      ...Object.keys(areas).filter((area) => !ids.some((id) => areaOf(id) === area)),
    ],
  }
}

/** The text of docs/findings.md. @throws Error if an id lacks its explanation. */
export function findingsPage(text: string): string {
  const { unexplained, unknown } = differences(text)
  if (unexplained.length > 0) throw new TypeError(`scripts/docs/findings.yaml does not explain ${unexplained.join(', ')}`)
  if (unknown.length > 0) throw new TypeError(`scripts/docs/findings.yaml explains what there is not: ${unknown.join(', ')}`)
  const { areas, findings } = readExplanations(text)
  const ids = Object.keys(findingTitles) as FindingId[]
  const sections = Object.entries(areas).map(([area, { title, about }]) => {
    const rows = ids
      .filter((id) => areaOf(id) === area)
      .map((id) => `| \`${id}\` | ${cell(findingTitles[id])} | ${findings[id]?.severity ?? ''} | ${cell(findings[id]?.remedy ?? '')} |`)
    return `## ${title}\n\n${about}\n\n| finding | what it means | severity | what to do |\n|---|---|---|---|\n${rows.join('\n')}`
  })
  return `${head}\n\n${sections.join('\n\n')}\n`
}

const head = `<!-- Written by \`npm run docs\` from src/base/finding-ids.ts and scripts/docs/findings.yaml: edits are lost. -->
# Findings

A finding is a problem with an id, a severity, a place and a remedy. reroot prints all that it finds at once, each with file and line, what was
expected, what was found, and what to do. An id never changes its meaning.

| severity | means |
|---|---|
| error | the step is refused, and nothing is written (exit code 3; 2 for a file that cannot be read as what it claims to be). \`init\` goes on with most of them, and says that they block \`stage\` |
| warning | the step goes on; the pull request repeats it |
| info | worth knowing, shown with \`--output json\` |

Errors of the areas \`workloads\`, \`flux\` and \`argocd\` (but \`argocd/rendered\`, \`argocd/swallowed\`, \`argocd/ignored\`, \`argocd/duplicate\` and \`argocd/changed\`), and \`restart/unseen\`, can be taken responsibility for in \`reroot.yaml\`. They become warnings, with your reason,
in every pull request. The warnings \`workloads/operator\`, \`workloads/virtual-machine\` and \`workloads/istiod-unseen\` keep the entry gate from being evidence until they are accepted. Nothing else can be accepted: the certificates and the order depend on it.

\`\`\`yaml
accept:
  - { finding: workloads/remote-resource, file: apps/edge/kustomization.yaml, reason: "nothing in it is in the mesh" }
\`\`\``

function areaOf(id: string): string {
  return id.slice(0, id.indexOf('/'))
}

/** Text inside a cell of a table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
