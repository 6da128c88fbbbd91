import { Confidential, RerootError, sha256 } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import { parseCertificate, preflight } from '../pki/index.ts'
import type { CaFiles } from '../pki/index.ts'
import { cacertsKeys, stateSyncWave } from '../plan/index.ts'
import type { SecretMetadata } from '../plan/index.ts'
import type { Files } from '../ports.ts'
import { generationIn } from '../rotation/index.ts'
import { describeRule, isSameRecipient, readSealed, unseal } from '../seal/index.ts'
import type { CreationRule, PlainDocument } from '../seal/index.ts'
import { syncWaveOf } from '../workloads/index.ts'
import type { Context } from './context.ts'
import type { Loaded, LoadedCluster } from './load.ts'

/** A `cacerts` Secret, opened in memory. */
export interface OpenedSecret {
  readonly files: CaFiles
  readonly metadata: SecretMetadata
  readonly namespace: string | null
  /** Keys beside the four that istiod reads. */
  readonly otherKeys: readonly string[]
}

/** Opens a sealed Secret with the operator's identities. @throws RerootError NO_IDENTITY, SEAL_REFUSED, or CA_UNSUPPORTED. */
export async function openSecret(bytes: Uint8Array, file: string, context: Pick<Context, 'identities' | 'sops'>): Promise<OpenedSecret> {
  const document = await unseal(bytes, file, await context.identities.load(), context.sops, context.identities.places())
  return secretOf(document, file)
}

/**
 * The live Secret of a cluster, checked against the record and by istiod's own rules.
 * @throws RerootError REFUSED if it is not what the record says, CA_UNSUPPORTED if istiod would not take it.
 */
export async function openLiveSecret(loaded: Loaded, cluster: LoadedCluster, context: Context): Promise<OpenedSecret> {
  const file = cluster.config.cacerts.file
  const opened = await openSecret(liveBytes(loaded.files, cluster), file, context)
  const active = cluster.record.intermediates.find((one) => one.state === 'active')
  const differences = [
    ['ca-cert.pem', active?.certificate.fingerprint, parseCertificate(opened.files.caCert).fingerprint],
    ['root-cert.pem', cluster.record.rootBundle, sha256(opened.files.rootCert)],
  ].filter(([, expected, found]) => expected !== found)
  if (differences.length > 0) {
    throw new RerootError('REFUSED', `${file} is not the Secret that the record describes`, {
      hint: 'somebody changed the Secret or the record without reroot: take both back to the commit that reroot made',
      findings: differences.map(([key, expected, found]) => ({
        id: 'record/secret',
        severity: 'error',
        place: { cluster: cluster.config.name, file },
        message: `${key} in the Secret differs from the record`,
        expected: expected ?? 'nothing',
        found: found ?? 'nothing',
        remedy: `compare with generation ${generationIn(loaded.mesh, cluster.record.phase.signer).id} in mesh.yaml`,
      })),
    })
  }
  refuseOtherKeys(opened, file)
  refuseBadBundle(opened.files, file, cluster.config.name, context)
  return opened
}

/** @throws RerootError CA_UNSUPPORTED for a Secret with keys that the states to come would not have. */
export function refuseOtherKeys({ otherKeys }: OpenedSecret, file: string): void {
  if (otherKeys.length === 0) return
  throw new RerootError('CA_UNSUPPORTED', `${file} holds keys that istiod does not read: ${otherKeys.join(', ')}`, {
    hint: 'reroot would drop them at the next step: take them out first',
  })
}

/**
 * The states to come take the live Secret's place, so whoever unseals it now must be able to unseal them: the cluster's controller first of all.
 * @param rule by which they would be sealed.
 * @throws RerootError SEAL_REFUSED if the rule leaves somebody out.
 */
