import type { Manifests } from '../manifest.ts'
import { isUnder } from '../source-tree.ts'
import type { ArgocdCluster } from '../synced-cluster.ts'
import { directoryFilter } from './application.ts'
import { sourceTypeOf } from './content.ts'
import { kindOf, siteKey } from './definition.ts'
import type { Definition } from './definition.ts'
import type { OwnRepository } from './repository-url.ts'
import type { Applied } from './resolve.ts'

/**
 * Where a file with one more Application would be picked up: a folder of this repository from which an Application applies Applications, as plain
 * manifests or by a kustomization. The one that applies the control plane's comes first, then those above it, then any other.
 */
export function registerOf(
  reading: { readonly manifests: Manifests; readonly own: OwnRepository },
  cluster: string,
  main: Applied,
  members: readonly Applied[],
): ArgocdCluster['register'] {
  const chain = ancestorsOf(main.application.definition)
  const above = chain.flatMap((definition) => members.filter(({ application }) => isSame(application.definition, definition)))
  const others = members.filter((applied) => !above.includes(applied) && appliesApplications(applied))
  for (const applied of [...above, ...others]) {
    const folder = folderOfApplications(reading, cluster, applied)
    if (folder !== null) return { file: `${folder === '' ? '' : `${folder}/`}${fileName(cluster)}`, by: applied.application.id }
  }
  return null
}

function fileName(cluster: string): string {
  return `mesh-ca-${cluster}.yaml`
}

function folderOfApplications(
  { manifests, own }: { readonly manifests: Manifests; readonly own: OwnRepository },
  cluster: string,
  { application, content }: Applied,
): string | null {
  if (content.fixedRevision !== null || application.hydrated) return null
  const built = content.resources.filter(({ object }) => kindOf(object) === 'Application' || kindOf(object) === 'ApplicationSet')
  const candidates = application.sources.flatMap((source) => {
    const { path } = source
    if (path === null || source.chart !== null || !own.is(source.repoURL) || !manifests.tree.hasFolder(path)) return []
    const type = sourceTypeOf(manifests, source)
    if (type === 'kustomize') return [path]
    return type === 'directory' && directoryFilter(source).takes(fileName(cluster)) ? [path] : []
  })
  return candidates.find((path) => built.some(({ manifest }) => isUnder(manifest.site.file, path))) ?? candidates[0] ?? null
}

function appliesApplications({ content }: Applied): boolean {
  return content.resources.some(({ object }) => kindOf(object) === 'Application' || kindOf(object) === 'ApplicationSet')
}

/** Who applies or makes a definition, nearest first. */
export function ancestorsOf(definition: Definition): readonly Definition[] {
  const chain: Definition[] = []
  for (let at = definition.parent; at !== null; at = at.parent) chain.push(at)
  return chain
}

function isSame(a: Definition, b: Definition): boolean {
  return a === b || (a.namespace === b.namespace && siteKey(a.manifest) === siteKey(b.manifest) && a.kind === b.kind)
}
