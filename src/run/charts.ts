/** The charts, loaded only when something is rendered: cdk8s takes longer to load than all the rest. */
export function loadCharts(): Promise<typeof import('../../charts/index.ts')> {
  return import('../../charts/index.ts')
}
