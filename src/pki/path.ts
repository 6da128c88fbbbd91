import type { Certificate } from './certificate.ts'
import { isSamePublicKey } from './key.ts'
import { chainFaults, issuerFaults, ownFaults, signatureFaults, unknownAuthority } from './path-fault.ts'
import type { PathFault } from './path-fault.ts'

export interface PathRequest {
  readonly certificate: Certificate
  readonly intermediates: readonly Certificate[]
  readonly roots: readonly Certificate[]
  readonly at: Date
  readonly usage: 'serverAuth' | 'clientAuth'
}

export interface PathResult {
  /** Every way to a root, from the certificate up. */
  readonly paths: readonly (readonly Certificate[])[]
  /** Empty if there is a way; else all that is wrong with the way that has the fewest faults. */
  readonly faults: readonly PathFault[]
}

interface Attempt {
  readonly chain: readonly Certificate[]
  readonly faults: readonly PathFault[]
}

/**
 * Looks for a path to a root, with the rules of Go's `Certificate.Verify` (crypto/x509/verify.go: isValid, buildChains,
 * checkChainForKeyUsage, checkChainConstraints), by which istiod and Go peers judge. Certificate policies are not looked at. Unlike Go it
 * does not stop at the first fault.
 */
export function findPaths(request: PathRequest): PathResult {
  const { certificate, roots } = request
  const own = ownFaults(certificate, request.at)
  const attempts = roots.some((root) => root.fingerprint === certificate.fingerprint)
    ? [{ chain: [certificate], faults: own }]
    : climb({ chain: [certificate], faults: own }, request, { signatures: 0 })

  const judged = attempts.map((attempt) => ({ ...attempt, faults: [...attempt.faults, ...chainFaults(attempt.chain, request.usage)] }))
  const paths = judged.filter(({ faults }) => faults.length === 0).map(({ chain }) => chain)
  if (paths.length > 0) return { paths, faults: [] }
  const best = judged.reduce((fewest, attempt) => (attempt.faults.length < fewest.faults.length ? attempt : fewest))
  return { paths: [], faults: best.faults }
}

// Go's maxChainSignatureChecks: bundles are other people's files, and cross-signatures multiply.
const mostSignatureChecks = 100

/** All ways up from the end of a chain; at least one, even if it ends in a fault. */
function climb(attempt: Attempt, request: PathRequest, spent: { signatures: number }): Attempt[] {
  const child = lastOf(attempt.chain)
  const parents = [
    ...request.roots.map((parent) => ({ parent, isRoot: true })),
    ...request.intermediates.map((parent) => ({ parent, isRoot: false })),
  ].filter(({ parent }) => sameBytes(parent.rawSubject, child.rawIssuer) && !attempt.chain.some((other) => isSameCa(parent, other)))

  const ways = parents.flatMap(({ parent, isRoot }): Attempt[] => {
    if (++spent.signatures > mostSignatureChecks) return []
    const signature = signatureFaults(child, parent)
    const next = {
      chain: [...attempt.chain, parent],
      faults: [...attempt.faults, ...signature, ...issuerFaults(parent, isRoot, attempt.chain), ...ownFaults(parent, request.at)],
    }
    // Above a signature that does not fit, nothing can be said.
    return isRoot || signature.some(({ rule }) => rule === 'signature-mismatch') ? [next] : climb(next, request, spent)
  })
  if (ways.length > 0) return ways
  return [{ chain: attempt.chain, faults: [...attempt.faults, unknownAuthority(child, request.roots)] }]
}

/** Same name, key and subjectAltName: what Go takes for the same CA (alreadyInChain). */
function isSameCa(one: Certificate, other: Certificate): boolean {
  return hasSameNameAndKey(one, other) && one.extensions.subjectNamesHex === other.extensions.subjectNamesHex
}

/** Whether what one has signed verifies with the other, too. */
export function hasSameNameAndKey(one: Certificate, other: Certificate): boolean {
  return sameBytes(one.rawSubject, other.rawSubject) && isSamePublicKey(one.publicKey, other.publicKey)
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

function lastOf(chain: readonly Certificate[]): Certificate {
  const last = chain.at(-1)
  if (last === undefined) throw new Error('a chain without certificates')
  return last
}
