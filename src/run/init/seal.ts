import { RerootError, sha256 } from '../../base/index.ts'
import { ownMetadata, rootsAnnotation, secretDocument, signerAnnotation } from '../../plan/index.ts'
import type { ClusterRecipients, Layout } from '../../plan/index.ts'
import type { Files, Worktree } from '../../ports.ts'
import { creationRule, isAgeRecipient, isSameRecipient, parseSopsConfig, readSealed } from '../../seal/index.ts'
import type { Context } from '../context.ts'
import { openSealer } from '../sealer.ts'
import { withWritten } from './ahead.ts'
import type { InitComposition } from './compose.ts'
import type { FoundCluster } from './find.ts'
import type { TakenOver } from './take-over.ts'

/**
 * Clusters for which init has to write a rule: all, but those with keys that are not age's (KMS, PGP …), for which people must have written it.
 * @throws RerootError SEAL_REFUSED if they have not.
 */
export function clustersToRule(files: Files, layout: Layout, clusters: readonly ClusterRecipients[]): readonly ClusterRecipients[] {
  const { config } = parseSopsConfig(files.read('.sops.yaml') ?? new Uint8Array(), '.sops.yaml')
  return clusters.filter((cluster) => {
    if (cluster.recipients.every(isAgeRecipient)) return true
    const path = layout.cluster(cluster.name).prepared('g1-steady')
    const rule = config === null ? null : creationRule([config], path)
    if (rule !== null && cluster.recipients.every((has) => rule.recipients.some((want) => isSameRecipient(want, has)))) return false
    throw new RerootError(
      'SEAL_REFUSED',
      `the Secret of ${cluster.name} is sealed with keys that init cannot write a rule for: ${cluster.recipients.filter((one) => !isAgeRecipient(one)).join(', ')}`,
      {
        hint: `write a rule above any catch-all of .sops.yaml, with path_regex ^${layout.directory}/clusters/${cluster.name}/(cacerts|prepared)/ and the keys and encrypted_regex of the Secret, and run init again`,
      },
    )
  })
}

/** Recipients of the sealed Secrets that the repository has: the states to come are sealed for the same. */
export function recipientsOfSealed(files: Files, clusters: readonly FoundCluster[]): readonly ClusterRecipients[] {
  return clusters.flatMap((cluster) => {
    if (cluster.cacerts === null) return []
    const { file } = cluster.cacerts.site
    const sealed = readSealed(files.read(file) ?? new Uint8Array(), file)
    return [{ name: cluster.sync.name, recipients: sealed?.facts.recipients ?? [] }]
  })
}

/** Seals the Secrets of clusters that had none in Git, by the rules that the same change brings. */
export async function sealAdopted(input: {
  readonly context: Context
  readonly worktree: Worktree
  readonly layout: Layout
  readonly clusters: readonly FoundCluster[]
  readonly taken: TakenOver
  readonly composition: InitComposition
  /** The commit of an earlier run's branch: a Secret that did not change keeps its bytes. */
  readonly earlier: string | null
}): Promise<void> {
  const { context, worktree, layout, clusters, taken, composition } = input
  const files = withWritten(worktree.files, composition.write)
  const sealer = openSealer(files, worktree.folder, context)
  const before = input.earlier === null ? null : await context.git.openWorktree(input.earlier)
  try {
    for (const cluster of clusters) {
      const { name } = cluster.sync
      const source = taken.sources.get(name)
      const signer = taken.records.get(name)?.intermediates[0]?.certificate
      if (cluster.cacerts !== null || source === undefined || signer === undefined) continue
      const path = layout.cluster(name).ownSecret
      const document = secretDocument({
        namespace: cluster.istioNamespace,
        state: 'g1-steady',
        signer,
        files: source.files,
        metadata: ownMetadata[cluster.sync.type],
      })
      const kept = before?.files.read(path) ?? null
      const same = kept !== null && sealsTheSame(kept, path, files, signer.fingerprint, sha256(source.files.rootCert))
      composition.write.set(path, same ? kept : await sealer.seal(path, document))
    }
  } finally {
    await before?.dispose()
  }
}

/** What can be seen without a key: certificates pin the key, and recipients the readers. */
function sealsTheSame(bytes: Uint8Array, path: string, files: Files, signer: string, roots: string): boolean {
  const sealed = readSealed(bytes, path)
  const { config } = parseSopsConfig(files.read('.sops.yaml') ?? new Uint8Array(), '.sops.yaml')
  const rule = config === null ? null : creationRule([config], path)
  const annotations =
    (sealed?.document as { metadata?: { annotations?: Readonly<Record<string, unknown>> } } | undefined)?.metadata?.annotations ?? {}
  const recipients = [...(sealed?.facts.recipients ?? [])].toSorted()
  return (
    annotations[signerAnnotation] === signer &&
    annotations[rootsAnnotation] === roots &&
    JSON.stringify(recipients) === JSON.stringify([...(rule?.recipients ?? [])].toSorted())
  )
}
