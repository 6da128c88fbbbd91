import { dirname } from 'node:path/posix'
import type { Finding } from '../../base/index.ts'
import type { FluxCluster, SyncedCluster } from '../../workloads/index.ts'
import type { ControllerObject } from './controller-objects.ts'

/** Clusters whose Flux reads no branch: what a pull request changes would not reach them. */
export function pinnedClusters(clusters: readonly SyncedCluster[], objects: readonly ControllerObject[]): readonly Finding[] {
  return clusters.flatMap((cluster) => {
    if (cluster.type !== 'flux' || cluster.branch !== null) return []
    const source = sourceOf(cluster, objects)
    return source === undefined ? [] : [pinned(cluster, source)]
  })
}

function sourceOf({ site, source }: FluxCluster, objects: readonly ControllerObject[]): ControllerObject | undefined {
  return (
    objects.find(({ kind, file }) => kind === 'FluxInstance' && file === site.file) ??
    objects.find(
      (one) => one.kind === source.kind && one.text('metadata', 'name') === source.name && dirname(one.file) === dirname(site.file),
    )
  )
}

function pinned({ name }: FluxCluster, source: ControllerObject): Finding {
  const instance = source.kind === 'FluxInstance'
  const { path, found } = instance
    ? { path: ['spec', 'sync', 'ref'], found: source.text('spec', 'sync', 'ref') ?? 'no ref' }
    : (revisionOf(source) ?? { path: ['spec', 'ref'], found: 'no branch' })
  return {
    id: 'flux/pinned',
    severity: 'error',
    place: {
      cluster: name,
      file: source.file,
      line: source.lineOf(path),
      object: `${source.kind} ${source.text('metadata', 'name') ?? ''}`,
    },
    message: 'its Flux is pinned to a revision that no pull request moves, so nothing that reroot writes would reach it',
    expected: 'a branch, into which pull requests are merged',
    found,
    remedy: `let it follow a branch (${instance ? 'spec.sync.ref: refs/heads/main' : 'spec.ref.branch'}), and run init again on what that branch holds; or leave the cluster out: name the others with --cluster`,
  }
}

/** The first of these counts (source-controller, GitRepositoryRef). */
function revisionOf(source: ControllerObject): { readonly path: readonly string[]; readonly found: string } | null {
  const ways = [
    ['commit', (text: string) => `the commit ${text.slice(0, 10)}`],
    ['name', (text: string) => text],
    ['semver', (text: string) => `the newest tag of ${text}`],
    ['tag', (text: string) => `the tag ${text}`],
  ] as const
  for (const [key, words] of ways) {
    const text = source.text('spec', 'ref', key)
    if (text !== null) return { path: ['spec', 'ref', key], found: words(text) }
  }
  return null
}

/**
 * Says of Applications that apply Applications what it means that they are pinned: no other word of theirs would be true.
 * @param notes findings of the search for clusters, in which only such Applications are told of.
 */
export function withPinnedParents(findings: readonly Finding[], notes: readonly Finding[]): readonly Finding[] {
  const isOf = (one: Finding, other: Finding): boolean =>
    one.id === 'argocd/revision' && other.id === one.id && one.place.object !== undefined && one.place.object === other.place.object
  return findings.map((finding) => {
    if (!notes.some((note) => isOf(finding, note))) return finding
    return {
      ...finding,
      message:
        'it applies Applications, and is pinned to a tag or a commit: one that a pull request adds is not picked up; those that it has are read here as the branch has them',
      expected: 'a branch',
      remedy:
        'let its targetRevision follow the branch, and run init again; or apply reroot’s Application by hand once, as the pull request of init says',
    }
  })
}

/** Where a revision is written that Argo CD's or Flux's objects ask for: `file:line`. */
export function whereAsked(objects: readonly ControllerObject[], revision: string): string | null {
  for (const object of objects) {
    const at = object.find((text, key) => text === revision && (key === 'targetRevision' || key === 'revision' || key === 'branch'))
    if (at !== null) return `${object.file}:${object.lineOf(at)}`
  }
  return null
}
