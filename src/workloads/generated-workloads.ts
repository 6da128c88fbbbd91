import type { Inventory, KeptObject } from './inventory.ts'
import type { Namespaces } from './namespaces.ts'
import type { Report } from './report.ts'
import { groupVersion } from './resource.ts'
import type { Opaque } from './types.ts'
import { asList, asText, valueAt } from './value.ts'
import type { ValueMap } from './value.ts'

// istio 1.30.3, pkg/config/constants and pilot/pkg/config/kube/gatewaycommon: classes that istiod makes Deployments for.
const istioClasses = new Set([
  'istio',
  'istio-remote',
  'istio-waypoint',
  'istio-east-west',
  'istio-agentgateway',
  'istio-agentgateway-waypoint',
])
const istioControllers = /^istio\.io\/(gateway-controller|mesh-controller|eastwest-controller|agentgateway-controller)$/

/** Workloads that something in the cluster makes from objects in Git: Gateways of the Gateway API, waypoints, operators' control planes, and Flagger's primaries. */
export function generatedWorkloads(
  cluster: string,
  inventory: Inventory,
  istioNamespace: string,
  namespaces: Pick<Namespaces, 'isMeshed'>,
  report: Report,
): readonly Opaque[] {
  const kept = [...inventory.kept.values()]
  const classes = new Set([...istioClasses, ...kept.filter(isIstioClass).map(({ name }) => name)])
  return kept.flatMap((one) => {
    const namespace =
      one.object['kind'] === 'Istio' || one.object['kind'] === 'IstioOperator' ? operatorNamespace(one, istioNamespace) : one.namespace
    const what = describe(one.object, classes)
    if (what === null || (one.object['kind'] === 'Canary' && !namespaces.isMeshed(one.namespace))) return []
    const owner = `${String(one.object['kind'])} ${one.namespace}/${one.name}`
    report.add({
      id: 'workloads/opaque',
      severity: 'warning',
      place: { cluster, file: one.site.file, line: one.site.line, object: owner },
      message: `${what}; Git does not show it`,
      expected: 'workloads as manifests, or the namespace in restarts.namespaces',
      found: owner,
      remedy: `add ${namespace} to restarts.namespaces in reroot.yaml: a Job then restarts what is meshed there`,
    })
    return [{ namespace, owner, site: one.site }]
  })
}

function isIstioClass({ object }: KeptObject): boolean {
  return object['kind'] === 'GatewayClass' && istioControllers.test(asText(valueAt(object, 'spec', 'controllerName')) ?? '')
}

function operatorNamespace({ object }: KeptObject, istioNamespace: string): string {
  return (
    asText(valueAt(object, 'spec', 'namespace')) ?? asText(valueAt(object, 'spec', 'values', 'global', 'istioNamespace')) ?? istioNamespace
  )
}

/** @returns what is made from an object, in words; `null` if nothing that holds a certificate. */
function describe(object: ValueMap, classes: ReadonlySet<string>): string | null {
  const { group } = groupVersion(asText(object['apiVersion']) ?? '')
  switch (object['kind']) {
    case 'Gateway': {
      const name = asText(valueAt(object, 'spec', 'gatewayClassName')) ?? ''
      if (group !== 'gateway.networking.k8s.io' || !classes.has(name) || isManual(object)) return null
      return name.includes('waypoint') ? 'istiod makes a waypoint from it' : 'istiod makes a gateway’s Deployment from it'
    }
    case 'IstioOperator':
      return group === 'install.istio.io' ? 'istioctl or an operator makes a control plane from it' : null
    case 'Istio':
      return group === 'sailoperator.io' ? 'the Sail operator makes a control plane from it' : null
    case 'Canary':
      return group === 'flagger.app' ? 'Flagger runs the pods in a primary of its own, which follows only after its analysis' : null
    case 'ZTunnel':
      return group === 'sailoperator.io' ? 'the Sail operator makes ztunnel from it' : null
    default:
      return null
  }
}

/** A Gateway that names a Service in its addresses uses Deployments that exist already ("manual deployment"). */
function isManual(object: ValueMap): boolean {
  return asList(valueAt(object, 'spec', 'addresses')).some(
    (address) => valueAt(address, 'type') === 'Hostname' && asText(valueAt(address, 'value')) !== null,
  )
}
