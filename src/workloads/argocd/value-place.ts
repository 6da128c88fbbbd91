import { parseYamlFile } from '../../base/index.ts'
import type { Place, YamlPath } from '../../base/index.ts'
import { lineOfWord } from '../line-at.ts'
import type { Manifests } from '../manifest.ts'
import { asMap, asText, valueAt } from '../value.ts'
import type { ValueMap } from '../value.ts'
import type { Application, ApplicationSource } from './application.ts'

/** Values that are merged over those before, and where each of them stands. */
export interface Layer {
  readonly values: ValueMap
  place(path: YamlPath): Place
}

/** Values of a file. */
export function layerOfFile(manifests: Manifests, file: string, values: ValueMap): Layer {
  return { values, place: (path) => ({ file, line: manifests.lineOf(file, 0, path) }) }
}

/** The values that an Application holds itself: `valuesObject`, or else the text of `values`. */
export function layerOfApplication(manifests: Manifests, application: Application, source: ApplicationSource): Layer {
  const helm = asMap(source.spec['helm']) ?? {}
  const object = asMap(helm['valuesObject'])
  if (object !== null) return { values: object, place: (path) => application.place(...source.at, 'helm', 'valuesObject', ...path) }
  const text = asText(helm['values']) ?? ''
  return {
    values: asMap(parseYamlFile(new TextEncoder().encode(text), '').documents[0]?.value) ?? {},
    place(path) {
      const place = application.place(...source.at, 'helm', 'values')
      const { file = '', line = 1 } = place
      return { ...place, line: lineOfWord(manifests, file, line, text, String(path.at(-1))) }
    },
  }
}

/** Where a value stands: in the last parameter that sets it, or in the last layer that has it; `null`: in none. */
export function placeIn(
  layers: readonly Layer[],
  parameters: readonly { readonly name: string; readonly place: () => Place }[],
): (path: YamlPath) => Place | null {
  return (path) =>
    parameters.findLast(({ name }) => name === path.join('.'))?.place() ??
    layers.findLast(({ values }) => valueAt(values, ...path) !== undefined)?.place(path) ??
    null
}
