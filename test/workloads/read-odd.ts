import type { Finding } from '../../src/base/index.ts'
import { readKustomization } from '../../src/workloads/kustomization-file.ts'
import { buildKustomization } from '../../src/workloads/kustomize.ts'
import { readManifests } from '../../src/workloads/manifest.ts'
import { withoutProbe } from '../../src/workloads/probe.ts'
import { makeReport } from '../../src/workloads/report.ts'
import { readTree } from '../../src/workloads/source-tree.ts'
import type { OddFile } from './odd-files.ts'
import { treeOf } from './odd-files.ts'

/** Our reading of the overlay that holds an odd file. */
export function readOdd(odd: OddFile): { readonly objects: readonly unknown[]; readonly findings: readonly Finding[] } {
  const bytes = new Map(Object.entries(treeOf(odd)).map(([path, content]) => [path, Buffer.from(content)]))
  const report = makeReport()
  const manifests = readManifests(
    readTree({ list: () => [...bytes.keys()].toSorted(), read: (path) => bytes.get(path) ?? null }, null),
    report,
  )
  const kustomization = readKustomization(manifests, 'o', report)
  const objects = kustomization === null ? [] : buildKustomization({ manifests, report }, kustomization, false)
  return { objects: objects.map(withoutProbe), findings: report.all() }
}
