import { RerootError } from '../base/index.ts'
import { parseCertificate } from '../pki/index.ts'
import type { Certificate } from '../pki/index.ts'
import type { Files } from '../ports.ts'
import { lastTransition, readClusterRecord, readMeshRecord, stateOf } from '../rotation/index.ts'
import type { Decision, MeshRecord, Move } from '../rotation/index.ts'
import type { Loaded, LoadedCluster } from './load.ts'
import type { Material } from './material.ts'

/** Where a cluster's new certificate waits while its own change set is not merged yet. */
export function waitingCertificate(cluster: Pick<LoadedCluster, 'layout'>, generation: string): string {
  return `${cluster.layout.preparedDirectory}${generation}-intermediate.pem`
}

/**
 * Takes over the certificates and sealed bytes that a run before has made: from the branch of the step, or from the base if a part of
 * the step is merged. A second root is never made for one step.
 * @param source the files of that branch or base.
 * @throws RerootError REFUSED if they do not fit what the base holds now.
 */
export function reuseMaterial(loaded: Loaded, decision: Decision, source: Files, from: string): Material {
  const mesh = readMeshRecord(source.read(loaded.layout.mesh) ?? stale(from, 'it has no mesh.yaml'), loaded.layout.mesh)
  const generation =
    mesh.generations.find((one) => one.id === decision.generation) ?? stale(from, `it has no generation ${decision.generation}`)
  const sealed = new Map<string, Uint8Array>()
  const keep = (path: string): void => {
    const bytes = source.read(path)
    if (bytes !== null) sealed.set(path, bytes)
  }
  keep(loaded.layout.root(decision.generation))
  const intermediates = new Map<string, Certificate>()
  for (const cluster of loaded.clusters) {
    intermediates.set(cluster.config.name, intermediateOf(cluster, decision, mesh, source, from))
    const move = decision.moves.find((one) => one.cluster === cluster.config.name)
    if (move !== undefined && !move.merged) keepTaken(sealed, cluster, move, decision, source)
    // The state that the step starts from is the live Secret's: its bytes come from the base.
    const start = move === undefined || move.merged ? null : cluster.layout.prepared(stateOf(move.from))
    for (const path of source.list()) {
      if (path.startsWith(cluster.layout.preparedDirectory) && path.endsWith('.sops.yaml') && path !== start) keep(path)
    }
  }
  return { generation, intermediates, sealed, isNew: false }
}

/** Where a change set has taken a cluster to the step's state and left nothing prepared, as `replace` does, the live file has that state's bytes. */
function keepTaken(sealed: Map<string, Uint8Array>, cluster: LoadedCluster, move: Move, { generation }: Decision, source: Files): void {
  const live = source.read(cluster.config.cacerts.file)
  const isWaiting = source.read(waitingCertificate(cluster, generation)) !== null
  if (live !== null && !isWaiting) sealed.set(cluster.layout.prepared(stateOf(move.to)), live)
}

function intermediateOf(cluster: LoadedCluster, decision: Decision, mesh: MeshRecord, source: Files, from: string): Certificate {
  const waiting = source.read(waitingCertificate(cluster, decision.generation))
  if (waiting !== null) return parseCertificate(new TextDecoder().decode(waiting))
  const name = cluster.config.name
  const bytes = source.read(cluster.layout.record) ?? stale(from, `it does not know the cluster ${name}`)
  const record = readClusterRecord(bytes, cluster.layout.record, mesh)
  if (lastTransition(record)?.id !== decision.id) stale(from, `the cluster ${name} is not part of its ${decision.id}`)
  const move = decision.moves.find((one) => one.cluster === name)
  if (move !== undefined && lastTransition(record)?.from !== stateOf(move.from)) stale(from, `the cluster ${name} was in another state`)
  const active = cluster.record.intermediates.find((one) => one.state === 'active')
  if (!move?.merged && !record.intermediates.some((one) => one.certificate.fingerprint === active?.certificate.fingerprint)) {
    stale(from, `the signer of ${name} has changed since`)
  }
  return (
    record.intermediates.find((one) => one.generation === decision.generation && one.state !== 'former')?.certificate ??
    stale(from, `it has no certificate for ${name}`)
  )
}

function stale(from: string, why: string): never {
  throw new RerootError('REFUSED', `${from} cannot be taken up again: ${why}`, {
    hint: 'merge or delete that branch first; or make new certificates with --reissue, which replaces it',
  })
}
