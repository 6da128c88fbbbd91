import { parseBySchema, RerootError } from '../base/index.ts'
import type { Finding, YamlDocument } from '../base/index.ts'
import { configRules } from './rules.ts'
import { givenValues, writtenConfig } from './schema.ts'
import type { Config } from './schema.ts'

/**
 * Reads `reroot.yaml`.
 * @param file its path in the repository, for messages.
 * @throws RerootError CONFIG_INVALID with every problem: wrong shapes, or values that contradict each other.
 */
export function parseConfig(bytes: Uint8Array, file: string): Config {
  const parsed = parseBySchema(bytes, file, writtenConfig, {
    id: 'config/schema',
    remedy: 'see docs/configuration.md in the repository of reroot for every key, its values and its default',
  })
  if (!parsed.ok) throw invalid(file, parsed.findings)
  const findings = configRules.flatMap((rule) => rule(parsed.value, (path) => ({ file, line: lineOf(parsed.document, path) })))
  if (findings.length > 0) throw invalid(file, findings)
  return parsed.value
}

/** @returns why `reroot.yaml` would not take a value that was given on the command line; `null` if it would. */
export function faultOf(what: keyof typeof givenValues, text: string): string | null {
  const parsed = givenValues[what].safeParse(text)
  return parsed.success ? null : parsed.error.issues.map((issue) => issue.message).join('; ')
}

function lineOf(document: YamlDocument, path: readonly (string | number)[]): number {
  return document.lineOf(path)
}

function invalid(file: string, findings: readonly Finding[]): RerootError {
  const count = findings.length === 1 ? 'a problem' : `${findings.length} problems`
  return new RerootError('CONFIG_INVALID', `${file} has ${count}`, {
    hint: 'mend what is listed and run the command again; steps read the branch that the controllers read, not your checkout, unless --config names a file; nothing was written',
    findings,
  })
}
