import { formatWorkloadId } from '../src/base/index.ts'
import type { WorkloadId } from '../src/base/index.ts'

/** Which workloads of a namespace Istio injects: all that do not refuse, those that ask for it, or none. */
export const injectionRules = ['all', 'labelled', 'none'] as const
export type InjectionRule = (typeof injectionRules)[number]

/** go-template over a Namespace that prints its {@link InjectionRule} (facts: istio.md §4.1, rules 1 to 5). */
export const namespaceTemplate = lines([
  // `<nil>` when the label is missing: present with an empty value, it forbids injection.
  '{{- $injection := printf "%v" (index .metadata.labels "istio-injection") -}}',
  '{{- if eq $injection "enabled" }}all',
  '{{- else if ne $injection "<nil>" }}none',
  '{{- else if index .metadata.labels "istio.io/rev" }}all',
  '{{- else }}labelled{{ end -}}',
])

const conditions: Readonly<Record<InjectionRule, string>> = {
  all: 'true',
  labelled: '(or (index $labels "istio.io/rev") (eq $asked "true"))',
  none: 'false',
}

/**
 * go-template over a namespace's workloads that prints a line `Kind/name` for each that holds a certificate of the mesh: injected by
 * the rules, or a gateway that istiod made of a Gateway (it says `inject: "false"`, since it is no sidecar; facts: istio.md §4.2).
 * @param except workloads that are restarted otherwise, or on purpose not.
 */
export function meshedTemplate(rule: InjectionRule, except: readonly WorkloadId[]): string {
  const excepted = ['', ...new Set(except.map(formatWorkloadId))].map((id) => JSON.stringify(id)).join(' ')
  return lines([
    '{{- range .items -}}',
    '{{- $labels := .spec.template.metadata.labels -}}',
    '{{- $asked := "" }}{{ with index $labels "sidecar.istio.io/inject" }}{{ $asked = . }}{{ end -}}',
    // The label beats the annotation.
    '{{- $said := $asked }}{{ $byHand := false -}}',
    '{{- with .spec.template.metadata.annotations -}}',
    '{{- with index . "sidecar.istio.io/inject" }}{{ if not $asked }}{{ $said = . }}{{ end }}{{ end -}}',
    // `istioctl kube-inject` wrote the sidecar into the template, whatever the namespace says.
    '{{- if index . "sidecar.istio.io/status" }}{{ $byHand = true }}{{ end -}}',
    '{{- end -}}',
    `{{- $injected := and (ne $said "false") (not .spec.template.spec.hostNetwork) ${conditions[rule]} -}}`,
    '{{- $id := printf "%s/%s/%s" .kind .metadata.namespace .metadata.name -}}',
    `{{- if and (or $injected $byHand (index $labels "gateway.istio.io/managed")) (not (eq $id ${excepted})) -}}`,
    '{{ printf "%s/%s\\n" .kind .metadata.name }}',
    '{{- end -}}',
    '{{- end -}}',
  ])
}

function lines(text: readonly string[]): string {
  return `${text.join('\n')}\n`
}
