import { withoutTrailing } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import { makeReport } from './report.ts'
import type { Report } from './report.ts'
import { isUnder, repositoryPath } from './source-tree.ts'
import type { Files } from './source-tree.ts'
import { readFluxObjects } from './sources.ts'
import type { FluxObject } from './sources.ts'
import type { FluxCluster } from './synced-cluster.ts'
import { asText, valueAt } from './value.ts'

/**
 * Clusters whose Flux syncs this repository: a Kustomization that builds the folder it lies in, with its source beside it, as
 * `flux bootstrap` writes them; or a FluxInstance of flux-operator with `spec.sync`.
 */
export function findFluxClusters(files: Files): { readonly clusters: readonly FluxCluster[]; readonly findings: readonly Finding[] } {
  const report = makeReport()
  const objects = readFluxObjects(files, [''])
  const sources = new Map<string, FluxObject>()
  for (const one of objects) {
    const { kind } = one.object
    if (kind === 'GitRepository' || kind === 'OCIRepository' || kind === 'Bucket')
      sources.set(sourceKey(kind, namespaceOf(one), nameOf(one), one.site.file), one)
  }
  const clusters = objects.flatMap((one) => {
    if (one.object['kind'] === 'FluxInstance') return fromInstance(one, report)
    return one.object['kind'] === 'Kustomization' ? fromKustomization(one, sources, report) : []
  })
  return { clusters: withOwnNames(unique(clusters)), findings: report.all() }
}

const nameOf = (one: FluxObject): string => asText(valueAt(one.object, 'metadata', 'name')) ?? ''
const namespaceOf = (one: FluxObject): string => asText(valueAt(one.object, 'metadata', 'namespace')) ?? 'flux-system'

// Several clusters have a source of the same name: what belongs together lies in one folder.
function sourceKey(kind: string, namespace: string, name: string, file: string): string {
  return [kind, namespace, name, file.split('/').slice(0, -1).join('/')].join('\0')
}

function fromKustomization(one: FluxObject, sources: ReadonlyMap<string, FluxObject>, report: Report): FluxCluster[] {
  const written = asText(valueAt(one.object, 'spec', 'path'))
  const path = repositoryPath(written ?? '')
  const kind = asText(valueAt(one.object, 'spec', 'sourceRef', 'kind')) ?? ''
  const name = asText(valueAt(one.object, 'spec', 'sourceRef', 'name')) ?? ''
  const namespace = asText(valueAt(one.object, 'spec', 'sourceRef', 'namespace')) ?? namespaceOf(one)
  const source = sources.get(sourceKey(kind, namespace, name, one.site.file))
  if (!isUnder(one.site.file, path) || source === undefined) return []
  if (kind !== 'GitRepository') {
    report.add(notGit(one, `${kind} ${name}`))
    return []
  }
  return [
    {
      type: 'flux',
      name: path.split('/').at(-1) ?? '',
      path,
      namespace,
      source: { kind, name },
      branch: branchOf(source),
      url: asText(valueAt(source.object, 'spec', 'url')),
      site: one.site,
    },
  ]
}

/** flux-operator makes source and Kustomization from `spec.sync`; both are called as their namespace, unless it says otherwise. */
function fromInstance(one: FluxObject, report: Report): FluxCluster[] {
  const sync = (key: string): string | null => asText(valueAt(one.object, 'spec', 'sync', key))
  const kind = sync('kind')
  if (kind === null) return []
  const namespace = namespaceOf(one)
  if (kind !== 'GitRepository') {
    report.add(notGit(one, kind))
    return []
  }
  const path = repositoryPath(sync('path') ?? '')
  return [
    {
      type: 'flux',
      name: path.split('/').at(-1) ?? '',
      path,
      namespace,
      source: { kind, name: sync('name') ?? namespace },
      branch: /^refs\/heads\/(.+)$/.exec(sync('ref') ?? '')?.[1] ?? null,
      url: sync('url'),
      site: one.site,
    },
  ]
}

function branchOf({ object }: FluxObject): string | null {
  const ref = valueAt(object, 'spec', 'ref')
  // Flux takes commit, then name, semver and tag before branch; without any of them, master.
  if (ref === undefined) return 'master'
  if (['commit', 'semver', 'tag'].some((key) => valueAt(ref, key) !== undefined)) return null
  const name = asText(valueAt(ref, 'name'))
  return name === null ? asText(valueAt(ref, 'branch')) : (/^refs\/heads\/(.+)$/.exec(name)?.[1] ?? null)
}

function notGit(one: FluxObject, found: string): Finding {
  return {
    id: 'flux/source',
    severity: 'warning',
    place: { file: one.site.file, line: one.lineOf('spec'), object: `${String(one.object['kind'])} ${namespaceOf(one)}/${nameOf(one)}` },
    message: 'this cluster syncs from something other than a Git repository',
    expected: 'a source of kind GitRepository',
    found,
    remedy:
      'pull requests cannot reach this cluster directly: describe it in reroot.yaml by hand if its artifact is built from this repository',
  }
}

function unique(clusters: readonly FluxCluster[]): readonly FluxCluster[] {
  const seen = new Map<string, FluxCluster>()
  for (const cluster of clusters) if (!seen.has(cluster.path)) seen.set(cluster.path, cluster)
  return [...seen.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** Two clusters whose paths end alike are told apart by the folder above. */
function withOwnNames(clusters: readonly FluxCluster[]): readonly FluxCluster[] {
  const count = new Map<string, number>()
  for (const { name } of clusters) count.set(name, (count.get(name) ?? 0) + 1)
  return clusters.map((cluster) => {
    const parts = cluster.path.split('/').slice((count.get(cluster.name) ?? 0) > 1 ? -2 : -1)
    return { ...cluster, name: asDnsLabel(parts.join('-')) }
  })
}

/** A name of a cluster is a DNS-1123 label in reroot.yaml. */
export function asDnsLabel(text: string): string {
  const dashed = text.toLowerCase().replace(/[^a-z0-9-]+/g, '-')
  const label = withoutTrailing(dashed.replace(/^-+/, ''), '-').slice(0, 63)
  return label === '' ? 'cluster' : label
}
