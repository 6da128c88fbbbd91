import type { Sha256 } from '../base/index.ts'
import { bundleText } from '../pki/index.ts'
import type { Certificate } from '../pki/index.ts'
import { trustedGenerations } from './phase.ts'
import type { Phase, Step } from './phase.ts'
import type { GenerationId, RestartId, StateId } from './types.ts'

/** A root CA of the mesh. */
export interface Generation {
  readonly id: GenerationId
  readonly origin: 'adopted' | 'issued' | 'external'
  /** Where the root's private key is, as far as reroot knows. */
  readonly rootKey: 'unknown' | 'sealed' | 'discarded' | 'external'
  readonly certificate: Certificate
}

/** mesh.yaml: every generation ever issued, also abandoned ones, by number. */
export interface MeshRecord {
  readonly mesh: string
  readonly generations: readonly Generation[]
}

/** A cluster's own signing certificate under one generation. */
export interface Intermediate {
  readonly generation: GenerationId
  /** `active`: signs now. `prepared`: sealed in `prepared/`, signs later or again. `former`: its key is no longer in any Secret of Git's head. */
  readonly state: 'active' | 'prepared' | 'former'
  readonly certificate: Certificate
}

/** Why the step before counts as complete. */
export interface Evidence {
  readonly kind: 'entry-gate' | 'live' | 'elapsed' | 'person'
  readonly detail: string
}

/** One step that a cluster took. Who took it, and when, is in git. */
export interface Transition {
  readonly id: RestartId
  readonly step: Step
  readonly from: StateId
  readonly evidence: Evidence | null
  /** A barrier that a person overrode. */
  readonly forced: { readonly barrier: string; readonly reason: string } | null
}

/** record.yaml of a cluster: the public facts of its CA. */
export interface ClusterRecord {
  readonly cluster: string
  /** Follows from `transitions`; reading the file checks it. */
  readonly phase: Phase
  readonly state: StateId
  /** SHA-256 of root-cert.pem's bytes in this state. */
  readonly rootBundle: Sha256
  /** The bytes of root-cert.pem as it was taken over, where the certificates alone would not give them back (comments, line ends, order). */
  readonly adoptedRootBundle: string | null
  readonly intermediates: readonly Intermediate[]
  readonly transitions: readonly Transition[]
}

/** @throws TypeError if the mesh has no such generation: the record's reader has checked that it has. */
export function generationIn(mesh: MeshRecord, id: GenerationId): Generation {
  const found = mesh.generations.find((generation) => generation.id === id)
  if (found === undefined) throw new TypeError(`mesh.yaml has no generation ${id}`)
  return found
}

/**
 * The text of root-cert.pem in a phase: the trusted generations' roots, oldest first, then the extra roots (facts/istio.md 3.1: istiod up to
 * 1.29 compares bytes, so the order is part of the content).
 * @param adopted the bytes that were taken over, for the phase that they were taken over in.
 */
export function rootBundleText(mesh: MeshRecord, phase: Phase, extraRoots: readonly Certificate[], adopted: string | null): string {
  const trusted = trustedGenerations(phase)
  const first = mesh.generations[0]
  if (adopted !== null && phase.phase === 'steady' && first?.origin === 'adopted' && phase.signer === first.id) return adopted
  return bundleText([...trusted.map((id) => generationIn(mesh, id).certificate), ...extraRoots])
}

/**
 * The number that the next root gets: one more than any that was ever used.
 * @param gone generations that the history shows, though the record has lost them: the merge that brought them was reverted.
 */
export function nextGeneration(mesh: MeshRecord, gone: readonly GenerationId[]): GenerationId {
  return `g${Math.max(0, ...[...mesh.generations.map((generation) => generation.id), ...gone].map((id) => Number(id.slice(1)))) + 1}`
}

/** The transition that brought the cluster where it is; `null` right after `init`. */
export function lastTransition(record: ClusterRecord): Transition | null {
  return record.transitions.at(-1) ?? null
}
