import { parseYamlFile } from '../base/index.ts'
import { isEncryptedValue } from './cipher.ts'

/** A value of a Secret that is not encrypted. */
export interface ClearValue {
  /** Where it stands in its document. */
  readonly path: readonly (string | number)[]
}

// A manifest may hold manifests as texts (a patch, a ConfigMap); deeper than this, nobody writes them by accident.
const deepestText = 3

/**
 * Finds every Secret in a document, wherever it stands: as the document, in `items` of a List, in a patch, in a text that is itself
 * a manifest. @returns its values under data and stringData that are neither encrypted nor empty.
 */
export function clearSecretValues(value: unknown, depth = 0): readonly ClearValue[] {
  const found: ClearValue[] = []
  const visit = (node: unknown, path: readonly (string | number)[]): void => {
    if (typeof node === 'string') {
      if (depth < deepestText && holdsSecret(node, depth)) found.push({ path })
    } else if (Array.isArray(node)) {
      node.forEach((item: unknown, index) => visit(item, [...path, index]))
    } else if (typeof node === 'object' && node !== null) {
      const map = node as Readonly<Record<string, unknown>>
      if (map['kind'] === 'Secret') for (const key of ['data', 'stringData']) collect(map[key], [...path, key], found)
      for (const [key, child] of Object.entries(map)) visit(child, [...path, key])
    }
  }
  visit(value, [])
  return found
}

function collect(node: unknown, path: readonly (string | number)[], found: ClearValue[]): void {
  if (node === null || node === undefined || node === '') return
  if (Array.isArray(node)) node.forEach((item: unknown, index) => collect(item, [...path, index], found))
  else if (typeof node === 'object') for (const [key, child] of Object.entries(node)) collect(child, [...path, key], found)
  else if (typeof node !== 'string' || !isEncryptedValue(node)) found.push({ path })
}

function holdsSecret(text: string, depth: number): boolean {
  if (!/\bkind["']?\s*:\s*["']?Secret\b/.test(text)) return false
  return parseYamlFile(Buffer.from(text, 'utf8'), '').documents.some(({ value }) => clearSecretValues(value, depth + 1).length > 0)
}
