import type { ChartInstall } from '../chart-install.ts'
import { istioChartOf } from '../istio-chart.ts'
import type { Manifests } from '../manifest.ts'

// A value after the key, unless it says no; a template may say anything.
const asks = /istio\.io\/rev\b|sidecar\.istio\.io\/inject(?!["']?\s*:\s*["']?false\b)/
const makesPods = /^kind:\s*["']?(Deployment|StatefulSet|DaemonSet|ReplicaSet|Rollout|Job|CronJob|Pod|\{\{)/m
const plainNamespace = /^ {0,4}namespace:\s*["']?([a-z0-9][-a-z0-9]*)["']?\s*(?:#.*)?$/gm

/**
 * The install of a chart whose templates are in this repository, with what these tell without being rendered: pods that ask for a sidecar themselves, and
 * namespaces other than that of the release, each as one more install.
 */
export function withTemplates({ tree }: Manifests, chart: ChartInstall, files: readonly string[]): readonly ChartInstall[] {
  if (istioChartOf(chart) !== null) return [chart]
  const texts = files.map((file) => new TextDecoder().decode(tree.read(file) ?? new Uint8Array()))
  const named = texts
    .flatMap((text) => text.split(/^---.*$/m))
    .filter((document) => makesPods.test(document))
    .flatMap((document) => [...document.matchAll(plainNamespace)].map(([, namespace = '']) => namespace))
  // Whoever judges the release looks in its values for labels by which pods ask.
  const asking = texts.some((text) => asks.test(text))
  const values = asking ? { ...chart.values, '(templates)': { 'sidecar.istio.io/inject': 'true' } } : chart.values
  return [...new Set([chart.targetNamespace, ...named])].map((targetNamespace) => ({ ...chart, targetNamespace, values }))
}
