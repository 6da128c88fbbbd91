import { z } from 'zod'
import { writtenConfig } from './schema.ts'

/** What reroot uses of a JSON Schema (draft 7). */
export interface JsonSchema {
  readonly title?: string
  readonly description?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
}

/** The JSON Schema of `reroot.yaml` as people write it. Rules between values are not in it: those only reroot checks. */
export function configJsonSchema(): JsonSchema {
  // Draft 7: what yaml-language-server reads (its README).
  return { title: 'reroot.yaml', ...(z.toJSONSchema(writtenConfig, { io: 'input', target: 'draft-7' }) as JsonSchema) }
}

/** The same as a file. */
export function configSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`
}
