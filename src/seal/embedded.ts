import { RerootError } from '../base/index.ts'
import { encryptValue, placeOf } from './cipher.ts'
import type { CreationRule } from './creation-rule.ts'
import { newDataKey, wrapDataKey } from './data-key.ts'
import { leavesOf, mapLeaves, sameTree, treeOf } from './document.ts'
import type { Tree, TreePath } from './document.ts'
import type { SealEngine, SealRequest } from './engine.ts'
import { sealedText } from './guard-sealed.ts'
import { macOf } from './mac.ts'
import { openSealed } from './open.ts'
import type { Scalar } from './scalar.ts'
import { parseSealed } from './sealed.ts'
import { encryptedPaths } from './selector.ts'
import { writeSealed } from './write-sealed.ts'

/** Seals without any program, for age recipients (X25519 and post-quantum) in one group. */
export function embeddedEngine(): SealEngine {
  return {
    name: 'embedded',
    async seal(request) {
      const { rule, document, path } = request
      const encrypted = pathsOf(rule)
      const tree = treeOf(document)
      refuse(tree, encrypted, request)
      const dataKey = newDataKey()
      try {
        const text = await write(tree, encrypted, dataKey, request)
        readBack(text, tree, dataKey, path)
        return sealedText({ text, file: path, rule, document })
      } finally {
        dataKey.fill(0)
      }
    },
  }
}

async function write(tree: Tree, encrypted: (path: TreePath) => boolean, dataKey: Uint8Array, { rule, at }: SealRequest): Promise<string> {
  const lastModified = `${at.toISOString().slice(0, 19)}Z`
  const sealedLeaves = new Set<Scalar>()
  const sealed = mapLeaves(tree, (leaf, path) => {
    if (!encrypted(path)) return leaf
    const value: Scalar = { type: 'str', text: encryptValue(leaf, dataKey, placeOf(path)) }
    sealedLeaves.add(value)
    return value
  })
  const mac: Scalar = { type: 'str', text: macOf(tree, encrypted, rule.macOnlyEncrypted) }
  return writeSealed(sealed, sealedLeaves, {
    ageKeys: await wrapDataKey(dataKey, rule.age),
    selector: rule.selector,
    lastModified,
    mac: encryptValue(mac, dataKey, lastModified),
    macOnlyEncrypted: rule.macOnlyEncrypted,
  })
}

function refuse(tree: Tree, encrypted: (path: TreePath) => boolean, { rule, path }: SealRequest): void {
  const { file, line } = rule.place
  if (rule.needsSops.length > 0 || rule.age.length === 0) {
    throw new RerootError(
      'SEAL_REFUSED',
      `the rule at ${file}:${line} needs the sops program: ${rule.needsSops.join(', ') || 'no age recipient'}`,
      {
        hint: 'install sops 3.10 or later',
      },
    )
  }
  if (tree.has('sops')) {
    throw new RerootError('SEAL_REFUSED', `the document for ${path} has a key of its own that is called sops`, {
      hint: 'rename the key: SOPS keeps its block there',
    })
  }
  // `sops` succeeds here and leaves every value in the clear (getsops/sops#1886).
  if (!leavesOf(tree).some(({ leaf, path: at }) => encrypted(at) && leaf.text !== '')) {
    throw new RerootError(
      'SEAL_REFUSED',
      `the rule at ${file}:${line} would encrypt nothing of ${path}: no key matches ${rule.selector.kind} ${rule.selector.value}`,
      {
        hint: 'for a Kubernetes Secret, set encrypted_regex to ^(data|stringData)$',
      },
    )
  }
}

function pathsOf({ selector, needsSops, place }: CreationRule): (path: TreePath) => boolean {
  if (needsSops.includes(selector.kind)) return () => false
  try {
    return encryptedPaths(selector)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new RerootError('SEAL_REFUSED', `${selector.kind} at ${place.file}:${place.line} does not compile as RE2: ${error.message}`, {
      hint: 'mend the expression; Go knows no look-ahead and no look-behind',
    })
  }
}

/** Opens what was just written, as a reader will: a text that reads back as something else must not become a file. */
function readBack(text: string, tree: Tree, dataKey: Uint8Array, path: string): void {
  const sealed = parseSealed(Buffer.from(text, 'utf8'), path)
  if (sealed === null || !sameTree(openSealed(sealed, dataKey), tree)) {
    throw new RerootError('SEAL_REFUSED', `${path} does not read back as what was sealed`, {
      hint: 'please report this: nothing was written',
    })
  }
}
