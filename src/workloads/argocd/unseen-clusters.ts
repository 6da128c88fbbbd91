import type { Finding, YamlPath } from '../../base/index.ts'
import type { Manifests } from '../manifest.ts'
import { asList, asMap, valueAt } from '../value.ts'
import type { Value } from '../value.ts'
import { placeOf } from './definition.ts'
import { ancestorsOf } from './register.ts'
import type { Applied, Resolution } from './resolve.ts'

/** An ApplicationSet that makes a control plane for clusters as Argo CD's cluster Secrets name them: it may make more than Git shows. */
export function unseenClusters(manifests: Manifests, { secrets }: Resolution, { application }: Applied): readonly Finding[] {
  return [application.definition, ...ancestorsOf(application.definition)].flatMap((definition): readonly Finding[] => {
    if (definition.kind !== 'ApplicationSet') return []
    const at = clustersGenerator(valueAt(definition.object, 'spec', 'generators'), ['spec', 'generators'])
    if (at === null) return []
    const shown = secrets.map(({ name, server }) => name ?? server ?? 'a sealed one')
    return [
      {
        id: 'argocd/generator',
        severity: 'warning',
        place: placeOf(manifests, definition, ...at),
        message: 'it installs istiod into clusters that Argo CD knows; those whose Secrets Git does not show are unknown here and left out',
        expected: 'the cluster Secret of every cluster in Git (without credentials)',
        found: shown.length === 0 ? 'no cluster Secret' : shown.toSorted().join(', '),
        remedy:
          'compare with `argocd cluster list`: add the Secrets that are missing, without credentials, to Git, or describe the clusters in reroot.yaml by hand',
      },
    ]
  })
}

/** Where a clusters generator stands, also inside of a matrix or a merge. */
function clustersGenerator(generators: Value, at: YamlPath): YamlPath | null {
  for (const [index, generator] of asList(generators).entries()) {
    for (const [type, spec] of Object.entries(asMap(generator) ?? {})) {
      if (type === 'clusters') return [...at, index, type]
      const inner = clustersGenerator(valueAt(spec, 'generators'), [...at, index, type, 'generators'])
      if (inner !== null) return inner
    }
  }
  return null
}
