import { RerootError } from '../base/index.ts'
import { CipherError, decryptValue, placeOf } from './cipher.ts'
import { mapLeaves } from './document.ts'
import type { Tree, TreePath } from './document.ts'
import { macOf } from './mac.ts'
import type { Sealed } from './sealed.ts'
import { encryptedPaths } from './selector.ts'

/**
 * Decrypts every value of a sealed file with its data key, and verifies the MAC.
 * @throws RerootError SEAL_REFUSED if anything was altered, moved, or left in the clear. Never quotes a value.
 */
export function openSealed(sealed: Sealed, dataKey: Uint8Array): Tree {
  const { facts, file } = sealed
  const encrypted = selected(sealed)
  const tree = mapLeaves(sealed.tree, (leaf, path, isItem) => {
    if (!encrypted(path)) return leaf
    const where = `${file}:${sealed.lineOf(path)}: the value at ${path.join('.')}`
    if (leaf.type !== 'str') throw tampered(`${where} must be encrypted and is not`)
    const opened = guarded(where, () => decryptValue(leaf.text, dataKey, placeOf(path)))
    // Left out of the MAC as SOPS does it; in a map, comments are written as comments.
    if (opened === undefined && !isItem) throw tampered(`${where} claims to be a comment`)
    return opened
  })
  const macAt = `${file}:${sealed.lineOf(['sops', 'mac'])}`
  const stored = guarded(`${macAt}: the MAC`, () => decryptValue(sealed.mac, dataKey, facts.lastModified))
  if (stored?.text !== macOf(tree, encrypted, facts.macOnlyEncrypted)) {
    throw tampered(`${macAt}: the file does not fit its MAC: a value was altered, added, removed or moved after it was sealed`)
  }
  return tree
}

function selected({ facts, file, lineOf }: Sealed): (path: TreePath) => boolean {
  try {
    return encryptedPaths(facts.selector)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw tampered(`${file}:${lineOf(['sops'])}: ${facts.selector.kind} does not compile as RE2, so that nothing is encrypted`)
  }
}

function guarded<T>(where: string, open: () => T): T {
  try {
    return open()
  } catch (error) {
    if (error instanceof CipherError) throw tampered(`${where}: ${error.message}`)
    throw error
  }
}

function tampered(message: string): RerootError {
  return new RerootError('SEAL_REFUSED', message, {
    hint: 'find out in the history of the file who changed it, and restore it; edit sealed files with `sops edit` only',
  })
}
