import type { YamlPath } from '../../base/index.ts'
import { asMap } from '../value.ts'
import type { ValueMap } from '../value.ts'
import { costOf } from './budget.ts'
import { shown, withValues } from './generating.ts'
import type { Generating, GeneratorProblem } from './generating.ts'
import { inCluster } from './known-clusters.ts'
import type { KnownCluster } from './known-clusters.ts'
import { normalName } from './names.ts'
import { hasSelector, selects } from './parameters.ts'
import type { Parameters } from './template.ts'

const secretType = { 'argocd.argoproj.io/secret-type': 'cluster' } as const
const remedy =
  'add the cluster Secret without its credentials to Git; or state controller.labels and controller.destination of the cluster in reroot.yaml'

/**
 * The parameter sets of a clusters generator (v3.5.1, applicationset/generators/cluster.go): the clusters whose Secrets its selector takes, and
 * without a selector the one that Argo CD runs in. Of a cluster whose labels nobody states a selector says nothing.
 */
export function clusterParameters(generating: Generating, spec: ValueMap, at: YamlPath): readonly Parameters[] {
  if (spec['flatList'] === true) {
    generating.problem({
      id: 'argocd/generator',
      severity: 'error',
      at: [...at, 'flatList'],
      message: 'reroot does not follow flatList, which gives one Application all clusters',
      expected: 'an Application for each cluster',
      found: 'flatList: true',
      remedy: 'write the Applications that matter to the mesh as manifests; or accept this finding if none of them does',
    })
    return []
  }
  const selector = spec['selector']
  const selecting = hasSelector(selector)
  generating.budget.spend((0.01 + costOf(selector)) * generating.clusters.length)
  const chosen = generating.clusters.filter((cluster) => {
    if (!selecting) return true
    if (cluster.labels === null) generating.problem(unlabelled(cluster, [...at, 'selector'], selector))
    return cluster.labels !== null && selects(selector, { ...cluster.labels, ...secretType })
  })
  const local = !selecting && !generating.clusters.some(({ server }) => server === inCluster.server)
  const sets = [...chosen.map((cluster) => parametersOf(cluster, generating.goTemplate)), ...(local ? [localParameters] : [])]
  if (generating.clusters.length === 0 && selecting) generating.problem(noneKnown([...at, 'selector']))
  return sets.flatMap((set) => withValues(generating, spec, at, set))
}

const localParameters: Parameters = { ...inCluster, nameNormalized: inCluster.name, project: '' }

/** What is not known of a cluster is left out: a template that needs it is a finding. */
function parametersOf({ name, server, labels, annotations }: KnownCluster, goTemplate: boolean): Parameters {
  const basic = {
    ...(name === null ? {} : { name, nameNormalized: normalName(name) }),
    ...(server === null ? {} : { server }),
    project: '',
  }
  if (goTemplate) return { ...basic, metadata: { labels: labels ?? {}, annotations } }
  const flat = (kind: string, map: ValueMap): ValueMap =>
    Object.fromEntries(Object.entries(map).map(([key, value]) => [`metadata.${kind}.${key}`, value]))
  return { ...basic, ...flat('labels', labels ?? {}), ...flat('annotations', annotations) }
}

function unlabelled({ name, server }: KnownCluster, at: YamlPath, selector: unknown): GeneratorProblem {
  return {
    id: 'argocd/generator',
    severity: 'error',
    at,
    message: `whether it takes cluster ${name ?? server ?? ''} depends on labels of its Secret, which Git does not show`,
    expected: 'the cluster Secret in Git, or controller.labels of the cluster in reroot.yaml',
    found: shown(asMap(selector)),
    remedy,
  }
}

function noneKnown(at: YamlPath): GeneratorProblem {
  return {
    id: 'argocd/generator',
    severity: 'error',
    at,
    message: 'it takes clusters by labels of their Secrets, and Git shows no cluster Secret, so its Applications are unknown',
    expected: 'cluster Secrets in Git',
    found: 'none',
    remedy,
  }
}
