import { dirname } from 'node:path/posix'
import { withoutTrailing } from '../../base/index.ts'
import type { Finding } from '../../base/index.ts'
import type { Discovery, FluxCluster } from '../../workloads/index.ts'
import type { ControllerObject } from './controller-objects.ts'

/**
 * Kustomizations that look like a cluster's sync, and are none that could be followed: the folder is missing, or the source is not shown.
 * @param paths every file of the repository.
 * @param repository the address of this repository, if somebody says it.
 */
export function brokenSyncs(
  objects: readonly ControllerObject[],
  paths: readonly string[],
  clusters: readonly FluxCluster[],
  discoveries: readonly Discovery[],
  repository: string | null,
): readonly Finding[] {
  const sources = new Map(objects.filter(({ kind }) => kind === 'GitRepository').map((source) => [sourceKey(source, ['metadata']), source]))
  const own = new Set([repository, ...clusters.map((cluster) => cluster.url)].filter((url) => url !== null).map(plainUrl))
  const applied = [...clusters, ...discoveries.flatMap(({ controllers }) => controllers.filter((one) => one.type === 'flux'))]
  const isApplied = (file: string): boolean => applied.some(({ path, site }) => site.file === file || isUnder(file, path))
  return objects.flatMap((one): Finding[] => {
    const path = folderOf(one.text('spec', 'path'))
    if (one.kind !== 'Kustomization' || path === '') return []
    const source = sources.get(sourceKey(one, ['spec', 'sourceRef']))
    const exists = paths.some((file) => file.startsWith(`${path}/`))
    if (source !== undefined && !exists) {
      const url = source.text('spec', 'url')
      // Of a repository that is not this one, the folder is not here.
      return url !== null && (clusters.length === 0 || own.has(plainUrl(url))) ? [missingFolder(one, path)] : []
    }
    const readsGit = one.text('spec', 'sourceRef', 'kind') === 'GitRepository'
    return source === undefined && readsGit && exists && isUnder(one.file, path) && !isApplied(one.file) ? [missingSource(one)] : []
  })
}

/** Several clusters have a source of the same name: what belongs together lies in one folder. */
function sourceKey(one: ControllerObject, at: readonly string[]): string {
  const namespace = one.text(...at, 'namespace') ?? one.text('metadata', 'namespace') ?? 'flux-system'
  return [namespace, one.text(...at, 'name') ?? '', dirname(one.file)].join('\0')
}

function folderOf(written: string | null): string {
  return withoutTrailing((written ?? '').replace(/^(\.?\/)+/, ''), '/').replace(/^\.$/, '')
}

function isUnder(path: string, folder: string): boolean {
  return folder !== '' && path.startsWith(`${folder}/`)
}

function plainUrl(url: string): string {
  return withoutTrailing(url.toLowerCase(), '/')
    .replace(/^[a-z+]+:\/\//, '')
    .replace(/^[^@/]*@/, '')
    .replace(/:/, '/')
    .replace(/\.git$/, '')
}

function missingFolder(one: ControllerObject, path: string): Finding {
  return {
    id: 'flux/path-missing',
    severity: 'error',
    place: { file: one.file, line: one.lineOf(['spec', 'path']), object: `Kustomization ${one.text('metadata', 'name') ?? ''}` },
    message: 'the folder that it syncs does not exist, so whether a cluster is behind it is unknown',
    expected: 'a folder of this repository',
    found: path,
    remedy: 'correct spec.path; or remove the Kustomization if its cluster is gone',
  }
}

function missingSource(one: ControllerObject): Finding {
  const name = one.text('spec', 'sourceRef', 'name') ?? ''
  return {
    id: 'flux/source-missing',
    severity: 'error',
    place: { file: one.file, line: one.lineOf(['spec', 'sourceRef']), object: `Kustomization ${one.text('metadata', 'name') ?? ''}` },
    message: 'it syncs the folder in which it lies, as that of a cluster does, and Git does not show the source that it reads',
    expected: `the GitRepository ${name} in ${dirname(one.file)}, as \`flux bootstrap\` writes it`,
    found: 'none',
    remedy: 'put the GitRepository beside the Kustomization; or remove the Kustomization if its cluster is gone',
  }
}
