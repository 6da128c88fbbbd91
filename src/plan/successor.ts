import { sha256 } from '../base/index.ts'
import type { Certificate } from '../pki/index.ts'
import { rootBundleText, stateOf, trustedGenerations } from '../rotation/index.ts'
import type { ClusterRecord, Decision, Intermediate, MeshRecord, Move, StateId } from '../rotation/index.ts'

/**
 * A cluster's record once its move is merged.
 * @param mesh with the new generation, if the step brings one.
 * @param fresh the cluster's intermediate under the new generation; `null` if the step issues none.
 */
export function successor(
  record: ClusterRecord,
  move: Move,
  decision: Decision,
  mesh: MeshRecord,
  extraRoots: readonly Certificate[],
  fresh: Certificate | null,
): ClusterRecord {
  if (move.merged) return record
  const { generation } = decision
  // A generation has one intermediate with a key: a fresh one takes the place of the one before.
  const all: readonly Intermediate[] =
    fresh === null
      ? record.intermediates
      : [
          ...record.intermediates.map((one): Intermediate => (one.generation === generation ? { ...one, state: 'former' } : one)),
          { generation, state: 'prepared', certificate: fresh },
        ]
  const trusted = trustedGenerations(move.to)
  return {
    cluster: record.cluster,
    phase: move.to,
    state: stateOf(move.to),
    rootBundle: sha256(rootBundleText(mesh, move.to, extraRoots, record.adoptedRootBundle)),
    adoptedRootBundle: record.adoptedRootBundle,
    intermediates: all.map((one): Intermediate => {
      if (one.generation === move.to.signer && one.state !== 'former') return { ...one, state: 'active' }
      // The key of a root that `restore` trusts again is gone: only its certificate is trusted.
      const kept = trusted.includes(one.generation) && one.state !== 'former'
      return { ...one, state: kept ? 'prepared' : 'former' }
    }),
    transitions: [
      ...record.transitions,
      { id: decision.id, step: decision.step, from: stateOf(move.from), evidence: move.evidence, forced: move.forced },
    ],
  }
}

/** Which sealed states lie in `prepared/` after a move, as far as they are there: what the steps ahead and the ways back need, and nothing else. */
export function preparedAfter(move: Move, step: Decision['step']): readonly StateId[] {
  const { to } = move
  switch (to.phase) {
    case 'staged':
      return [`${to.signer}-steady`, `${to.candidate}-staged`, `${to.candidate}-promoted`, `${to.candidate}-steady`]
    case 'promoted':
      return step === 'restore'
        ? [`${to.signer}-promoted`, `${to.signer}-steady`]
        : [`${to.retiring}-steady`, `${to.signer}-staged`, `${to.signer}-promoted`, `${to.signer}-steady`]
    case 'steady':
      return step === 'retire' || step === 'restart' ? [`${to.signer}-promoted`] : []
    default:
      return to satisfies never
  }
}
