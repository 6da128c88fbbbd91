import { parseYamlFile } from '../base/index.ts'
import type { Finding, FindingId, Place, YamlDocument } from '../base/index.ts'
import { isEncryptedValue } from './cipher.ts'
import { clearSecretValues } from './clear-secret.ts'
import { isRecord } from './is-record.ts'
import { findKeyMaterial } from './key-material.ts'

/**
 * The guard over every byte to be committed: no private key, no age identity, in any encoding that is used; no Secret with a value
 * in the clear; no encrypted Secret without the block that opens it. Independent of how the files were made.
 * @param files path → bytes.
 */
export function guardChange(files: ReadonlyMap<string, Uint8Array>): readonly Finding[] {
  return [...files].flatMap(([file, bytes]) => guardFile(file, bytes))
}

function guardFile(file: string, bytes: Uint8Array): readonly Finding[] {
  const findings = keyMaterialFindings(bytes, file)
  if (!/\.(ya?ml|json)$/i.test(file)) return findings
  const { documents, findings: unreadable } = parseYamlFile(bytes, file)
  if (unreadable.length > 0) {
    const reason = unreadable[0]?.message ?? ''
    return [...findings, refusal('guard/unreadable', { file }, `the guard cannot read the file: ${reason}`, 'mend the file')]
  }
  return [...findings, ...documents.flatMap((document) => guardDocument(file, document, findings.length > 0))]
}

/** Private keys and identities in bytes, as findings. */
export function keyMaterialFindings(bytes: Uint8Array, file: string): readonly Finding[] {
  return findKeyMaterial(bytes).map(({ id, what, line }) =>
    refusal(id, line === null ? { file } : { file, line }, `the file holds ${what}`, leaked),
  )
}

const leaked = 'do not commit it; if it was committed or pushed, replace the key: the history keeps it'

function guardDocument(file: string, document: YamlDocument, isKnown: boolean): readonly Finding[] {
  const texts = textsOf(document.value)
  const clear = clearSecretValues(document.value).map(({ path }) =>
    refusal(
      'guard/clear-secret',
      { file, line: document.lineOf(path) },
      `a Secret has a value in the clear at ${path.join('.')}`,
      'seal the file with sops',
    ),
  )
  // A quoted text may hide a key behind escapes (`\x2d`), which only the reader resolves.
  const hidden = isKnown
    ? []
    : keyMaterialFindings(Buffer.from(texts.join('\n'), 'utf8'), file).map(({ place, ...rest }) => ({
        ...rest,
        place: { file: place.file ?? file },
      }))
  return [...clear, ...hidden, ...blockFindings(file, document, texts)]
}

/** A document with encrypted values needs a `sops:` block with a MAC and recipients, or nobody can ever open it. */
function blockFindings(file: string, document: YamlDocument, texts: readonly string[]): readonly Finding[] {
  const { value } = document
  if (!isRecord(value) || !texts.some(isEncryptedValue)) return []
  const block = value['sops']
  const hasMac = isRecord(block) && typeof block['mac'] === 'string' && isEncryptedValue(block['mac'])
  const hasKeys = isRecord(block) && [...keyLists].some((list) => Array.isArray(block[list]) && block[list].length > 0)
  if (hasMac && hasKeys) return []
  const missing = isRecord(block) ? (hasMac ? 'recipients' : 'a MAC') : 'a sops block'
  return [refusal('sops/document', { file, line: document.lineOf(['sops']) }, `encrypted values without ${missing}`, 'seal the file again')]
}

const keyLists = ['age', 'pgp', 'kms', 'gcp_kms', 'hckms', 'azure_kv', 'hc_vault', 'key_groups']

/** Every text of a value, keys too, in the order of the file. */
function textsOf(value: unknown): readonly string[] {
  const texts: string[] = []
  const visit = (node: unknown): void => {
    if (typeof node === 'string') texts.push(node)
    else if (Array.isArray(node)) node.forEach(visit)
    else if (isRecord(node)) {
      for (const [key, child] of Object.entries(node)) {
        texts.push(key)
        visit(child)
      }
    }
  }
  visit(value)
  return texts
}

function refusal(id: FindingId, place: Place, message: string, remedy: string): Finding {
  return { id, severity: 'error', place, message, remedy }
}
