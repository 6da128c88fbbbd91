import type { Manifest, Manifests } from '../manifest.ts'
import { kustomizationFilesIn } from '../kustomization-file.ts'
import { folderOf, isUnder, repositoryPath, resolvePath } from '../source-tree.ts'
import { asList, asMap, asText } from '../value.ts'
import { definitionOf } from './definition.ts'
import type { Definition } from './definition.ts'
import type { FileSearch } from './file-search.ts'
import { namesApplications } from './leads.ts'

/** Argo CD's objects as files have them, before anything is built. */
export interface Seeds {
  readonly definitions: readonly Definition[]
  /** Files that were read for them. */
  readonly files: ReadonlySet<string>
  /** Templates of charts that make Applications, by the chart's folder: nothing can be read from them. */
  readonly charts: ReadonlyMap<string, string>
}

// One of these stands in every file that counts; parsing all others would take seconds.
export const argocdWords = ['argoproj.io', 'argocd-cm', 'kargo.akuity.io'] as const

/**
 * Reads the Applications, ApplicationSets, projects, cluster Secrets, settings and Kargo pipelines in files below some paths. A file that a
 * kustomization lists as a patch is none of them.
 * @param paths folders or files.
 * @param ignore reroot's own folder, which holds none but those that `paths` names.
 */
export function readSeeds(
  { manifests, search }: { readonly manifests: Manifests; readonly search: FileSearch },
  paths: readonly string[],
  ignore: string,
  namespace: string,
): Seeds {
  const below = paths.map(repositoryPath)
  const files = new Set<string>()
  const charts = new Map<string, string>()
  const isPatch = patchTest(manifests)
  const definitions = manifests.tree.files.flatMap((file): readonly Definition[] => {
    if (!/\.(ya?ml|json)$/.test(file) || !below.some((path) => isUnder(file, path))) return []
    if ((ignore !== '' && isUnder(file, ignore) && !below.includes(file)) || !search.hasAny(file, argocdWords)) return []
    const chart = chartOfTemplate(manifests, file)
    if (chart !== null) {
      if (namesApplications({ manifests, search }, file) && !charts.has(chart)) charts.set(chart, file)
      return []
    }
    if (isPatch(file)) return []
    files.add(file)
    // One that cannot be read may change what the file has.
    for (const kustomization of kustomizationFilesIn(manifests, folderOf(file))) files.add(kustomization)
    return manifests.objects(file).flatMap((manifest: Manifest) => {
      const definition = definitionOf(manifest.object, manifest, null, namespace)
      return definition === null ? [] : [definition]
    })
  })
  return { definitions, files, charts }
}

function chartOfTemplate({ tree }: Manifests, file: string): string | null {
  for (let folder = folderOf(file); folder !== ''; folder = folderOf(folder)) {
    if (folder.split('/').at(-1) !== 'templates') continue
    const chart = folderOf(folder)
    if (tree.hasFile(chart === '' ? 'Chart.yaml' : `${chart}/Chart.yaml`)) return chart
  }
  return null
}

/** Whether a kustomization in the file's folder, or in one above it, patches with the file. */
function patchTest(manifests: Manifests): (file: string) => boolean {
  const known = new Map<string, ReadonlySet<string>>()
  const patchesOf = (folder: string): ReadonlySet<string> => {
    const before = known.get(folder)
    if (before !== undefined) return before
    const [file] = kustomizationFilesIn(manifests, folder)
    const fields = asMap(file === undefined ? null : manifests.documents(file)[0]?.value)
    const entries = [...asList(fields?.['patches']), ...asList(fields?.['patchesJson6902'])].map((entry) => asMap(entry)?.['path'])
    const written = [...entries, ...asList(fields?.['patchesStrategicMerge'])].map(asText)
    const paths = written.map((path) => (path === null || path.includes('\n') ? null : resolvePath(folder, path)))
    const found = new Set(paths.filter((path) => path !== null))
    known.set(folder, found)
    return found
  }
  return (file) => {
    for (let folder = folderOf(file); ; folder = folderOf(folder)) {
      if (patchesOf(folder).has(file)) return true
      if (folder === '') return false
    }
  }
}
