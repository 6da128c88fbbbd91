import type * as charts from '../../charts/index.ts'

/** The charts, loaded only when something is rendered: cdk8s takes longer to load than all the rest. */
export function loadCharts(): Promise<typeof charts> {
  return import('../../charts/index.ts')
}

/** Loads them while a command waits for something else; where that fails, it fails again where they are needed. */
export async function preloadCharts(): Promise<void> {
  try {
    await loadCharts()
  } catch {
    // Said there.
  }
}
