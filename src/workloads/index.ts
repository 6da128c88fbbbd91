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