export function refuseOtherReaders(loaded: Pick<Loaded, 'files'>, cluster: Pick<LoadedCluster, 'config'>, rule: CreationRule): void {
  const file = cluster.config.cacerts.file
  const { readers, left } = readersOf(liveBytes(loaded.files, cluster), file, rule)
  if (left.length === 0) return
  throw new RerootError(
    'SEAL_REFUSED',
    `the rule at ${rule.place.file}:${rule.place.line} would seal the next states for others than ${file} is sealed for now`,
    {
      hint: 'put reroot’s rule for it above any catch-all; if somebody is to be left out, take them out of the live Secret first: correct the rule and run `sops updatekeys FILE`',
      findings: [
        {
          id: 'sops/settings',
          severity: 'error',
          place: { cluster: cluster.config.name, ...rule.place },
          message: 'the rule leaves out who can unseal the live Secret',
          expected: readers.join(', '),
          found: describeRule(rule),
          remedy: 'correct the rule, or the live Secret',
        },
      ],
    },
  )
}

/** The same for `replace`: who can unseal may be what has leaked, so it goes on; but a cluster that cannot unseal would never get the new CA. */
export function sayIfOtherReaders(
  loaded: Pick<Loaded, 'files'>,
  cluster: Pick<LoadedCluster, 'config'>,
  rule: CreationRule,
  { terminal }: Pick<Context, 'terminal'>,
): void {
  const { name, cacerts } = cluster.config
  const left = ((): readonly string[] => {
    try {
      return readersOf(loaded.files.read(cacerts.file), cacerts.file, rule).left
    } catch (error) {
      // Whatever it has become, it is replaced.
      if (error instanceof RerootError) return []
      throw error
    }
  })()
  if (left.length === 0) return
  terminal.say(
    `warning: the rule at ${rule.place.file}:${rule.place.line} leaves out ${left.join(', ')}, who can unseal the live Secret of ${name}: see that the identity which ${name} unseals with is among the rule's`,
  )
}

function readersOf(
  live: Uint8Array | null,
  file: string,
  rule: CreationRule,
): { readonly readers: readonly string[]; readonly left: readonly string[] } {
  const readers = (live === null ? null : readSealed(live, file))?.facts.recipients ?? []
  return { readers, left: readers.filter((reader) => !rule.recipients.some((want) => isSameRecipient(want, reader))) }
}

/** What a sealed Secret says of itself in the clear: labels, annotations, type. No key is needed. */
export function sealedMetadata(bytes: Uint8Array, file: string): SecretMetadata {
  const shape = (readSealed(bytes, file)?.document ?? {}) as SecretShape
  return metadataOf(shape)
}

/** The sync wave of `mesh-ca-state` beside a Secret in place: behind the Secret, whose metadata is in the clear. `null` under Flux. */
export function inPlaceStateWave(files: Files, cluster: Pick<LoadedCluster, 'config'>): number | null {
  if (cluster.config.controller.type === 'flux') return null
  const { annotations } = sealedMetadata(liveBytes(files, cluster), cluster.config.cacerts.file)
  return stateSyncWave(syncWaveOf(annotations))
}

/** The sealed bytes of the live Secret. */
export function liveBytes(files: Files, cluster: Pick<LoadedCluster, 'config'>): Uint8Array {
  const bytes = files.read(cluster.config.cacerts.file)
  if (bytes !== null) return bytes
  throw new RerootError('REFUSED', `${cluster.config.cacerts.file} does not exist`, {
    hint: 'the live Secret of the cluster is missing: take it back from git history, or correct clusters[].cacerts.file',
  })
}

/** Judges a bundle as istiod would, and for what istiod accepts though the mesh breaks on it. @throws RerootError CA_UNSUPPORTED. */
export function refuseBadBundle(files: CaFiles, file: string, cluster: string, context: Pick<Context, 'clock' | 'entropy'>): void {
  const findings = bundleFindings(files, file, cluster, context).filter(({ severity }) => severity === 'error')
  if (findings.length === 0) return
  throw new RerootError('CA_UNSUPPORTED', `the CA in ${file} cannot be carried through a rotation`, {
    hint: 'mend the CA first; nothing was written',
    findings,
  })
}

