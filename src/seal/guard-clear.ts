import type { Finding } from '../base/index.ts'
import { isEncryptedValue } from './cipher.ts'
import { isList, isTree, sameTree, treeOf } from './document.ts'
import type { PlainDocument, TreeNode } from './document.ts'
import type { Sealed } from './sealed.ts'

/**
 * Whether a sealed file still says in the clear what the document says: its keys, its order, and every value that is not encrypted. The `sops`
 * program writes some texts so that it cannot read them itself (3.13.3: a text of a tab and a line break becomes null), and ends with success.
 */
export function clearFindings({ file, tree }: Sealed, document: PlainDocument): readonly Finding[] {
  const path = differenceAt(tree, treeOf(document), [])
  if (path === null) return []
  return [
    {
      id: 'sops/document',
      severity: 'error',
      place: { file, line: 1 },
      message: `the file does not say what was sealed${path.length === 0 ? '' : `, at ${path.join('.')}`}: nobody could open it`,
      remedy: 'take unusual white space out of keys, labels and annotations, or seal for age recipients alone: then sops is not needed',
    },
  ]
}

/** The place of the first difference; `null`: there is none. A value that is encrypted fits every value. */
function differenceAt(sealed: TreeNode, plain: TreeNode, path: readonly string[]): readonly string[] | null {
  if (sealed === null || plain === null) return sealed === plain ? null : path
  if (isTree(sealed) && isTree(plain)) {
    const [keys, others] = [[...sealed.keys()], [...plain.keys()]]
    if (keys.length !== others.length || keys.some((key, index) => key !== others[index])) return path
    return first(keys, (key) => differenceAt(sealed.get(key) ?? null, plain.get(key) ?? null, [...path, key]))
  }
  if (isList(sealed) && isList(plain)) {
    if (sealed.length !== plain.length) return path
    return first([...sealed.keys()], (index) => differenceAt(sealed[index] ?? null, plain[index] ?? null, path))
  }
  if (isTree(sealed) || isList(sealed) || isTree(plain) || isList(plain)) return path
  return (sealed.type === 'str' && isEncryptedValue(sealed.text)) || sameTree(sealed, plain) ? null : path
}

function first<T>(items: readonly T[], look: (item: T) => readonly string[] | null): readonly string[] | null {
  for (const item of items) {
    const found = look(item)
    if (found !== null) return found
  }
  return null
}
