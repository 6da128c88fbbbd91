import { randomBytes } from 'node:crypto'
import { writeForGo } from './go-write.ts'
import { isList, isTree, plainScalar } from './document.ts'
import type { Tree, TreeNode } from './document.ts'
import type { WrappedKey } from './data-key.ts'
import type { Scalar } from './scalar.ts'
import { isEncryptedValue } from './cipher.ts'
import type { Selector } from './selector.ts'

/** What goes into the `sops:` block. */
export interface MetadataToWrite {
  readonly ageKeys: readonly WrappedKey[]
  readonly selector: Selector
  readonly lastModified: string
  readonly mac: string
  readonly macOnlyEncrypted: boolean
}

// The version whose form this is. Readers need a semantic version, and accept one that is higher than their own.
const formatVersion = '3.13.2'

/**
 * Writes a sealed document as sops 3.13 does: indented by four, the `sops:` block last and its keys in alphabetical order,
 * encrypted values without quotes, so that a later `sops edit` changes few lines.
 */
export function writeSealed(tree: Tree, encrypted: ReadonlySet<Scalar>, metadata: MetadataToWrite): string {
  // The writer of base quotes `ENC[…]` and indents armors further. It is given names instead that need no quotes, and that nobody can know beforehand.
  const prefix = `enc-${randomBytes(16).toString('hex')}-`
  const values: string[] = []
  const unquoted = (value: string): string => `${prefix}${values.push(value) - 1}-`
  const { ageKeys, selector, lastModified, mac, macOnlyEncrypted } = metadata
  const settings = [
    [
      'age',
      ageKeys.map(
        ({ recipient, enc }) =>
          new Map([
            ['enc', unquoted(literal(enc))],
            ['recipient', recipient],
          ]),
      ),
    ],
    [selector.kind, selector.value],
    ['lastmodified', lastModified],
    ['mac', unquoted(mac)],
    ...(macOnlyEncrypted ? [['mac_only_encrypted', true] as const] : []),
    ['version', formatVersion],
  ] as const
  const block = new Map<string, unknown>(settings.toSorted(([one], [other]) => (one < other ? -1 : 1)))
  const leafOf = (leaf: Scalar): unknown => (encrypted.has(leaf) && isEncryptedValue(leaf.text) ? unquoted(leaf.text) : plainScalar(leaf))
  const text = writeForGo(new Map([...written(tree, leafOf), ['sops', block]]))
  return text.replaceAll(new RegExp(`${prefix}(\\d+)-`, 'g'), (_match, index: string) => values[Number(index)] ?? '')
}

/** An armor as a literal block, indented as sops does it: two more than its key, which is not what the writer of base does. */
function literal(armor: string): string {
  return [
    '|',
    ...armor
      .trimEnd()
      .split('\n')
      .map((line) => `${' '.repeat(12)}${line}`),
  ].join('\n')
}

function written(tree: Tree, leafOf: (leaf: Scalar) => unknown): Map<string, unknown> {
  const visit = (node: TreeNode): unknown => {
    if (node === null) return null
    if (isTree(node)) return written(node, leafOf)
    if (isList(node)) return node.map(visit)
    return leafOf(node)
  }
  return new Map([...tree].map(([key, node]) => [key, visit(node)]))
}
