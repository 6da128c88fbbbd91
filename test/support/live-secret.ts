import { systemEntropy } from '../../src/adapters/system.ts'
import { Confidential } from '../../src/base/index.ts'
import { parseBundle, parseCertificate, preflight } from '../../src/pki/index.ts'
import type { Reader } from './example.ts'
import type { Sandbox } from './sandbox.ts'
import { opened } from './sealed-secret.ts'

/** What a cluster finds when it unseals a Secret. */
export interface SecretInside {
  /** Common names: `Root CA`, `shop root CA g2`. */
  readonly signer: string
  readonly roots: readonly string[]
  readonly state: string | undefined
  /** Why istiod would not take it; empty: it does. */
  readonly problems: readonly string[]
  readonly rootCert: string
}

export const clusterFolder = 'mesh-ca/clusters/prod'
export const liveFile = `${clusterFolder}/cacerts/cacerts.sops.yaml`

/** Opens a sealed Secret of main with the cluster's own identity, and judges it as istiod would. */
export async function inside(sandbox: Sandbox, path = liveFile, as: Reader = sandbox.cluster): Promise<SecretInside> {
  const bytes = sandbox.forge.files().get(path)
  if (bytes === undefined) throw new Error(`main has no ${path}`)
  return insideOf(bytes, path, as)
}

/** The same for the bytes of a file. */
export async function insideOf(bytes: Uint8Array, path: string, as: Reader): Promise<SecretInside> {
  const { data, metadata } = await opened(bytes, path, as)
  const text = (key: string): string => data[key] ?? ''
  const files = {
    caCert: text('ca-cert.pem'),
    caKey: new Confidential(text('ca-key.pem')),
    certChain: text('cert-chain.pem'),
    rootCert: text('root-cert.pem'),
  }
  return {
    signer: commonName(parseCertificate(files.caCert).issuer),
    roots: parseBundle(files.rootCert).map((root) => commonName(root.subject)),
    state: metadata.annotations?.['reroot.dev/state'],
    problems: preflight(files, new Date(), { entropy: systemEntropy }).flatMap((problem) =>
      problem.severity === 'error' ? [problem.message] : [],
    ),
    rootCert: files.rootCert,
  }
}

/** The sealed states beside the live Secret. */
export function preparedStates(sandbox: Sandbox, cluster = 'prod'): readonly string[] {
  const folder = `mesh-ca/clusters/${cluster}/prepared/`
  return [...sandbox.forge.files().keys()].flatMap((path) =>
    path.startsWith(folder) ? [path.slice(folder.length).replace('.sops.yaml', '')] : [],
  )
}

function commonName(subject: string): string {
  return /CN=([^,]*)/.exec(subject)?.[1] ?? subject
}
