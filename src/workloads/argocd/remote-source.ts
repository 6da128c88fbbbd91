import type { Finding } from '../../base/index.ts'
import { lastPart } from '../chart-install.ts'
import type { ChartInstall } from '../chart-install.ts'
import { isIstioChartName } from '../istio-chart.ts'
import { asMap } from '../value.ts'
import type { Application, ApplicationSource } from './application.ts'
import { remoteChart } from './chart-source.ts'
import type { ChartReading } from './chart-source.ts'

/**
 * A source that is not in this repository. A folder that is read as a chart, or an OCI artefact that is called as one of Istio's charts, tells at
 * least its name; of anything else nothing is known, which is reported.
 */
export function remoteSource(reading: ChartReading, application: Application, source: ApplicationSource): readonly ChartInstall[] {
  const oci = source.repoURL.startsWith('oci://')
  const name = (oci && (source.path === null || source.path === '') ? lastPart(source.repoURL) : lastPart(source.path ?? '')) ?? ''
  const isChart = asMap(source.spec['helm']) !== null || (isIstioChartName(name) && source.repoURL.includes('istio'))
  if (isChart && name !== '') return remoteChart(reading, application, source, name)
  reading.report(foreign(reading, application, source))
  return []
}

function foreign({ own }: ChartReading, application: Application, source: ApplicationSource): Finding {
  return {
    id: 'workloads/foreign-source',
    severity: 'error',
    place: application.place(...source.at),
    message: 'what it applies is not in this repository, so its workloads are unknown',
    expected: own.url,
    found: source.repoURL,
    remedy: `name the namespaces of its meshed workloads in reroot.yaml: restarts.namespaces: [${application.targetNamespace ?? 'name'}]`,
  }
}
