import { readKustomization } from '../../src/workloads/kustomization-file.ts'
import { buildKustomization } from '../../src/workloads/kustomize.ts'
import { readManifests } from '../../src/workloads/manifest.ts'
import { makeReport } from '../../src/workloads/report.ts'
import type { Resource } from '../../src/workloads/resource.ts'
import { readTree } from '../../src/workloads/source-tree.ts'
import { filesOf } from './tree.ts'
import type { Tree } from './tree.ts'

/** Our reading of the overlay of a tree. */
export function readOverlay(tree: Tree): { readonly resources: readonly Resource[]; readonly problems: readonly string[] } {
  const report = makeReport()
  const manifests = readManifests(readTree(filesOf(tree), null), report)
  const kustomization = readKustomization(manifests, 'overlay', report)
  const resources = kustomization === null ? [] : buildKustomization({ manifests, report }, kustomization, false)
  return {
    resources,
    problems: report
      .all()
      .filter(({ severity }) => severity === 'error')
      .map(({ message, found }) => `${message}: ${found}`),
  }
}
