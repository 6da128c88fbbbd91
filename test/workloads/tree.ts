import type { Files } from '../../src/workloads/source-tree.ts'

/** A repository in memory: file names and their text. */
export type Tree = Readonly<Record<string, string>>

export function filesOf(tree: Tree): Files {
  const encoder = new TextEncoder()
  // A file is read once (ports.ts, Files).
  const bytes = new Map(Object.entries(tree).map(([path, text]) => [path, encoder.encode(text)]))
  return {
    list: () => [...bytes.keys()].toSorted(),
    read: (path) => bytes.get(path) ?? null,
  }
}
