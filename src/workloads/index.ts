export { hidesWorkloads } from './argocd/content-findings.ts'
export { globMatcher } from './argocd/glob.ts'
export { findArgocdClusters } from './argocd/find-clusters.ts'
export { findFluxClusters } from './clusters.ts'
export { discover } from './discover.ts'
export { kustomizationPaths } from './kustomization-file.ts'
export type { DiscoveredCluster, DiscoveredController } from './discover.ts'
export { syncWaveOf } from './sync-wave.ts'
export type { ArgocdCluster, FluxCluster, SyncedCluster } from './synced-cluster.ts'
export type {
  ArgocdApplicationFacts,
  ArgocdProject,
  ArgocdSettings,
  CacertsSite,
  CertificateLifetime,
  Controller,
  ControllerId,
  Destination,
  Discovery,
  FluxKustomizationFacts,
  GroupKind,
  IstioRelease,
  MeshRole,
  NamespaceFact,
  Opaque,
  Owner,
  Site,
  Workload,
} from './types.ts'
