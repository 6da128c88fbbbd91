import { describeFinding, RerootError } from '../../base/index.ts'
import type { CaFiles, Certificate } from '../../pki/index.ts'
import type { Files } from '../../ports.ts'
import type { ClusterRecord, MeshRecord } from '../../rotation/index.ts'
import type { Context } from '../context.ts'
import { bundleFindings, openSecret, refuseBadBundle, refuseOtherKeys } from '../live-secret.ts'
import { rootsIn } from '../load.ts'
import { activeIntermediate, adoptCa, sharedRoot } from './adopt.ts'
import type { AdoptedCa } from './adopt.ts'
import type { FoundCluster } from './find.ts'

/** A CA's files, and where they came from. */
export interface CaSource {
  readonly files: CaFiles
  readonly from: string
  /** A root's private key that lies beside them, in the clear. */
  readonly rootKey: string | null
}

/** Where the CAs are that the repository has no Secret of. */
export interface CaReader {
  /** The clusters that have a folder of their own. */
  readonly clusters: readonly string[]
  read(cluster: string): Promise<CaSource | null>
}

/** The CA of every cluster, as it is. Private keys are in memory only. */
export interface TakenOver {
  readonly mesh: MeshRecord
  readonly records: ReadonlyMap<string, ClusterRecord>
  readonly sources: ReadonlyMap<string, CaSource>
  readonly extraRoots: readonly Certificate[]
}

/**
 * Opens the sealed Secrets of the repository, or reads the files that `--from` names, and judges them as istiod would.
 * @throws RerootError CA_UNSUPPORTED for what cannot be carried through every phase, USAGE if a cluster has neither Secret nor files.
 */
export async function takeOver(input: {
  readonly context: Context
  readonly files: Files
  readonly clusters: readonly FoundCluster[]
  readonly mesh: string
  readonly extraRoots: readonly string[]
  readonly readCa: CaReader | null
}): Promise<TakenOver> {
  const { context, files, clusters } = input
  refuseUnknown(input.readCa?.clusters ?? [], clusters)
  const extraRoots = input.extraRoots.flatMap((path) => extraRootsIn(files, path))
  const sources = new Map<string, CaSource>()
  const adopted = new Map<string, AdoptedCa>()
  for (const cluster of clusters) {
    const { name } = cluster.sync
    const source = await sourceOf(cluster, input.readCa, files, context)
    refuseBadBundle(source.files, source.from, name, context)
    for (const finding of bundleFindings(source.files, source.from, name, context))
      context.terminal.say(`warning: ${describeFinding(finding)}`)
    sources.set(name, source)
    adopted.set(name, adoptCa(source.files, extraRoots, name, source.from))
  }
  for (const rootKey of new Set([...sources.values()].map((source) => source.rootKey).filter((path) => path !== null)))
    context.terminal.say(`note: the root's private key lies in the clear at ${rootKey}; reroot does not read it. Keep it offline`)
  const mesh: MeshRecord = { mesh: input.mesh, generations: [sharedRoot(adopted)] }
  const records = new Map([...adopted].map(([name, ca]) => [name, recordOf(name, ca)]))
  return { mesh, records, sources, extraRoots }
}

/** A folder for a cluster that does not exist would be passed over. */
function refuseUnknown(given: readonly string[], clusters: readonly FoundCluster[]): void {
  const names = clusters.map((cluster) => cluster.sync.name)
  const unknown = given.filter((name) => !names.includes(name))
  if (unknown.length === 0) return
  throw new RerootError('USAGE', `--from names ${unknown.join(', ')}, which is no cluster of this mesh`, {
    hint: `the clusters are: ${names.join(', ')}`,
  })
}

async function sourceOf(cluster: FoundCluster, readCa: CaReader | null, files: Files, context: Context): Promise<CaSource> {
  const { name } = cluster.sync
  const given = readCa === null ? null : await readCa.read(name)
  if (cluster.cacerts === null) {
    if (given !== null) return given
    throw new RerootError('USAGE', `the repository has no Secret cacerts for ${name}: where is its CA?`, {
      hint: 'give the folder with ca-cert.pem, ca-key.pem, cert-chain.pem and root-cert.pem with --from; a mesh whose istiod made its own CA must plug one in first',
    })
  }
  const { file } = cluster.cacerts.site
  if (given !== null)
    throw new RerootError('USAGE', `${name} has a sealed Secret at ${file}: --from is not needed`, {
      hint: 'leave --from out for it; the Secret stays where it is',
    })
  const opened = await openSecret(files.read(file) ?? new Uint8Array(), file, context)
  refuseOtherKeys(opened, file)
  return { files: opened.files, from: file, rootKey: null }
}

function recordOf(cluster: string, ca: AdoptedCa): ClusterRecord {
  return {
    cluster,
    phase: { phase: 'steady', signer: 'g1' },
    state: 'g1-steady',
    rootBundle: ca.rootBundleSha256,
    adoptedRootBundle: ca.rootBundle,
    intermediates: [activeIntermediate(ca)],
    transitions: [],
  }
}

function extraRootsIn(files: Files, path: string): readonly Certificate[] {
  const bytes = files.read(path)
  if (bytes === null)
    throw new RerootError('USAGE', `--extra-root ${path} is not a file of the repository`, {
      hint: 'commit the PEM file first, and name it by its path in the repository',
    })
  return rootsIn(bytes, path)
}
