import type { Finding } from '../../base/index.ts'
import { chooseDeliveries } from '../../plan/index.ts'
import type { Layout } from '../../plan/index.ts'
import type { Files } from '../../ports.ts'
import { clusterFindings } from '../cluster-findings.ts'
import { discoverCluster } from '../load.ts'
import type { InitComposition } from './compose.ts'

/**
 * What `stage` will find once the pull request of `init` is merged, in the repository as it is then: overlays may change reroot's own Application, and the
 * configuration may lack what only people know.
 * @param known what was found already: it is not said once more.
 */
export function findingsAhead(
  files: Files,
  { config, write }: InitComposition,
  layout: Layout,
  known: readonly Finding[],
): readonly Finding[] {
  const said = new Set(known.map(keyOf))
  const loaded = { files: withWritten(files, write), layout, config, written: write.get(layout.config) ?? new Uint8Array() }
  return config.clusters
    .flatMap((cluster) => {
      const discovery = discoverCluster(loaded, { config: cluster })
      return clusterFindings(loaded, { config: cluster }, discovery, chooseDeliveries(config, cluster, discovery, 'stage').findings)
    })
    .map((finding) => (finding.id === 'restart/shell-image' ? { ...finding, place: { ...finding.place, file: layout.config } } : finding))
    .filter((finding) => !said.has(keyOf(finding)))
}

/** Lines move where `init` edits a file. */
function keyOf({ id, place, message, found }: Finding): string {
  return JSON.stringify([id, place.cluster, place.file, place.object, message, found])
}

/** The files as they are once something is committed on top. */
export function withWritten(files: Files, written: ReadonlyMap<string, Uint8Array>): Files {
  return {
    list: () => [...new Set([...files.list(), ...written.keys()])].toSorted(),
    read: (path) => written.get(path) ?? files.read(path),
    links: () => files.links?.() ?? [],
  }
}
