import { isDeepStrictEqual } from 'node:util'
import { discover } from '../../src/workloads/index.ts'
import type { DiscoveredCluster, Discovery } from '../../src/workloads/index.ts'
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

/** All clusters of a repository, and what looks ahead, read the same parsed files. @throws Error if a discovery has changed something in them. */
export function discoverTwice(files: Files, cluster: DiscoveredCluster): Discovery {
  const discovery = discover(files, cluster)
  if (!isDeepStrictEqual(discover(files, cluster), discovery)) throw new Error('a second discovery of the same files finds something else')
  return discovery
}
