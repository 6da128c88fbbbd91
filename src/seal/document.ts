import { RerootError } from '../base/index.ts'
import { integerScalar, scalarOf } from './scalar.ts'
import type { PlainScalar, Scalar } from './scalar.ts'

/** What can be sealed: a JSON-like map. Texts, booleans, null and numbers are leaves; maps and lists may be nested. */
export type PlainDocument = Readonly<Record<string, unknown>>

/** A document in the order of its file. A `Map`, because an object would move keys such as `10` to the front. */
export type Tree = ReadonlyMap<string, TreeNode>
export type TreeNode = Scalar | null | readonly TreeNode[] | Tree

/** Where a value stands, as SOPS counts it: keys only, the indices of lists are not part of it. */
export type TreePath = readonly string[]

/**
 * The document as a tree.
 * @throws RerootError SEAL_REFUSED that names the path (never the value) of what SOPS has no form for.
 */
export function treeOf(document: PlainDocument): Tree {
  return mapOf(document, [])
}

/** The tree as plain values. A key such as `__proto__` becomes a property like any other. */
export function documentOf(tree: Tree): PlainDocument {
  return Object.fromEntries([...tree].map(([key, node]) => [key, plainOf(node)]))
}

/** Replaces every leaf but `null`, in document order. `undefined` leaves out an item of a list. */
export function mapLeaves(tree: Tree, replace: (leaf: Scalar, path: TreePath, isItem: boolean) => Scalar | undefined): Tree {
  const visit = (node: TreeNode, path: TreePath, isItem: boolean): TreeNode | undefined => {
    if (node === null) return null
    if (isTree(node)) return new Map([...node].map(([key, child]) => [key, visit(child, [...path, key], false) ?? null]))
    if (isList(node)) return node.map((item) => visit(item, path, true)).filter((item) => item !== undefined)
    return replace(node, path, isItem)
  }
  return visit(tree, [], false) as Tree
}

/** Every leaf but `null`, in document order. */
export function leavesOf(tree: Tree): readonly { readonly leaf: Scalar; readonly path: TreePath }[] {
  const found: { leaf: Scalar; path: TreePath }[] = []
  mapLeaves(tree, (leaf, path) => {
    found.push({ leaf, path })
    return leaf
  })
  return found
}

/** Whether two trees hold the same keys and values of the same types, in the same order. */
export function sameTree(left: TreeNode, right: TreeNode): boolean {
  if (left === null || right === null) return left === right
  if (isTree(left) || isTree(right)) {
    if (!isTree(left) || !isTree(right)) return false
    return sameItems([...left], [...right], ([key, node], [otherKey, other]) => key === otherKey && sameTree(node, other))
  }
  if (isList(left) || isList(right)) return isList(left) && isList(right) && sameItems(left, right, sameTree)
  return left.type === right.type && left.text === right.text
}

export function isTree(node: TreeNode): node is Tree {
  return node instanceof Map
}

export function isList(node: TreeNode): node is readonly TreeNode[] {
  return Array.isArray(node)
}

function sameItems<T>(left: readonly T[], right: readonly T[], same: (one: T, other: T) => boolean): boolean {
  return left.length === right.length && left.every((item, index) => same(item, right[index] as T))
}

function mapOf(value: object, path: TreePath): Tree {
  return new Map(
    Object.entries(value).map(([key, child]) => {
      if (hasLoneSurrogate.test(key)) throw refused([...path, key], 'a key that is not well-formed Unicode')
      return [key, nodeOf(child, [...path, key])]
    }),
  )
}

function nodeOf(value: unknown, path: TreePath): TreeNode {
  if (value === null) return null
  if (Array.isArray(value)) return value.map((item) => nodeOf(item, path))
  if (typeof value === 'string' && hasLoneSurrogate.test(value)) throw refused(path, 'a text that is not well-formed Unicode')
  const scalar = scalarOf(value)
  if (scalar !== null) return scalar
  if (typeof value === 'number' || typeof value === 'bigint') throw refused(path, 'a number that does not keep its digits in every reader')
  const isPlain = typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value) as null)
  if (!isPlain) throw refused(path, `a value of type ${typeof value}`)
  return mapOf(value, path)
}

const hasLoneSurrogate = /\p{Surrogate}/u

function refused(path: TreePath, what: string): RerootError {
  return new RerootError('SEAL_REFUSED', `${path.join('.')} holds ${what}, which SOPS cannot seal`, { hint: 'write the value as a text' })
}

function plainOf(node: TreeNode): unknown {
  if (node === null) return null
  if (isTree(node)) return documentOf(node)
  if (isList(node)) return node.map(plainOf)
  return plainScalar(node)
}

/** A leaf as a plain value. */
export function plainScalar({ type, text }: Scalar): PlainScalar {
  switch (type) {
    case 'str':
    case 'time':
      return text
    case 'int':
      return integerScalar(text)
    case 'float':
      return Number(text)
    case 'bool':
      return text === 'True'
    default:
      return type satisfies never
  }
}
