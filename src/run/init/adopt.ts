import { RerootError, sha256 } from '../../base/index.ts'
import type { Finding } from '../../base/index.ts'
import { bundleText, parseBundle, parseCertificate } from '../../pki/index.ts'
import type { CaFiles, Certificate } from '../../pki/index.ts'
import type { Generation, Intermediate } from '../../rotation/index.ts'

/** A cluster's present CA, taken over as it is. */
export interface AdoptedCa {
  readonly root: Certificate
  readonly intermediate: Certificate
  /** The bytes of root-cert.pem, where certificates alone would not give them back. */
  readonly rootBundle: string | null
  readonly rootBundleSha256: ReturnType<typeof sha256>
}

/**
 * Finds out which root signs, and whether `root-cert.pem` can be carried through every phase.
 * @param extraRoots roots that are trusted beside it, in every phase.
 * @param file where the CA was read from, for messages.
 * @throws RerootError CA_UNSUPPORTED for a second root that nobody accounted for.
 */
export function adoptCa(files: CaFiles, extraRoots: readonly Certificate[], cluster: string, file: string): AdoptedCa {
  const intermediate = parseCertificate(files.caCert)
  const roots = parseBundle(files.rootCert)
  const extras = new Set(extraRoots.map((root) => root.fingerprint))
  const own = roots.filter((root) => !extras.has(root.fingerprint))
  const [root, ...others] = own
  if (root === undefined || others.length > 0) {
    const finding: Finding = {
      id: 'ca/roots',
      severity: 'error',
      place: { cluster, file, object: 'root-cert.pem' },
      message: root === undefined ? 'every root of the bundle is an extra root' : 'the bundle trusts roots that are not accounted for',
      expected: 'the one root that signs, and the extra roots',
      found: own.map((one) => `${one.subject} (${one.fingerprint.slice(0, 16)}…)`).join('; ') || 'none',
      remedy:
        'if a rotation by hand is under way, finish it first; a foreign root that is to stay goes into a PEM file of the repository: --extra-root <file>',
    }
    throw new RerootError('CA_UNSUPPORTED', `${file}: ${finding.message}`, { hint: finding.remedy, findings: [finding] })
  }
  const canonical = bundleText([root, ...extraRoots])
  return { root, intermediate, rootBundle: canonical === files.rootCert ? null : files.rootCert, rootBundleSha256: sha256(files.rootCert) }
}

/** All clusters of a mesh share its root. @throws RerootError CA_UNSUPPORTED if they do not. */
export function sharedRoot(adopted: ReadonlyMap<string, AdoptedCa>): Generation {
  const roots = new Map([...adopted].map(([cluster, ca]) => [cluster, ca.root]))
  const [first] = roots.values()
  if (first === undefined) throw new TypeError('a mesh has at least one cluster')
  if ([...roots.values()].some((root) => root.fingerprint !== first.fingerprint)) {
    throw new RerootError(
      'CA_UNSUPPORTED',
      `the clusters do not share a root: ${[...roots].map(([cluster, root]) => `${cluster} has ${root.subject} (${root.fingerprint.slice(0, 16)}…)`).join(', ')}`,
      {
        hint: 'they are no mesh: initialise each alone, with --cluster and a --directory of its own',
      },
    )
  }
  return { id: 'g1', origin: 'adopted', rootKey: 'unknown', certificate: first }
}

export function activeIntermediate(ca: AdoptedCa): Intermediate {
  return { generation: 'g1', state: 'active', certificate: ca.intermediate }
}