/** Everything that is worth knowing about a bundle; what is of severity warning works, and will surprise somebody. */
export function bundleFindings(
  files: CaFiles,
  file: string,
  cluster: string,
  context: Pick<Context, 'clock' | 'entropy'>,
): readonly Finding[] {
  return preflight(files, context.clock.now(), { entropy: context.entropy }).map((problem) => ({
    id: 'ca/preflight',
    severity: problem.severity,
    // Lines are those of the PEM file, which lies in a folder or in a sealed Secret.
    place: { cluster, file, object: `${problem.file}${problem.line === undefined ? '' : `:${problem.line}`}` },
    message: `${problem.message} (${problem.rule}; ${problem.source})`,
    ...(problem.expected === undefined ? {} : { expected: problem.expected }),
    ...(problem.found === undefined ? {} : { found: problem.found }),
    remedy: problem.remedy,
  }))
}

interface SecretShape {
  readonly kind?: unknown
  readonly immutable?: unknown
  readonly type?: string
  readonly metadata?: {
    readonly name?: unknown
    readonly namespace?: string
    readonly labels?: Record<string, string>
    readonly annotations?: Record<string, string>
  }
  readonly data?: Record<string, string>
  readonly stringData?: Record<string, string>
}

function secretOf(document: Confidential<PlainDocument>, file: string): OpenedSecret {
  const shape = document.reveal() as SecretShape
  const refuse = (message: string, hint: string): RerootError => new RerootError('CA_UNSUPPORTED', `${file}: ${message}`, { hint })
  if (shape.kind !== 'Secret' || shape.metadata?.name !== 'cacerts')
    throw refuse('this is not a Secret named cacerts', 'name the file that holds it')

  const values = new Map<string, string>()
  for (const [key, value] of Object.entries(shape.data ?? {})) values.set(key, Buffer.from(value, 'base64').toString('utf8'))
  for (const [key, value] of Object.entries(shape.stringData ?? {})) values.set(key, value)
  refuseOtherStyles(values, refuse)
  if (shape.immutable === true)
    throw refuse('it is immutable, so that no later state could be applied', 'make it anew without `immutable: true` first')
  const missing = cacertsKeys.filter((key) => !values.has(key))
  if (missing.length > 0)
    throw refuse(
      `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
      'istiod stops at an incomplete bundle: complete it first',
    )

  const known: readonly string[] = cacertsKeys
  const { metadata } = shape
  return {
    files: {
      caCert: values.get('ca-cert.pem') ?? '',
      caKey: new Confidential(values.get('ca-key.pem') ?? ''),
      certChain: values.get('cert-chain.pem') ?? '',
      rootCert: values.get('root-cert.pem') ?? '',
    },
    metadata: metadataOf(shape),
    namespace: metadata.namespace ?? null,
    otherKeys: [...values.keys()].filter((key) => !known.includes(key)),
  }
}

function metadataOf(shape: SecretShape): SecretMetadata {
  return { labels: shape.metadata?.labels ?? {}, annotations: shape.metadata?.annotations ?? {}, type: shape.type ?? 'Opaque' }
}

/** What reroot cannot carry through every phase, by name (facts/istio.md 1.2, 1.3). */
function refuseOtherStyles(values: ReadonlyMap<string, string>, refuse: (message: string, hint: string) => RerootError): void {
  if (values.has('tls.crt'))
    throw refuse(
      'it is of the kubernetes.io/tls style (tls.crt)',
      'move it to ca-cert.pem, ca-key.pem, cert-chain.pem and root-cert.pem first',
    )
  if (values.has('istio-generated'))
    throw refuse('istiod made it itself (key istio-generated)', 'plug in a CA of your own first; istiod rotates what it generated')
  if ((values.get('ca-crl.pem') ?? '') !== '')
    throw refuse(
      'it holds a revocation list (ca-crl.pem)',
      'reroot does not carry revocation lists: every certificate of a chain would need one',
    )
}
