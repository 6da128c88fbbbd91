export { faultOf, parseConfig } from './config.ts'
export { isAcceptable, reservedWaveNames } from './rules.ts'
export type { ArgocdControllerConfig, ClusterConfig, Config, ControllerConfig, FluxControllerConfig } from './schema.ts'
export { rotationHindrances } from './capability.ts'
