import { namespaceAsks } from '../injection.ts'
import { groupVersion, isClusterScoped, namespaceOf } from '../resource.ts'
import { asText, textMap, valueAt } from '../value.ts'
import type { ValueMap } from '../value.ts'
import type { Application } from './application.ts'
import { readContent } from './content.ts'
import type { Reading } from './content.ts'
import { kindOf } from './definition.ts'
import { inCluster } from './known-clusters.ts'

/**
 * Whether an Application that goes to the cluster where Argo CD itself runs holds nothing but Argo CD's own things, so that no mesh depends on which
 * cluster that is: the hub's apps of apps, its settings, and Argo CD.
 * @param namespace Argo CD's own.
 */
export function staysWithArgocd(reading: Reading, application: Application, namespace: string): boolean {
  const { name, server } = application.destination
  return (server === inCluster.server || name === inCluster.name) && holdsOnlyArgocdsOwn(reading, application, namespace)
}

/** Whether all that an Application applies is Argo CD's objects, ConfigMaps, and what lies in Argo CD's own namespace outside of a mesh. */
export function holdsOnlyArgocdsOwn(reading: Reading, application: Application, namespace: string): boolean {
  const { targetNamespace } = application
  // All of it, where the walk may have read only the files that name Argo CD's objects.
  const { resources, charts, findings, unseen, always } = readContent(reading, application, null)
  const hidden = [...findings, ...unseen, ...always].some(({ severity }) => severity === 'error')
  const shown = resources.length + charts.length > 0 && !hidden
  if (!shown && targetNamespace !== namespace) return false
  if (joinsMesh(textMap(application.namespaceLabels))) return false
  return (
    charts.every((chart) => chart.targetNamespace === namespace) &&
    resources.every(({ object }) => isArgocdsOwn(object, namespaceOf(object) ?? targetNamespace, namespace))
  )
}

function isArgocdsOwn(object: ValueMap, into: string | null, namespace: string): boolean {
  if (isClusterScoped(object)) return !(object['kind'] === 'Namespace' && joinsMesh(textMap(valueAt(object, 'metadata', 'labels'))))
  if (kindOf(object) !== null || into === namespace) return true
  return groupVersion(asText(object['apiVersion']) ?? '').group === '' && object['kind'] === 'ConfigMap'
}

function joinsMesh(labels: Readonly<Record<string, string>>): boolean {
  return namespaceAsks(labels) || labels['istio.io/dataplane-mode'] === 'ambient'
}
