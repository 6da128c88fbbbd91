/** What the decision to inject a sidecar depends on, of a pod template. */
export interface PodTemplate {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly hostNetwork: boolean
}

export type Verdict =
  /** The pods hold a certificate of the mesh. `revision` is the control plane that injects them; `null` if they were injected by hand. */
  | { readonly mesh: 'in'; readonly rule: string; readonly revision: string | null }
  | { readonly mesh: 'out'; readonly why: string }
  /** It depends on labels of the namespace, which Git does not show. */
  | { readonly mesh: 'unknown' }

// pkg/kube/inject/inject.go, IgnoredNamespaces
const ignoredNamespaces = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'])
const inject = 'sidecar.istio.io/inject'
const revisionLabel = 'istio.io/rev'
const injection = 'istio-injection'
const dataplane = 'istio.io/dataplane-mode'

/**
 * Whether pods of a template get a sidecar (Istio 1.30.3: the webhook of chart istiod, then pkg/kube/inject/inject.go).
 * @param namespaceLabels `null` if nobody knows them.
 * @param byDefault a control plane injects into namespaces that do not ask for it (default-injection.ts).
 */
export function judgeInjection(
  pod: PodTemplate,
  namespace: string,
  namespaceLabels: Readonly<Record<string, string>> | null,
  byDefault: boolean,
): Verdict {
  if (pod.annotations['sidecar.istio.io/status'] !== undefined)
    return { mesh: 'in', rule: 'its template was injected by hand', revision: null }
  const refusal = refusalOfPod(pod, namespace)
  if (refusal !== null) return { mesh: 'out', why: refusal }
  if (namespaceLabels === null) return { mesh: 'unknown' }

  const match = webhookMatch(pod, namespace, namespaceLabels, byDefault)
  if (match.mesh === 'in') return match
  // An ambient pod holds no certificate itself (istio-cni values: ambient.istio.io redirection).
  const ambient = pod.labels[dataplane] === 'ambient' || (namespaceLabels[dataplane] === 'ambient' && pod.labels[dataplane] !== 'none')
  return ambient ? { mesh: 'out', why: 'in ambient mode: ztunnel holds its certificates' } : match
}

/** What keeps a sidecar away whatever the namespace says. */
function refusalOfPod(pod: PodTemplate, namespace: string): string | null {
  if (pod.hostNetwork) return 'its pods use the host’s network'
  if (ignoredNamespaces.has(namespace)) return `Istio never injects into namespace ${namespace}`
  const label = pod.labels[inject]
  const annotation = pod.annotations[inject]
  if (label === 'false') return `its pods have the label ${inject}=false`
  // The annotation is the fallback of the label; other words than true and false mean the default.
  if (label === undefined && annotation === 'false') return `its pods have the annotation ${inject}: "false"`
  return null
}

/** The six rules of the webhook: mutatingwebhook.yaml and revision-tags-mwc.yaml of chart istiod. The pod's own `false` is dealt with before. */
function webhookMatch(
  pod: PodTemplate,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  byDefault: boolean,
): Exclude<Verdict, { mesh: 'unknown' }> {
  const label = pod.labels[inject]
  const wanted = labels[injection]
  const namespaceRevision = labels[revisionLabel]
  const podRevision = pod.labels[revisionLabel]
  if (wanted === 'enabled') return { mesh: 'in', rule: `namespace ${namespace} has ${injection}=enabled`, revision: 'default' }
  if (wanted !== undefined) return { mesh: 'out', why: `namespace ${namespace} has ${injection}=${wanted}` }
  if (namespaceRevision !== undefined) {
    return { mesh: 'in', rule: `namespace ${namespace} has ${revisionLabel}=${namespaceRevision}`, revision: namespaceRevision }
  }
  if (podRevision !== undefined)
    return { mesh: 'in', rule: `its pods have the label ${revisionLabel}=${podRevision}`, revision: podRevision }
  if (label === 'true') return { mesh: 'in', rule: `its pods have the label ${inject}=true`, revision: 'default' }
  if (byDefault && label === undefined)
    return { mesh: 'in', rule: 'the control plane injects every namespace (enableNamespacesByDefault)', revision: 'default' }
  return { mesh: 'out', why: `neither namespace ${namespace} nor its pods ask for a sidecar` }
}

/** Whether labels of a namespace alone put its pods into the mesh. */
export function namespaceAsks(labels: Readonly<Record<string, string>>): boolean {
  return labels[injection] === 'enabled' || (labels[injection] === undefined && labels[revisionLabel] !== undefined)
}
