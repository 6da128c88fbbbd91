import { withoutCredentials } from '../../base/index.ts'
import type { Manifests } from '../manifest.ts'
import { nameOf } from '../resource.ts'
import type { ArgocdProject, ArgocdSettings, GroupKind, Site } from '../types.ts'
import { asList, asMap, asText, valueAt } from '../value.ts'
import type { Value } from '../value.ts'
import { placeOf } from './definition.ts'
import type { Definition } from './definition.ts'
import type { Resolution } from './resolve.ts'

/** What Argo CD's own objects in Git allow and set, for the Argo CD of one namespace. */
export function settingsOf(manifests: Manifests, { definitions, applied }: Resolution, namespace: string): ArgocdSettings {
  const own = definitions.filter((definition) => definition.namespace === namespace)
  const projects = own.filter(({ kind }) => kind === 'AppProject').map((definition) => projectOf(manifests, definition))
  return { projects, buildOptions: optionsOfConfig(manifests, own) ?? optionsOfChart(applied, namespace) }
}

const optionsKey = 'kustomize.buildOptions'

function optionsOfConfig(manifests: Manifests, definitions: readonly Definition[]): ArgocdSettings['buildOptions'] {
  for (const definition of definitions) {
    const text = definition.kind === 'argocd-cm' ? asText(valueAt(definition.object, 'data', optionsKey)) : null
    if (text !== null) return { text, site: siteOf(manifests, definition, 'data', optionsKey) }
  }
  return null
}

/** The chart argo-cd of argo-helm writes `configs.cm` into argocd-cm. */
function optionsOfChart(applied: Resolution['applied'], namespace: string): ArgocdSettings['buildOptions'] {
  for (const { content } of applied) {
    for (const install of content.charts) {
      if (install.chart !== 'argo-cd' || install.targetNamespace !== namespace) continue
      const text =
        asText(valueAt(install.values, 'configs', 'cm', optionsKey)) ?? asText(valueAt(install.values, 'server', 'config', optionsKey))
      if (text !== null) return { text, site: install.site }
    }
  }
  return null
}

function projectOf(manifests: Manifests, definition: Definition): ArgocdProject {
  const spec = definition.object['spec']
  const namespaced = valueAt(spec, 'namespaceResourceWhitelist')
  return {
    name: nameOf(definition.object),
    site: siteOf(manifests, definition),
    sourceRepos: asList(valueAt(spec, 'sourceRepos')).map((pattern) => withoutCredentials(String(pattern))),
    destinations: asList(valueAt(spec, 'destinations')).map((destination) => ({
      name: asText(valueAt(destination, 'name')),
      server: asText(valueAt(destination, 'server')),
      namespace: asText(valueAt(destination, 'namespace')),
    })),
    clusterAllowed: groupKinds(valueAt(spec, 'clusterResourceWhitelist')),
    clusterDenied: groupKinds(valueAt(spec, 'clusterResourceBlacklist')),
    // IsGroupKindNamePermitted: no list allows all, an empty one nothing.
    namespacedAllowed: Array.isArray(namespaced) ? groupKinds(namespaced) : null,
    namespacedDenied: groupKinds(valueAt(spec, 'namespaceResourceBlacklist')),
  }
}

function groupKinds(list: Value): readonly GroupKind[] {
  return asList(list).flatMap((entry) => {
    const map = asMap(entry)
    return map === null ? [] : [{ group: asText(map['group']) ?? '', kind: asText(map['kind']) ?? '' }]
  })
}

function siteOf(manifests: Manifests, definition: Definition, ...path: readonly string[]): Site {
  const { line } = placeOf(manifests, definition, ...path)
  return { ...definition.manifest.site, line: line ?? definition.manifest.site.line }
}
