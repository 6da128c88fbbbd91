import type { Manifests } from '../manifest.ts'
import { isUnder } from '../source-tree.ts'
import { readApplication } from './application.ts'
import type { Application } from './application.ts'
import { expandApplicationSet } from './application-set.ts'
import { makeBudget } from './budget.ts'
import type { Resolution, Resolving } from './resolve.ts'

/** Applications that ApplicationSets would make for a folder once it is there; none if it is. */
export function applicationsToCome(
  { reading, clustersOf }: Resolving,
  { definitions, secrets }: Resolution,
  folder: string,
): readonly Application[] {
  const { manifests, own } = reading
  if (manifests.tree.hasFolder(folder)) return []
  const pretended = withFile(manifests, `${folder}/kustomization.yaml`)
  const budget = makeBudget()
  const expanding = { manifests: pretended, own, clusters: clustersOf(secrets), irrelevant: () => true, budget }
  return definitions
    .filter(({ kind }) => kind === 'ApplicationSet')
    .flatMap((set) => expandApplicationSet(expanding, set).applications)
    .map((definition) => readApplication(manifests, definition).application)
    .filter(({ sources }) => sources.some(({ path }) => path !== null && isUnder(folder, path)))
}

/** It has no content: only its path is of interest. */
function withFile(manifests: Manifests, file: string): Manifests {
  return { ...manifests, tree: { ...manifests.tree, files: [...manifests.tree.files, file].toSorted() } }
}
