import { describe } from 'vitest'
import { startArgocdWorld } from '../../worlds/argocd.ts'
import { deliveriesSideBySide } from '../deliveries.ts'

describe('a whole rotation of examples/argocd, with deliveries job, owner and merge side by side', () => {
  deliveriesSideBySide(startArgocdWorld, { multiRoot: true, handshakesPerSecond: 60 }, true)
})
