import type { Inventory } from './inventory.ts'
import type { Releases } from './releases.ts'
import { asList, asText, textMap, valueAt } from './value.ts'
import type { Value } from './value.ts'

/**
 * Whether a control plane injects into namespaces that do not ask for it (`enableNamespacesByDefault`): the values of its chart or of its
 * operator's object say so, or a webhook among plain manifests does.
 */
export function injectsByDefault(inventory: Inventory, releases: Releases): boolean {
  if (releases.istio.some(({ chart, release }) => chart === 'istiod' && enables(release.values))) return true
  return [...inventory.kept.values()].some(({ object }) => {
    switch (object['kind']) {
      case 'MutatingWebhookConfiguration':
        return asList(object['webhooks']).some(takesUnlabelled)
      case 'Istio':
      case 'IstioOperator':
        return enables(valueAt(object, 'spec', 'values'))
      default:
        return false
    }
  })
}

/** The chart asks with `if`: what Go takes for true counts, `"false"` too. */
function enables(values: Value): boolean {
  return Boolean(valueAt(values, 'sidecarInjectorWebhook', 'enableNamespacesByDefault'))
}

/**
 * Whether it is an injector that takes pods without labels in namespaces without labels, as `auto.sidecar-injector.istio.io` does (chart istiod
 * 1.30.3, mutatingwebhook.yaml and revision-tags-mwc.yaml). The other rules each want a label of one of the two.
 */
function takesUnlabelled(webhook: Value): boolean {
  if (!/(^|\.)sidecar-injector\.istio\.io$/.test(asText(valueAt(webhook, 'name')) ?? '')) return false
  return [valueAt(webhook, 'namespaceSelector'), valueAt(webhook, 'objectSelector')].every(matchesNoLabels)
}

/** Kubernetes' LabelSelector against no labels: `NotIn` and `DoesNotExist` hold; a selector that is missing matches all. */
function matchesNoLabels(selector: Value): boolean {
  if (Object.keys(textMap(valueAt(selector, 'matchLabels'))).length > 0) return false
  return asList(valueAt(selector, 'matchExpressions')).every((one) => {
    const operator = valueAt(one, 'operator')
    return operator === 'NotIn' || operator === 'DoesNotExist'
  })
}
