import { join } from 'node:path'
import { startChartRepository } from '../chart-repository.ts'
import type { ChartRepository } from '../chart-repository.ts'
import { placeholderChart } from '../helm-releases.ts'
import type { Programs } from '../programs/build.ts'

/** The charts that the examples name by URL, in the folder of the Istio module. */
export function istioCharts(programs: Programs): ReadonlyMap<string, string> {
  const charts = programs.asset('istiod', 'charts')
  return new Map([
    ['base', join(charts, 'base')],
    ['istiod', join(charts, 'istio-control/istio-discovery')],
    ['gateway', join(charts, 'gateway')],
    ['cni', join(charts, 'istio-cni')],
    ['ztunnel', join(charts, 'ztunnel')],
  ])
}

/** Serves them under the versions that the examples ask for. */
export async function serveCharts(programs: Programs, folder: string): Promise<ChartRepository> {
  const charts = istioCharts(programs)
  const istio = ['base', 'istiod', 'gateway'].map((name) => [charts.get(name) ?? '', '1.30.3'] as const)
  return startChartRepository(programs, folder, [...istio, [await placeholderChart(folder, 'cert-manager'), 'v1.18.2']])
}

/** A file of an example, with the addresses that are to be had here. */
export function withAddresses(text: string, repository: string, charts: string): string {
  return text
    .replaceAll('https://git.example.com/shop/platform.git', repository)
    .replaceAll('https://istio-release.storage.googleapis.com/charts', charts)
    .replaceAll('https://charts.jetstack.io', charts)
}
