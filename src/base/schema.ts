import { withoutCredentials } from './credentials.ts'
import { z } from 'zod'
import type { Finding } from './finding.ts'
import type { FindingId } from './finding-ids.ts'
import { shorten } from './shorten.ts'
import { parseYamlFile } from './yaml.ts'
import type { YamlDocument } from './yaml.ts'

// A schema is used once or twice in a run: compiling it into a function first would cost more than it saves.
z.config({ jitless: true })

export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly document: YamlDocument }
  | {
      readonly ok: false
      readonly findings: readonly Finding[]
      /** The file was written for a later schema than this program knows: its only finding says so. */
      readonly newer: boolean
    }

/**
 * Reads a file of one YAML document strictly by a schema. All problems are reported at once, each with its line.
 * @param id the finding's id for whatever the schema rejects.
 * @param remedy what to do about a rejected value.
 */
export function parseBySchema<Schema extends z.ZodType>(
  bytes: Uint8Array,
  file: string,
  schema: Schema,
  options: { readonly id: FindingId; readonly remedy: string },
): Parsed<z.output<Schema>> {
  const { documents, findings } = parseYamlFile(bytes, file)
  if (findings.length > 0) return { ok: false, findings, newer: false }
  const [document, ...rest] = documents
  if (document === undefined || rest.length > 0) {
    const line = rest[0]?.lineOf([])
    const place = { file, ...(line === undefined ? {} : { line }) }
    const found = String(documents.length)
    return {
      ok: false,
      newer: false,
      findings: [{ ...options, severity: 'error', place, message: 'the file must hold one YAML document', expected: '1', found }],
    }
  }
  const result = schema.safeParse(document.value)
  if (result.success) return { ok: true, value: result.data, document }
  const newer = newerVersion(result.error.issues, document, file, options)
  if (newer !== null) return { ok: false, findings: [newer], newer: true }
  return { ok: false, findings: result.error.issues.flatMap((issue) => issueFindings(issue, document, file, options)), newer: false }
}

/** A file of a later schema differs in many places; only its version is worth telling. */
function newerVersion(
  issues: readonly z.core.$ZodIssue[],
  document: YamlDocument,
  file: string,
  { id }: { readonly id: FindingId },
): Finding | null {
  const found = valueAt(document.value, ['version'])
  const issue = issues.find((one) => one.code === 'invalid_value' && one.path.length === 1 && one.path[0] === 'version')
  if (issue?.code !== 'invalid_value' || !Number.isInteger(found) || Number(found) < 1) return null
  return {
    id,
    severity: 'error',
    place: { file, line: document.lineOf(['version']) },
    message: 'the file is of a later version than this reroot knows',
    expected: `version ${issue.values.map(String).join(' or ')}`,
    found: `version ${String(found)}`,
    remedy: 'use the version of reroot that wrote it, or a later one',
  }
}

function issueFindings(
  issue: z.core.$ZodIssue,
  document: YamlDocument,
  file: string,
  { id, remedy }: { readonly id: FindingId; readonly remedy: string },
): Finding[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
  const name = pathText(path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      id,
      severity: 'error',
      place: { file, line: document.lineOf([...path, key]) },
      message: `${pathText([...path, key])} is not a known key`,
      expected: 'only the keys that the documentation lists',
      found: shorten(withoutCredentials(key)),
      remedy,
    }))
  }
  const found = valueAt(document.value, path)
  return [
    {
      id,
      severity: 'error',
      place: { file, line: document.lineOf(path) },
      message: `${name === '' ? 'the file' : name}: ${found === undefined ? 'is missing' : complaint(issue)}`,
      expected: expectation(issue),
      found: found === undefined ? 'nothing' : shorten(withoutCredentials(JSON.stringify(found))),
      remedy,
    },
  ]
}

function complaint(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') return `expected ${expectation(issue)}`
  return issue.message.replace(/^(?:Invalid|Too) \w+: /, '')
}

// Longer than the longest identity of a workload.
const longestKey = 300

function pathText(path: readonly (string | number)[]): string {
  const shown = path.map((part) => (typeof part === 'number' ? part : shorten(withoutCredentials(part), longestKey)))
  return shown.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('')
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected
    case 'invalid_value':
      return issue.values.map(String).join(' | ')
    case 'invalid_format':
      return issue.pattern ?? issue.format
    case 'too_small':
      return `at least ${issue.minimum}`
    case 'too_big':
      return `at most ${issue.maximum}`
    case 'invalid_union':
      return 'options' in issue ? String(issue.options).replaceAll(',', ' | ') : issue.errors.map(formText).join(', or ')
    default:
      return issue.message
  }
}

/** One of the forms that a value can have, by what it lacks. */
function formText(issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .filter((issue) => issue.code !== 'unrecognized_keys')
    .map((issue) => `${pathText(issue.path.map(String))} (${expectation(issue)})`)
    .join(' and ')
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let at: unknown = value
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Record<string | number, unknown>)[part]
  }
  return at
}
