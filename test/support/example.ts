import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { filesBelow } from './forge.ts'

export const house = join(import.meta.dirname, '../..')

/** A person or a controller that can unseal. */
export interface Reader {
  /** The file with the age identity, as `age-keygen` writes it. */
  readonly file: string
  readonly recipient: string
}

/** The files of an example. */
export function exampleTree(example: 'flux' | 'argocd' = 'flux'): Record<string, Uint8Array> {
  const folder = join(house, 'examples', example)
  return Object.fromEntries(filesBelow(folder).map((path) => [relative(folder, path), readFileSync(path)]))
}

export async function makeReader(file: string): Promise<Reader> {
  const identity = await generateIdentity()
  const recipient = await identityToRecipient(identity)
  writeFileSync(file, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600 })
  return { file, recipient }
}
