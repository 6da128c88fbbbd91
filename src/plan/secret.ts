import { sha256 } from '../base/index.ts'
import { bundleText } from '../pki/index.ts'
import type { CaFiles, Certificate } from '../pki/index.ts'
import type { StateId } from '../rotation/index.ts'

/** The keys of Istio's Secret `cacerts` (istio security/pkg/pki/ca/ca.go). */
export const cacertsKeys = ['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem'] as const

/** Annotations that say in the clear, for reviewers, what is inside. */
export const stateAnnotation = 'reroot.dev/state'
export const signerAnnotation = 'reroot.dev/ca-cert-sha256'
export const rootsAnnotation = 'reroot.dev/root-cert-sha256'

/** Metadata of a Secret that another owner delivers, which reroot keeps. */
export interface SecretMetadata {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly type: string
}

/** Flux must never delete the Secret, also not when reroot's objects are removed: istiod would silently sign with a CA of its own. */
export const ownMetadata: SecretMetadata = {
  labels: { 'app.kubernetes.io/managed-by': 'reroot' },
  annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
  type: 'Opaque',
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
