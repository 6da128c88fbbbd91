import { allDone } from '../base/index.ts'
import type { Confidential } from '../base/index.ts'
import { generateKeys, intermediateTemplate, issueIntermediate, issueRoot, lint, privateKeyPem, rootTemplate } from '../pki/index.ts'
import type { CaFiles, Certificate, KeyPair } from '../pki/index.ts'
import { chainText, ownMetadata, secretDocument } from '../plan/index.ts'
import { rootBundleText, stateOf } from '../rotation/index.ts'
import type { Decision, Generation, GenerationId, MeshRecord, Move, Phase } from '../rotation/index.ts'
import type { Context } from './context.ts'
import { liveBytes, openLiveSecret, refuseBadBundle, refuseOtherReaders, sayIfOtherReaders, sealedMetadata } from './live-secret.ts'
import type { OpenedSecret } from './live-secret.ts'
import type { Loaded, LoadedCluster } from './load.ts'
import type { Sealer } from './sealer.ts'

/** What a step that touches keys brings: public facts, and everything else sealed. */
export interface Material {
  readonly generation: Generation
  /** The new intermediate of each cluster. */
  readonly intermediates: ReadonlyMap<string, Certificate>
  /** Sealed files by path: `prepared/…` of every cluster, and the root's key. */
  readonly sealed: ReadonlyMap<string, Uint8Array>
  /** This run has made it; else a run before, and it was taken up again. */
  readonly isNew: boolean
}

interface NewCa {
  readonly certificate: Certificate
  readonly key: KeyPair
}

/**
 * Makes a new root and an intermediate per cluster, and seals every state that the rotation will go through (product.md, Phases and
 * steps): `stage` and `replace` are the only steps that touch keys. Keys are made side by side, and live in memory only.
 */
export async function makeMaterial(loaded: Loaded, decision: Decision, sealer: Sealer, context: Context): Promise<Material> {
  const moves = decision.moves.map((move) => ({ move, cluster: clusterOf(loaded, move) }))
  // Rules and identities first: a key that cannot be sealed is not worth making.
  for (const { cluster } of moves) {
    const rule = sealer.rule(cluster.layout.prepared(`${decision.generation}-steady`))
    if (decision.step === 'stage') refuseOtherReaders(loaded, cluster, rule)
    else sayIfOtherReaders(loaded, cluster, rule, context)
  }
  const { custody } = loaded.config.pki.root
  if (custody === 'sealed') sealer.rule(loaded.layout.root(decision.generation))
  const opened = new Map<string, OpenedSecret>()
  if (decision.step === 'stage') {
    await allDone(moves.map(async ({ cluster }) => opened.set(cluster.config.name, await openLiveSecret(loaded, cluster, context))))
  }

  const { algorithm } = loaded.config.pki
  context.terminal.say(
    `making the keys of ${decision.generation}: ${algorithm}, a root and ${moves.length} ${moves.length === 1 ? 'intermediate' : 'intermediates'}`,
  )
  const [rootKey = never(), ...clusterKeys] = await generateKeys(algorithm, 1 + moves.length)
  const root = newRoot(loaded, decision.generation, rootKey, context)
  const generation: Generation = {
    id: decision.generation,
    origin: 'issued',
    rootKey: custody === 'sealed' ? 'sealed' : 'discarded',
    certificate: root.certificate,
  }
  const mesh: MeshRecord = { ...loaded.mesh, generations: [...loaded.mesh.generations, generation] }

  const intermediates = new Map<string, Certificate>()
  const plans: Pick<SecretPlan, 'path' | 'document'>[] = []
  for (const [index, { move, cluster }] of moves.entries()) {
    const intermediate = newIntermediate(loaded, cluster, root, decision.generation, clusterKeys[index] ?? never(), context)
    intermediates.set(cluster.config.name, intermediate.certificate)
    for (const secret of secretsOf({ loaded, mesh, cluster, move, root, intermediate, opened: opened.get(cluster.config.name) ?? null })) {
      refuseBadBundle(secret.files, secret.path, cluster.config.name, context)
      plans.push(secret)
    }
  }
  if (custody === 'sealed')
    plans.push({ path: loaded.layout.root(decision.generation), document: rootDocument(loaded, root, decision.generation) })
  // Only once all are judged: what is refused would leave others half-way.
  const sealed = await allDone(plans.map(async ({ path, document }) => [path, await sealer.seal(path, document)] as const))
  return { generation, intermediates, sealed: new Map(sealed), isNew: true }
}

