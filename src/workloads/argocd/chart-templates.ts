import type { ChartInstall } from '../chart-install.ts'
import { istioChartOf } from '../istio-chart.ts'
import type { Manifests } from '../manifest.ts'
import { asText, valueAt } from '../value.ts'
import type { ValueMap } from '../value.ts'

/** No value lies deeper: YAML is read 1,000 deep. */
export const mostParts = 2000

// A value after the key, unless it says no; a template may say anything.
const asks = /istio\.io\/rev\b|sidecar\.istio\.io\/inject(?!["']?\s*:\s*["']?false\b)/
const podKinds = '(Deployment|StatefulSet|DaemonSet|ReplicaSet|Rollout|Job|CronJob|Pod|\\{\\{)'
const makesPods = new RegExp(`^kind:\\s*["']?${podKinds}`, 'm')
const isList = /^kind:\s*["']?List\b/m
const listed = new RegExp(`^(?:[^\\S\\n\\r\\u2028\\u2029]|-)*kind:\\s*["']?${podKinds}`, 'gm')
// In block style, not as deep as pod templates are, and in flow style.
const namespaceField = /(?:^ {0,4}|[{,]\s*)["']?namespace["']?:[ \t]*(\{\{.{0,1000}?\}\}|["']?[a-z0-9][-a-z0-9]*["']?)/gm

/**
 * The install of a chart whose templates are in this repository, with what these tell without being rendered: pods that ask for a sidecar themselves, and
 * namespaces other than that of the release, each as one more install.
 */
export function withTemplates({ tree }: Manifests, chart: ChartInstall, files: readonly string[]): readonly ChartInstall[] {
  if (istioChartOf(chart) !== null) return [chart]
  const texts = files.map((file) => new TextDecoder().decode(tree.read(file) ?? new Uint8Array()))
  const named = texts
    .flatMap((text) => text.split(/^---.*$/m))
    .filter((document) => makesPods.test(document) || listsPods(document))
    .flatMap((document) => [...document.matchAll(namespaceField)].flatMap(([, written = '']) => namespacesIn(written, chart.values)))
  // Whoever judges the release looks in its values for labels by which pods ask.
  const asking = texts.some((text) => asks.test(text))
  const values = asking ? { ...chart.values, '(templates)': { 'sidecar.istio.io/inject': 'true' } } : chart.values
  return [...new Set([chart.targetNamespace, ...named])].map((targetNamespace) => ({ ...chart, targetNamespace, values }))
}

/** One search after the other: a single one would read on to the end from each `kind: List`. */
function listsPods(document: string): boolean {
  const list = isList.exec(document)
  if (list === null) return false
  listed.lastIndex = list.index + list[0].length
  return listed.test(document)
}

/** What a field may become: its text; or of a template all texts and values in it, and what helpers of most charts go by. */
function namespacesIn(written: string, values: ValueMap): readonly string[] {
  if (!written.startsWith('{{')) return [written.replace(/["']/g, '')]
  const texts = [...written.matchAll(/["`]([a-z0-9][-a-z0-9]*)["`]/g)].map(([, text]) => text ?? null)
  const paths = [...written.matchAll(/\.Values((?:\.\w+)+)/g)].map(([, path = '']) => path.slice(1).split('.', mostParts))
  const helpers = /\b(include|template)\b/.test(written) ? [['namespaceOverride'], ['global', 'namespaceOverride']] : []
  const given = [...paths, ...helpers].map((path) => asText(valueAt(values, ...path)))
  return [...texts, ...given].flatMap((text) => (text === null || text === '' || text.includes('{{') ? [] : [text]))
}
