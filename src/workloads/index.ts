export { formatWorkloadId, parseWorkloadId, workloadKinds } from './types.ts'
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
  WorkloadId,
  WorkloadKind,
} from './types.ts'
