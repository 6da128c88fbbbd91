import { sha256 } from '../base/index.ts'
import type { ClusterConfig } from '../mesh/index.ts'
import { bundleText } from '../pki/index.ts'
import type { CaFiles, Certificate } from '../pki/index.ts'
import type { StateId } from '../rotation/index.ts'

/** The keys of Istio's Secret `cacerts` (istio security/pkg/pki/ca/ca.go). */
export const cacertsKeys = ['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem'] as const

/** Annotations that say in the clear, for reviewers, what is inside. */
export const stateAnnotation = 'reroot.dev/state'
export const signerAnnotation = 'reroot.dev/ca-cert-sha256'
export const rootsAnnotation = 'reroot.dev/root-cert-sha256'

/** Argo CD applies objects by it, lowest first, and waits for each wave to be healthy before the next (facts/gitops.md 1.1). */
export const syncWaveAnnotation = 'argocd.argoproj.io/sync-wave'

/** The sync wave of a Secret that reroot delivers: behind the entry gate, which is in the one before. */
export const cacertsSyncWave = 1

/**
 * The sync wave of `mesh-ca-state`: one behind the Secret's. In one wave Argo CD would apply it also if the Secret was refused, and gates would believe
 * it (gitops-engine v0.7, sync_context.go, runTasks goes on with the next kind).
 */
export const stateSyncWave = (secret: number): number => secret + 1

/** Metadata of a Secret that another owner delivers, which reroot keeps. */
export interface SecretMetadata {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly type: string
}

const unlabelled = { labels: { 'app.kubernetes.io/managed-by': 'reroot' }, type: 'Opaque' } as const

/**
 * Metadata of a Secret that reroot delivers. The controller must never delete it, also not when reroot's objects are removed: istiod would silently
 * sign with a CA of its own.
 *
 * Under Argo CD `ServerSideApply` keeps the key out of the annotation `last-applied-configuration` (facts/gitops.md 6), and the sync wave stands behind
 * the entry gate. Both are sealed with the Secret (KSOPS checks the MAC), so they are the same in every state.
 */
export const ownMetadata: Readonly<Record<ClusterConfig['controller']['type'], SecretMetadata>> = {
  flux: { ...unlabelled, annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } },
  argocd: {
    ...unlabelled,
    annotations: {
      'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false,ServerSideApply=true',
      [syncWaveAnnotation]: String(cacertsSyncWave),
    },
  },
}

/**
 * The Secret `cacerts` in the clear, in memory: `data`, never `stringData`; no hash suffix, not immutable (facts/gitops.md D4).
 * Only a sealing engine may turn it into bytes.
 */
export function secretDocument(input: {
  readonly namespace: string
  readonly state: StateId
  readonly signer: Certificate
  readonly files: CaFiles
  readonly metadata: SecretMetadata
}): Readonly<Record<string, unknown>> {
  const { files, metadata } = input
  const annotations = {
    ...metadata.annotations,
    [signerAnnotation]: input.signer.fingerprint,
    [rootsAnnotation]: sha256(files.rootCert),
    [stateAnnotation]: input.state,
  }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cacerts', namespace: input.namespace, labels: metadata.labels, annotations },
    type: metadata.type,
    data: {
      'ca-cert.pem': base64(files.caCert),
      'ca-key.pem': base64(files.caKey.reveal()),
      'cert-chain.pem': base64(files.certChain),
      'root-cert.pem': base64(files.rootCert),
    },
  }
}

/** cert-chain.pem starts with the cluster's own intermediate and holds only the signer's chain (facts/istio.md 3.1). */
export function chainText(intermediate: Certificate, root: Certificate): string {
  return bundleText([intermediate, root])
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
