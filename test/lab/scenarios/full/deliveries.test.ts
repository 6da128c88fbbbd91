import { describe } from 'vitest'
import { startFluxWorld } from '../../worlds/flux.ts'
import { deliveriesSideBySide } from '../deliveries.ts'

describe('job, owner and merge side by side under Flux', () => {
  deliveriesSideBySide(startFluxWorld, { multiRoot: true, namespaces: 2, workloadsEach: 3 }, false)
})
