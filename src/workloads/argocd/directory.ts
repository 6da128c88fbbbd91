import type { Finding } from '../../base/index.ts'
import type { Manifest, Manifests } from '../manifest.ts'
import { addProbe } from '../probe.ts'
import { makeResource } from '../resource.ts'
import type { Resource } from '../resource.ts'
import { directoryFilter } from './application.ts'
import type { Application, ApplicationSource } from './application.ts'
import type { FileSearch } from './file-search.ts'

const skipMark = '+argocd:skip-file-rendering'
const manifestMarks = ['apiVersion:', 'kind:', 'metadata:'] as const

/** What is asked of a folder of plain manifests. */
export interface DirectoryReading {
  readonly manifests: Manifests
  /** The same, but problems of what it reads do not count. */
  readonly unnoted: Manifests
  readonly search: FileSearch
  /** Files without any of these words are passed over; `null`: none is. */
  readonly words: readonly string[] | null
  report(finding: Finding): void
}

/**
 * The objects of a source of type directory (v3.5.1, reposerver/repository/repository.go: getPotentiallyValidManifests, getObjsFromYAMLOrJSON):
 * YAML and JSON files, those below only with `recurse`. Files that are no manifests are passed over, as Argo CD passes over them.
 */
export function directoryResources(reading: DirectoryReading, application: Application, source: ApplicationSource): readonly Resource[] {
  const { manifests, search, words } = reading
  return filesOf(manifests, source).flatMap((file) => {
    if (search.hasAny(file, [skipMark])) return []
    if (file.endsWith('.jsonnet')) {
      reading.report(jsonnet(application, source, file))
      return []
    }
    if (!search.hasAny(file, ['kind']) || (words !== null && !search.hasAny(file, words))) return []
    return objectsIn(reading, file).map((manifest) => {
      const resource = makeResource(manifest)
      addProbe(resource)
      return resource
    })
  })
}

/**
 * The objects of a file. One that cannot be read counts only if it looks like a manifest: all else Argo CD leaves out without a word, and so its
 * problems are not noted.
 */
function objectsIn({ manifests, unnoted, search }: DirectoryReading, file: string): readonly Manifest[] {
  const looksLikeManifest = file.endsWith('.json') || manifestMarks.every((mark) => search.hasAny(file, [mark]))
  return (looksLikeManifest ? manifests : unnoted).objects(file)
}

function filesOf(manifests: Manifests, source: ApplicationSource): readonly string[] {
  const folder = source.path ?? ''
  const filter = directoryFilter(source)
  const files: string[] = []
  const visit = (at: string): void => {
    for (const entry of manifests.tree.entries(at)) {
      const relative = folder === '' ? entry.path : entry.path.slice(folder.length + 1)
      if (entry.folder) {
        if (filter.recurse) visit(entry.path)
      } else if (filter.takes(relative)) files.push(entry.path)
    }
  }
  visit(folder)
  return files
}

function jsonnet(application: Application, source: ApplicationSource, file: string): Finding {
  return {
    id: 'argocd/source',
    severity: 'error',
    place: application.place(...source.at),
    message: 'its folder holds Jsonnet, which reroot does not evaluate, so what it makes is unknown',
    expected: 'YAML or JSON',
    found: file,
    remedy: `commit what the file makes as YAML; or name the namespaces of its meshed workloads in reroot.yaml: restarts.namespaces: [${application.targetNamespace ?? 'name'}]`,
  }
}
