import type { Resource } from '../resource.ts'
import { asMap } from '../value.ts'
import type { Value, ValueMap } from '../value.ts'
import type { Application } from './application.ts'
import type { Reading } from './content.ts'
import { kindOf } from './definition.ts'
import { inCluster } from './known-clusters.ts'
import { filesReached } from './kustomize-source.ts'

/** Whether an Application applies Applications: some are seen, its files name some, or it goes to where Argo CD looks for them. */
export function leadsToApplications(reading: Reading, application: Application, made: readonly Resource[]): boolean {
  const { destination, sources, targetNamespace } = application
  if (targetNamespace === reading.namespace) return true
  const isLocal = destination.server === inCluster.server || destination.name === inCluster.name
  if (isLocal && targetNamespace !== null && reading.namespaces.has(targetNamespace)) return true
  if (made.some(({ object }) => isApplication(object))) return true
  // What cannot be built may be what the files say.
  return sources.some(({ path, chart, repoURL }) => {
    if (path === null || chart !== null || !reading.own.is(repoURL)) return false
    return [...filesReached(reading.manifests, path)].some((file) => namesApplications(reading, file))
  })
}

/** Whether a file, which may be a template, holds an Application or an ApplicationSet. */
export function namesApplications({ manifests, search }: Pick<Reading, 'manifests' | 'search'>, file: string): boolean {
  if (!search.hasAny(file, ['argoproj.io/'])) return false
  const text = new TextDecoder().decode(manifests.tree.read(file) ?? new Uint8Array())
  return textNamesApplications(text)
}

// What stands before a key is on its line: a search over line ends would read all empty lines again from each of them.
const apiVersionField = /^(?:[^\S\n\r\u2028\u2029]|-)*["']?apiVersion["']?:\s*["']?argoproj\.io\//m
const kindField = /^(?:[^\S\n\r\u2028\u2029]|-)*["']?kind["']?:\s*["']?(Application(Set)?\b|\{\{)/m

function textNamesApplications(text: string): boolean {
  return text.split(/^---.*$/m).some((document) => apiVersionField.test(document) && kindField.test(document))
}

/** Whether values of a chart hold one, as a map or as text: charts often take `extraObjects`. */
export function holdsApplications(values: Value): boolean {
  if (typeof values === 'string') return values.includes('argoproj.io/') && textNamesApplications(values)
  if (Array.isArray(values)) return (values as readonly Value[]).some(holdsApplications)
  const map = asMap(values)
  return map !== null && (isApplication(map) || Object.values(map).some(holdsApplications))
}

function isApplication(object: ValueMap): boolean {
  const kind = kindOf(object)
  return kind === 'Application' || kind === 'ApplicationSet'
}
