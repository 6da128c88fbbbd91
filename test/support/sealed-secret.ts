import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { embeddedEngine } from '../../src/seal/embedded.ts'
import { ageIdentities } from '../../src/adapters/identities.ts'
import { readSealed, unseal } from '../../src/seal/index.ts'
import type { Edits } from './forge.ts'
import type { Reader } from './example.ts'
import type { Sandbox } from './sandbox.ts'

/** Where the example's Istio lies, in which people may have sealed the Secret themselves. */
export const inPlaceFile = 'infrastructure/istio/cacerts.sops.yaml'

/** A Secret in the clear, in memory. */
export function secretOf(
  data: Readonly<Record<string, string>>,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]))
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cacerts', namespace: 'istio-system', labels: { team: 'platform' } },
    type: 'Opaque',
    data: encoded,
    ...more,
  }
}

/** Seals a document as sops would by a rule for these people. */
export async function sealed(document: Readonly<Record<string, unknown>>, path: string, recipients: readonly string[]): Promise<string> {
  const rule = {
    place: { file: '.sops.yaml', line: 1 },
    pathRegex: null,
    age: recipients,
    needsSops: [],
    selector: { kind: 'encrypted_regex', value: '^(data|stringData)$' },
    macOnlyEncrypted: false,
    recipients,
  } as const
  return String(await embeddedEngine().seal({ document, rule, path, at: new Date() }))
}

/** The CA's files of one cluster of a sandbox, as they were laid out. */
export function laidOutCa(sandbox: Sandbox, cluster = 'prod'): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem'].map((name) => [
      name,
      readFileSync(join(sandbox.certs, cluster, name), 'utf8'),
    ]),
  )
}

/** Puts a sealed Secret beside Istio, delivered by the team's own Kustomization `istio`. */
export async function deliverInPlace(
  sandbox: Sandbox,
  document: Readonly<Record<string, unknown>>,
  recipients: readonly string[] = [sandbox.cluster.recipient, sandbox.operator.recipient],
): Promise<void> {
  const kustomization = sandbox.forge.file('infrastructure/istio/kustomization.yaml')
  const flux = sandbox.forge.file('clusters/prod/infrastructure.yaml')
  const edits: Edits = {
    [inPlaceFile]: await sealed(document, inPlaceFile, recipients),
    'infrastructure/istio/kustomization.yaml': kustomization.replace(
      '  - istiod.yaml\n',
      '  - cacerts.sops.yaml # unsealed by Flux\n  - istiod.yaml\n',
    ),
    'clusters/prod/infrastructure.yaml': flux.replace(
      '  path: ./infrastructure/istio\n',
      '  path: ./infrastructure/istio\n  decryption: {provider: sops, secretRef: {name: sops-age}}\n',
    ),
  }
  sandbox.forge.push(edits, 'Keep the CA in Git')
}

export interface OpenedCa {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly namespace?: string
  }
  readonly data: Readonly<Record<string, string>>
}

/** Opens a sealed Secret with somebody's identity, in memory; values are decoded. */
export async function opened(bytes: Uint8Array, path: string, as: Reader): Promise<OpenedCa> {
  const identities = ageIdentities({ environment: { SOPS_AGE_KEY_FILE: as.file, HOME: '/nonexistent' } })
  const document = (await unseal(bytes, path, await identities.load())).reveal() as unknown as OpenedCa
  return {
    ...document,
    data: Object.fromEntries(Object.entries(document.data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')])),
  }
}

export function recipientsOf(bytes: Uint8Array, path: string): readonly string[] {
  return readSealed(bytes, path)?.facts.recipients ?? []
}