/** What to compare a pull request with: the certificates of a dry run are never seen again. */
export function sayMade({ generation, intermediates }: Material, { terminal }: Pick<Context, 'terminal'>): void {
  terminal.say(`made the root of ${generation.id}: SHA-256 ${generation.certificate.fingerprint}`)
  for (const [cluster, { fingerprint }] of intermediates) terminal.say(`made the intermediate of ${cluster}: SHA-256 ${fingerprint}`)
}

/** What `--dry-run` shows is not what a run without it pushes: reviewers would compare fingerprints that never come. */
export function sayDryMade({ generation }: Material, { terminal }: Pick<Context, 'terminal'>): void {
  terminal.say(`note: the certificates of ${generation.id} are this dry run's alone: a run without --dry-run makes others`)
}

function clusterOf(loaded: Loaded, move: Move): LoadedCluster {
  return loaded.clusters.find((cluster) => cluster.config.name === move.cluster) ?? never()
}

function newRoot(loaded: Loaded, generation: GenerationId, key: KeyPair, context: Context): NewCa {
  const { pki, mesh } = loaded.config
  const template = rootTemplate({ mesh, generation, at: context.clock.now(), days: pki.root.days, backdateMinutes: pki.backdateMinutes })
  return { certificate: issueRoot(lint(template), key, context.entropy), key }
}

function newIntermediate(
  loaded: Loaded,
  cluster: LoadedCluster,
  root: NewCa,
  generation: GenerationId,
  key: KeyPair,
  context: Context,
): NewCa {
  const { pki, mesh } = loaded.config
  const template = intermediateTemplate({
    mesh,
    generation,
    cluster: cluster.config.name,
    // istiod's own name, as in Istio's tools/certs (facts/istio.md 6.1).
    dnsNames: [`istiod.${cluster.config.istio.namespace}.svc`],
    at: context.clock.now(),
    days: pki.intermediate.days,
    backdateMinutes: pki.backdateMinutes,
    issuer: root.certificate,
  })
  return {
    certificate: issueIntermediate(
      lint(template),
      key.publicKey,
      { certificate: root.certificate, key: root.key.privateKey },
      context.entropy,
    ),
    key,
  }
}

interface SecretPlan {
  readonly path: string
  readonly files: CaFiles
  readonly document: Readonly<Record<string, unknown>>
}

/** The Secrets of every state ahead of a cluster: for `stage` staged, promoted and steady, for `replace` only the last. */
function secretsOf(input: {
  readonly loaded: Loaded
  readonly mesh: MeshRecord
  readonly cluster: LoadedCluster
  readonly move: Move
  readonly root: NewCa
  readonly intermediate: NewCa
  readonly opened: OpenedSecret | null
}): readonly SecretPlan[] {
  const { loaded, mesh, cluster, move, root, intermediate, opened } = input
  const bundle = (phase: Phase): string => rootBundleText(mesh, phase, loaded.extraRoots, cluster.record.adoptedRootBundle)
  const byNew = (phase: Phase): CaFiles => ({
    caCert: intermediate.certificate.pem,
    caKey: privateKeyPem(intermediate.key.privateKey),
    certChain: chainText(intermediate.certificate, root.certificate),
    rootCert: bundle(phase),
  })
  const plan = (phase: Phase, signer: Certificate, files: CaFiles): SecretPlan => {
    const state = stateOf(phase)
    const metadata =
      cluster.config.cacerts.managed === 'in-place'
        ? sealedMetadata(liveBytes(loaded.files, cluster), cluster.config.cacerts.file)
        : ownMetadata[cluster.config.controller.type]
    return {
      path: cluster.layout.prepared(state),
      files,
      document: secretDocument({ namespace: cluster.config.istio.namespace, state, signer, files, metadata }),
    }
  }
  if (move.to.phase !== 'staged' || opened === null) return [plan(move.to, intermediate.certificate, byNew(move.to))]

  const { signer, candidate } = move.to
  const promoted: Phase = { phase: 'promoted', signer: candidate, retiring: signer }
  const steady: Phase = { phase: 'steady', signer: candidate }
  const active = cluster.record.intermediates.find((one) => one.state === 'active')?.certificate ?? never()
  return [
    plan(move.to, active, { ...opened.files, rootCert: bundle(move.to) }),
    plan(promoted, intermediate.certificate, byNew(promoted)),
    plan(steady, intermediate.certificate, byNew(steady)),
  ]
}

/** The root's key for its custodians: no Kubernetes object, and no value of it in the clear. */
function rootDocument(loaded: Loaded, root: NewCa, generation: GenerationId): Readonly<Record<string, unknown>> {
  const key: Confidential<string> = privateKeyPem(root.key.privateKey)
  return { mesh: loaded.config.mesh, generation, certificate: root.certificate.pem, key: key.reveal() }
}

function never(): never {
  throw new TypeError('the decision speaks of a cluster that was not loaded')
}
