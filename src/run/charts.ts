import type * as charts from '../../charts/index.ts'

/** The charts, loaded only when something is rendered: cdk8s takes longer to load than all the rest. */
export function loadCharts(): Promise<typeof charts> {
  return import('../../charts/index.ts')
}
