import { RerootError, sha256 } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import { parseCertificate, preflight } from '../pki/index.ts'
import { cacertsKeys, rootsAnnotation, signerAnnotation, stateAnnotation } from '../plan/index.ts'
import type { Files } from '../ports.ts'
import type { ClusterRecord } from '../rotation/index.ts'
import { canUnseal, readSealed } from '../seal/index.ts'
import type { Context } from './context.ts'
import { liveBytes, openSecret } from './live-secret.ts'
import type { LoadedCluster } from './load.ts'

interface SealedSecret {
  readonly kind?: unknown
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown; readonly annotations?: Readonly<Record<string, unknown>> }
  readonly data?: Readonly<Record<string, unknown>>
  readonly stringData?: Readonly<Record<string, unknown>>
}

/**
 * Checks a sealed Secret that is about to become the live one, as far as that goes without a key: what it says of itself in the clear
 * against the record, and that no key of it is missing. Whoever holds an identity can check the rest: the MAC covers the clear part too.
 * @param cluster with its record once the step is merged.
 * @throws RerootError REFUSED with every difference.
 */
export function checkSealedState(bytes: Uint8Array, file: string, cluster: Pick<LoadedCluster, 'config' | 'record'>): void {
  const findings = stateDifferences(bytes, file, cluster)
  if (findings.length === 0) return
  throw new RerootError('REFUSED', `${file} is not the sealed state that the step needs`, {
    hint: 'somebody changed it without reroot: do not merge anything that was made from it',
    findings,
  })
}

/** What the live Secret says of itself in the clear, where that is not what the record says of now. No key is needed. */
export function liveSecretFindings(files: Files, cluster: Pick<LoadedCluster, 'config' | 'record'>): readonly Finding[] {
  const { record } = cluster
  const { file } = cluster.config.cacerts
  try {
    return stateDifferences(liveBytes(files, cluster), file, cluster)
  } catch (error) {
    if (!(error instanceof RerootError)) throw error
    if (error.findings.length > 0) return error.findings
    const place = { cluster: record.cluster, file }
    return [
      { id: 'record/secret', severity: 'error', place, message: error.message, expected: `the state ${record.state}`, remedy: error.hint },
    ]
  }
}

/** The namespace that the live Secret names in the clear; `null` if it names none, or cannot be read: that is a finding of its own. */
export function sealedNamespace(files: Files, { config }: Pick<LoadedCluster, 'config'>): string | null {
  try {
    const secret = readSealed(liveBytes(files, { config }), config.cacerts.file)?.document as SealedSecret | undefined
    const namespace = secret?.metadata?.namespace
    return typeof namespace === 'string' ? namespace : null
  } catch (error) {
    if (error instanceof RerootError) return null
    throw error
  }
}

function stateDifferences(
  bytes: Uint8Array,
  file: string,
  { config, record }: Pick<LoadedCluster, 'config' | 'record'>,
): readonly Finding[] {
  const differs = (message: string, expected: string, found: string): Finding => ({
    id: 'record/secret',
    severity: 'error',
    place: { cluster: record.cluster, file },
    message,
    expected,
    found,
    remedy: `take ${file} and record.yaml back from the commit that reroot made (\`git log -- ${file}\`)`,
  })
  const sealed = readSealed(bytes, file)
  if (sealed === null) return [differs('the file is not sealed', 'a Secret cacerts, sealed with SOPS', 'a file without `sops:`')]
  const secret = sealed.document as SealedSecret
  const annotations = secret.metadata?.annotations ?? {}
  const keys = new Set([...Object.keys(secret.data ?? {}), ...Object.keys(secret.stringData ?? {})])
  const said = (annotation: string): string => {
    const value = annotations[annotation]
    return typeof value === 'string' ? value : 'nothing'
  }
  const active = record.intermediates.find((one) => one.state === 'active')
  // What init took over in place says nothing of itself: its annotations are its owner's.
  const adopted = config.cacerts.managed === 'in-place' && annotations[stateAnnotation] === undefined && record.state === 'g1-steady'
  const claims: readonly (readonly [what: string, expected: string, found: string])[] = [
    ['the object', 'Secret cacerts', `${String(secret.kind)} ${String(secret.metadata?.name)}`],
    ['its keys', cacertsKeys.join(', '), cacertsKeys.filter((key) => keys.has(key)).join(', ')],
    ...(adopted
      ? []
      : ([
          [stateAnnotation, record.state, said(stateAnnotation)],
          [signerAnnotation, active?.certificate.fingerprint ?? '', said(signerAnnotation)],
          [rootsAnnotation, record.rootBundle, said(rootsAnnotation)],
        ] as const)),
  ]
  return claims.flatMap(([what, expected, found]) =>
    expected === found ? [] : [differs(`${what} is not what the record says`, expected, found)],
  )
}

/**
 * Opens a sealed Secret that is about to become the live one and compares it with the record, if an age identity at hand opens it. Its key must be
 * that of its certificate; what else preflight may find, an expired root say, must not keep anybody from going on.
 * @returns whether it was opened.
 * @throws RerootError REFUSED if it is not what the record says; SEAL_REFUSED if its MAC is wrong.
 */
export async function verifySealedState(
  bytes: Uint8Array,
  file: string,
  record: ClusterRecord,
  context: Pick<Context, 'identities' | 'sops' | 'clock' | 'entropy'>,
): Promise<boolean> {
  const sealed = readSealed(bytes, file)
  if (sealed === null || !(await canUnseal(sealed.facts, await context.identities.load()))) return false
  const { files } = await openSecret(bytes, file, context)
  const active = record.intermediates.find((one) => one.state === 'active')
  const refusal = (what: string): RerootError =>
    new RerootError('REFUSED', `${file} holds ${what}`, {
      hint: `somebody replaced it: take it back from the commit that reroot made (\`git log -- ${file}\`), and find out who did`,
    })
  if (parseCertificate(files.caCert).fingerprint !== active?.certificate.fingerprint || sha256(files.rootCert) !== record.rootBundle)
    throw refusal('another CA than the record says')
  const [wrong] = preflight(files, context.clock.now(), { entropy: context.entropy }).filter(
    (problem) => problem.severity === 'error' && problem.file === 'ca-key.pem',
  )
  if (wrong !== undefined) throw refusal(`a key that istiod cannot use: ${wrong.message}`)
  return true
}
