import type { Files } from '../ports.ts'
import { stateFile } from '../plan/index.ts'
import { loadCharts } from './charts.ts'
import { inPlaceStateWave } from './live-secret.ts'
import { load } from './load.ts'
import { clusterProps } from './render-cluster.ts'

/** The present state as files: what charts render, as text, and the sealed files, as they are. */
export interface Rendered {
  readonly manifests: ReadonlyMap<string, string>
  readonly sealed: ReadonlyMap<string, Uint8Array>
}

/**
 * Renders what the configuration and the record say, offline and without keys. Sealed files are copied byte for byte.
 * @throws RerootError CONFIG_INVALID or RECORD_INVALID; REFUSED if a Secret in place under Argo CD, whose sync wave its state follows, is missing.
 */
export async function render(files: Files, directory: string): Promise<Rendered> {
  const loaded = load(files, directory)
  const charts = await loadCharts()
  const manifests = new Map<string, string>()
  const sealed = new Map<string, Uint8Array>()
  for (const cluster of loaded.clusters) {
    const props = clusterProps({ ...loaded, cluster, record: cluster.record, restarts: cluster.restarts })
    for (const [path, text] of charts.renderCluster(props)) manifests.set(path, text)
    manifests.set(cluster.config.controller.register, charts.renderRegister(props))
    if (cluster.config.cacerts.managed === 'in-place')
      manifests.set(
        stateFile(cluster.config.cacerts.file),
        charts.renderState({ ...props, state: cluster.record.state }, inPlaceStateWave(files, cluster)),
      )
    const live = files.read(cluster.config.cacerts.file)
    if (live !== null) sealed.set(cluster.config.cacerts.file, live)
  }
  return { manifests, sealed }
}
