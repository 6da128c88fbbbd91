import type { KeptObject } from './inventory.ts'
import type { Report } from './report.ts'
import { groupVersion } from './resource.ts'
import { asList, asText, textMap, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

const kinds = new Set(['WorkloadGroup', 'WorkloadEntry', 'ServiceEntry'])

/** Whether an object is of a kind that may stand for virtual machines of the mesh. */
export function mayBeMachine(object: ValueMap): boolean {
  return kinds.has(asText(object['kind']) ?? '') && groupVersion(asText(object['apiVersion']) ?? '').group === 'networking.istio.io'
}

/** Whether an object stands for virtual machines of the mesh. */
export function isMachine(object: ValueMap): boolean {
  if (!mayBeMachine(object)) return false
  switch (object['kind']) {
    case 'WorkloadGroup':
      return true
    case 'WorkloadEntry':
      return speaksMutualTls(object['spec'])
    case 'ServiceEntry':
      return asList(valueAt(object, 'spec', 'endpoints')).some(speaksMutualTls)
    default:
      return false
  }
}

/** The label decides, else whether there is an account (istio 1.30.3, serviceentry/conversion.go, getTLSModeFromWorkloadEntry). */
function speaksMutualTls(endpoint: Value): boolean {
  const mode = textMap(valueAt(endpoint, 'labels'))['security.istio.io/tlsMode']
  return mode === undefined ? asText(valueAt(endpoint, 'serviceAccount')) !== null : mode === 'istio'
}

/** Machines that nothing in the cluster restarts, whatever the labels of their namespace. */
export function reportMachine(cluster: string, { object, namespace, name, site }: KeptObject, report: Report): void {
  report.add({
    id: 'workloads/virtual-machine',
    severity: 'warning',
    place: { cluster, file: site.file, line: site.line, object: `${String(object['kind'])} ${namespace}/${name}` },
    message:
      'machines outside of the cluster are in the mesh: nothing in the cluster restarts their proxies, or renews the root-cert.pem by which they trust istiod',
    expected: 'members of the mesh that a step restarts',
    found: String(object['kind']),
    remedy:
      'in each step put the new root-cert.pem on each machine (/etc/certs/root-cert.pem), restart its istio service, and say so with --confirmed; or accept this finding with a reason, if none of them runs a proxy',
  })
}
