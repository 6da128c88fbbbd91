import { withoutTrailing } from '../base/index.ts'
import type { Place, YamlPath } from '../base/index.ts'
import type { ControllerId, Site } from './types.ts'
import { asText } from './value.ts'
import type { ValueMap } from './value.ts'

/** A chart that is installed in a cluster, as far as Git shows it: by a HelmRelease, or by an Argo CD Application. */
export interface ChartInstall {
  /** The object that installs it, in words: `HelmRelease istio-system/istiod`. */
  readonly by: string
  /** That object's name. */
  readonly name: string
  readonly site: Site
  readonly controller: ControllerId
  /** Helm's name of the release. */
  readonly release: string
  readonly targetNamespace: string
  /** The chart's name; `null` if Git does not tell. */
  readonly chart: string | null
  readonly version: string | null
  /** URL of the chart's source, or an empty text. */
  readonly url: string
  /** Its values, as far as Git shows them. */
  readonly values: ValueMap
  /** Where more values come from that Git does not show. */
  readonly missingValues: readonly { readonly name: string; readonly place: Place }[]
  /** Where values should stand, in words. */
  readonly valuesBelong: string
  /** Where it says that it installs into another cluster. */
  readonly elsewhere: Place | null
  /** Where it says that it is not applied at present. */
  readonly suspended: Place | null
  /** Its objects are replaced whole at each sync. */
  readonly replaced: boolean
  place(...path: YamlPath): Place
  /** Where a value stands, or is taken from. */
  valuePlace(path: YamlPath): Place
}

/** Values that Git does not show, and where they are asked for: most charts are none of Istio's, and nobody looks for that line. */
export function missingAt(name: string, place: () => Place): ChartInstall['missingValues'][number] {
  return {
    name,
    get place() {
      return place()
    },
  }
}

/** The last part of a path or address: what a chart is called. */
export function lastPart(path: string): string | null {
  return asText(withoutTrailing(path, '/').split('/').at(-1))
}
