import type { Files } from '../../src/workloads/source-tree.ts'

/** A repository in memory: file names and their text. */
export type Tree = Readonly<Record<string, string>>

export function filesOf(tree: Tree): Files {
  const encoder = new TextEncoder()
  return {
    list: () => Object.keys(tree).toSorted(),
    read: (path) => (tree[path] === undefined ? null : encoder.encode(tree[path])),
  }
}
