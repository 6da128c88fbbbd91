import type { Place, YamlPath } from '../../base/index.ts'
import type { Manifests } from '../manifest.ts'
import { resolvePath } from '../source-tree.ts'
import { asList, asMap, asText, mergeValues, scalarText, valueAt } from '../value.ts'
import type { ValueMap } from '../value.ts'
import type { Application, ApplicationSource } from './application.ts'
import { missingAt } from '../chart-install.ts'
import { setParameters } from '../chart-parameters.ts'
import type { ChartParameter } from '../chart-parameters.ts'
import { doubleStarMatcher } from './glob.ts'
import type { OwnRepository } from './repository-url.ts'
import { layerOfApplication, layerOfFile, placeIn } from './value-place.ts'
import type { Layer } from './value-place.ts'

/** The values that an Application gives to a chart, and where more come from that Git does not show. */
export interface ChartValues {
  readonly values: ValueMap
  readonly missing: readonly { readonly name: string; readonly place: Place }[]
  /** Where a value stands that the Application gives; `null`: it gives none. */
  valuePlace(path: YamlPath): Place | null
}

/**
 * Values by Argo CD's order (v3.5.1, reposerver helmTemplate; docs/user-guide/helm.md): the chart's own, then `valueFiles` one after the other,
 * then `valuesObject` or else `values`, then `parameters`, those with `forceString` last, then `fileParameters`.
 * @param folder the chart's folder in this repository; `null` if the chart is elsewhere.
 */
export function chartValues(
  reading: { readonly manifests: Manifests; readonly own: OwnRepository },
  application: Application,
  source: ApplicationSource,
  folder: string | null,
  defaults: ValueMap,
): ChartValues {
  const helm = asMap(source.spec['helm']) ?? {}
  const missing: ReturnType<typeof missingAt>[] = []
  const miss = (name: string, field: string, index: number): void => {
    missing.push(missingAt(name, () => application.place(...source.at, 'helm', field, index)))
  }
  const layers: Layer[] = []
  const files = asList(helm['valueFiles']).map((file) => environment(asText(file) ?? '', application, source))
  const named = new Set(files.map((file) => resolved(reading.own, application, folder, file)))
  // What is listed again counts where it stands last: before that it changes nothing.
  const last = new Map(files.map((written, index) => [written, index]))
  const counting = files.flatMap((written, index) => (last.get(written) === index ? [{ written, index }] : []))
  for (const { written, index } of counting.slice(mostFiles)) miss(written, 'valueFiles', index)
  for (const { written, index } of counting.slice(0, mostFiles)) {
    for (const found of valueFiles(reading, application, folder, written, named)) {
      const content = found === null ? null : contentOf(reading.manifests, found)
      if (found !== null && content !== null) layers.push(layerOfFile(reading.manifests, found, content))
      else if (helm['ignoreMissingValueFiles'] !== true || found !== null) miss(written, 'valueFiles', index)
    }
  }
  layers.push(layerOfApplication(reading.manifests, application, source))
  const listed = asList(helm['parameters']).flatMap((parameter, index): readonly WrittenParameter[] => {
    const name = asText(valueAt(parameter, 'name'))
    const value = environment(scalarText(valueAt(parameter, 'value')) ?? '', application, source)
    return name === null ? [] : [{ name, value, forceString: valueAt(parameter, 'forceString') === true, field: 'parameters', index }]
  })
  const parameters = [...listed.filter(({ forceString }) => !forceString), ...listed.filter(({ forceString }) => forceString)]
  asList(helm['fileParameters']).forEach((parameter, index) => {
    const name = asText(valueAt(parameter, 'name')) ?? ''
    const written = environment(asText(valueAt(parameter, 'path')) ?? '', application, source)
    const [file] = valueFiles(reading, application, folder, written, new Set())
    const bytes = file === undefined || file === null ? null : reading.manifests.tree.read(file)
    if (bytes === null) miss(written, 'fileParameters', index)
    else parameters.push({ name, value: new TextDecoder().decode(bytes), forceString: true, field: 'fileParameters', index })
  })
  const merged = layers.reduce((values, layer) => mergeValues(values, layer.values), defaults)
  const set = setParameters(merged, parameters)
  for (const { name, field, index } of set.refused) miss(`the parameter ${name.slice(0, 40)}`, field, index)
  const places = parameters.map(({ name, field, index }) => ({ name, place: () => application.place(...source.at, 'helm', field, index) }))
  return { values: set.values, missing, valuePlace: placeIn(layers, places) }
}

/** A parameter, and where an Application has it. */
interface WrittenParameter extends ChartParameter {
  readonly field: string
  readonly index: number
}

// Nobody lists as many, and for a pattern all files are compared.
const mostFiles = 1000

/**
 * The files that an entry means, in the order in which they count (getResolvedValueFiles): from the chart's folder, from the root with `/` before
 * it, from another source of the Application with `$ref` before it; stars are expanded, but files that are listed by name keep their place.
 * @returns `null` for a file that Git does not show.
 */
function valueFiles(
  { manifests, own }: { readonly manifests: Manifests; readonly own: OwnRepository },
  application: Application,
  folder: string | null,
  written: string,
  named: ReadonlySet<string | null>,
): readonly (string | null)[] {
  const path = resolved(own, application, folder, written)
  if (path === null) return [null]
  if (!/[*?[]/.test(path)) return [manifests.tree.hasFile(path) ? path : null]
  const matches = doubleStarMatcher(path)
  const found = manifests.tree.files.filter((file) => matches(file) && !named.has(file))
  return found.length === 0 ? [null] : found
}

function resolved(own: OwnRepository, application: Application, folder: string | null, written: string): string | null {
  const [, ref, inRef] = /^\$([^/]+)\/(.*)$/.exec(written) ?? []
  if (ref !== undefined && inRef !== undefined) {
    const source = application.sources.find((one) => one.ref === ref)
    return source !== undefined && own.is(source.repoURL) ? resolvePath('', inRef.replace(/^\/+/, '')) : null
  }
  if (folder === null || written === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(written)) return null
  return written.startsWith('/') ? resolvePath('', written.replace(/^\/+/, '')) : resolvePath(folder, written)
}

/** @returns `null` if the file is sealed, or no YAML: Git does not show its values. */
function contentOf(manifests: Manifests, file: string): ValueMap | null {
  const [document] = manifests.wholeDocuments(file)
  if (document === undefined) return (manifests.tree.read(file)?.byteLength ?? 0) === 0 ? {} : null
  return document.sealed ? null : (asMap(document.value) ?? {})
}

/** What Argo CD fills in (docs/user-guide/build-environment.md), as far as Git shows it. */
export function environment(text: string, application: Application, source: ApplicationSource): string {
  if (!text.includes('$ARGOCD_') && !text.includes('${ARGOCD_')) return text
  const known: Readonly<Record<string, string>> = {
    ARGOCD_APP_NAME: application.name,
    ARGOCD_APP_NAMESPACE: application.targetNamespace ?? '',
    ARGOCD_APP_PROJECT_NAME: application.project,
    ARGOCD_APP_SOURCE_PATH: source.path ?? '',
    ARGOCD_APP_SOURCE_REPO_URL: source.repoURL,
    ARGOCD_APP_SOURCE_TARGET_REVISION: source.revision ?? '',
  }
  return text.replace(/\$\{(ARGOCD_\w+)\}|\$(ARGOCD_\w+)/g, (found, braced: string | undefined, bare: string | undefined) => {
    return known[braced ?? bare ?? ''] ?? found
  })
}
