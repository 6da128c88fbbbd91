export { acceptFindings, isDrainedByTime, openDoubts, unusedAcceptances, waysPast } from './accept.ts'
export { argocdLimits } from './argocd-limits.ts'
export { longestLifetime, shortCertificateHours } from './certificate-hours.ts'
export { missingControlPlane, unknownZtunnel, wrongNamespace } from './control-plane.ts'
export { prunableSecret, secretSite } from './secret-in-place.ts'
export { chooseDeliveries, missingShellImage } from './delivery.ts'
export { ownersLeft } from './owners-left.ts'
export type { ChosenRestart } from './delivery.ts'
export { applicationName, branchName, branchPrefixFor, layoutOf, stateFile } from './layout.ts'
export type { ClusterLayout, Layout } from './layout.ts'
export { changeSets, ownerParts } from './parts.ts'
export type { ChangeSet, ComponentText, Part } from './parts.ts'
export { controlPlaneKustomization } from './order.ts'
export { fitName, isLabel, linkName } from './object-names.ts'
export { freezeRestarts, withoutVanished } from './restart-list.ts'
export {
  cacertsKeys,
  cacertsSyncWave,
  chainText,
  ownMetadata,
  rootsAnnotation,
  secretDocument,
  signerAnnotation,
  stateAnnotation,
  stateSyncWave,
  syncWaveAnnotation,
} from './secret.ts'
export type { SecretMetadata } from './secret.ts'
export { preparedAfter, successor } from './successor.ts'
export { commitMessage, longestBody, pullRequest } from './pull-request.ts'
export type { ClusterStory, PullRequest, Story } from './pull-request.ts'
export { addListEntry, applySplices, insertCreationRules } from './edits/index.ts'
export { scaffoldConfig } from './scaffold.ts'
export type { Scaffold, ScaffoldCluster } from './scaffold.ts'
export { creationRules } from './sops-rules.ts'
export type { ClusterRecipients } from './sops-rules.ts'
export { initRequest } from './init-request.ts'
export type { InitStory } from './init-request.ts'
export { controlPlaneWave, restartsAnything, rolledOutBy } from './waves.ts'
export { unmatchedSettings } from './unmatched.ts'
export { proxiesNotConnected, proxiesNotOf, proxiesOf, proxiesWithout } from './proxies.ts'
export { notRolledOut } from './rollouts.ts'
export { stepWords } from './words.ts'
export { vanishedFrom, vanishedRequest } from './vanished-request.ts'
