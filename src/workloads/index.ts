export { findFluxClusters } from './clusters.ts'
export { discover } from './discover.ts'
export type { DiscoveredCluster } from './discover.ts'
export type {
  CacertsSite,
  Controller,
  ControllerId,
  Discovery,
  FluxCluster,
  IstioRelease,
  MeshRole,
  NamespaceFact,
  Opaque,
  Owner,
  Site,
  Workload,
} from './types.ts'
