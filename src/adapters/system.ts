import { randomBytes } from 'node:crypto'
import type { Clock, Entropy } from '../ports.ts'

export const systemClock: Clock = { now: () => new Date() }

export const systemEntropy: Entropy = { bytes: (length) => new Uint8Array(randomBytes(length)) }
