import { createHash } from 'node:crypto'
import { leavesOf } from './document.ts'
import type { Tree, TreePath } from './document.ts'

// SHA-256 of "sops" (`MACOnlyEncryptedInitialization` of sops.go): keeps the two kinds of MAC apart.
const encryptedOnlyPrefix = createHash('sha256').update('sops').digest()

/**
 * SOPS's MAC: SHA-512 over the plaintext of every leaf in document order, in the clear ones too, as upper-case hex. Keys, nulls and
 * comments are not covered; the place of an encrypted value is, by its own tag.
 * @param macOnlyEncrypted covers the encrypted values alone.
 */
export function macOf(tree: Tree, encrypted: (path: TreePath) => boolean, macOnlyEncrypted: boolean): string {
  const hash = createHash('sha512')
  if (macOnlyEncrypted) hash.update(encryptedOnlyPrefix)
  for (const { leaf, path } of leavesOf(tree)) {
    if (!macOnlyEncrypted || encrypted(path)) hash.update(leaf.text, 'utf8')
  }
  return hash.digest('hex').toUpperCase()
}
