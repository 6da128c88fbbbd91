export { parseConfig } from './config.ts'
export { isAcceptable, reservedWaveNames } from './rules.ts'
export type { ClusterConfig, Config, FluxControllerConfig } from './schema.ts'
export { rotationHindrances } from './capability.ts'
