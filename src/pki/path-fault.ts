import { isSignedBy } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { constraintProblems } from './name-constraints.ts'

/** Why a certificate does not lead to a trusted root. */
export type PathRule =
  | 'expired'
  | 'not-yet-valid'
  | 'unhandled-critical-extension'
  | 'unknown-authority'
  | 'signature-mismatch'
  | 'signature-algorithm'
  | 'not-a-ca'
  | 'no-cert-sign'
  | 'path-length'
  | 'extended-key-usage'
  | 'name-constraint'

export interface PathFault {
  readonly rule: PathRule
  /** The certificate that has to change. */
  readonly certificate: Certificate
  readonly message: string
  readonly expected?: string
  readonly found?: string
}

/** A certificate in a message. */
export function describe(certificate: Certificate): string {
  return `${certificate.subject === '' ? certificate.uris.join(', ') : certificate.subject} (${certificate.fingerprint.slice(0, 8)})`
}

/** The way up ends before a root. */
export function unknownAuthority(child: Certificate, roots: readonly Certificate[]): PathFault {
  return {
    rule: 'unknown-authority',
    certificate: child,
    message: `the issuer of ${describe(child)} is missing`,
    expected: child.issuer,
    found: roots.length === 0 ? 'no roots' : subjectsOf(roots),
  }
}

/** The names of the first certificates of a file. */
export function subjectsOf(certificates: readonly Certificate[]): string {
  const names = certificates.slice(0, 20).map(({ subject }) => subject)
  const more = certificates.length - names.length
  return [...names, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

/** What was expected of a certificate's time, and what it says. */
export function validityOf({ notBefore, notAfter }: Certificate, at: Date): { readonly expected: string; readonly found: string } {
  return { expected: `valid at ${at.toISOString()}`, found: `valid from ${notBefore.toISOString()} to ${notAfter.toISOString()}` }
}

/** What is wrong with a certificate wherever it stands (isValid). */
export function ownFaults(certificate: Certificate, at: Date): PathFault[] {
  const faults: PathFault[] = []
  const { notBefore, notAfter, extensions } = certificate
  const validity = validityOf(certificate, at)
  if (at < notBefore) faults.push({ rule: 'not-yet-valid', certificate, message: `${describe(certificate)} is not valid yet`, ...validity })
  if (at > notAfter) faults.push({ rule: 'expired', certificate, message: `${describe(certificate)} has expired`, ...validity })
  if (extensions.unhandledCritical.length > 0) {
    faults.push({
      rule: 'unhandled-critical-extension',
      certificate,
      message: `${describe(certificate)} has critical extensions that are not understood`,
      found: extensions.unhandledCritical.join(', '),
    })
  }
  return faults
}

// Go trusts neither SHA-1 nor MD5 (CheckSignatureFrom) and knows no SHA-224.
const acceptedSignatures = new Set([
  'sha256WithRSAEncryption',
  'sha384WithRSAEncryption',
  'sha512WithRSAEncryption',
  'rsassaPss-sha256',
  'rsassaPss-sha384',
  'rsassaPss-sha512',
  'ecdsa-with-SHA256',
  'ecdsa-with-SHA384',
  'ecdsa-with-SHA512',
  'ed25519',
])

/** Whether this parent made the signature, with an algorithm that counts. */
export function signatureFaults(child: Certificate, parent: Certificate): PathFault[] {
  const found = child.signatureAlgorithm
  if (!acceptedSignatures.has(found)) {
    return [
      {
        rule: 'signature-algorithm',
        certificate: child,
        message: `the signature on ${describe(child)} is not accepted`,
        expected: 'SHA-256 or better',
        found,
      },
    ]
  }
  if (isSignedBy(child, parent)) return []
  return [
    {
      rule: 'signature-mismatch',
      certificate: child,
      message: `${describe(child)} was not signed by the key of ${describe(parent)}`,
      expected: `a certificate ${parent.subject} with the key that signed`,
      found: `${describe(parent)} with another key`,
    },
  ]
}

/** What makes a CA, and what the certificate has. */
export function caWords({ version, extensions }: Certificate): { readonly expected: string; readonly found: string } {
  const found =
    version < 3
      ? `an X.509 version ${version} certificate, which has no extensions`
      : extensions.basicConstraints === null
        ? 'no basicConstraints'
        : 'CA:FALSE'
  return { expected: 'basicConstraints CA:TRUE', found }
}

/** Whether the parent may stand above this chain (CheckSignatureFrom, isValid). */
export function issuerFaults(parent: Certificate, isRoot: boolean, chain: readonly Certificate[]): PathFault[] {
  const faults: PathFault[] = []
  // A root of version 1 has no extensions to say that it is a CA; Go lets it pass.
  const isOldRoot = isRoot && parent.version < 3 && parent.extensions.basicConstraints === null
  if (!parent.isCa && !isOldRoot)
    faults.push({ rule: 'not-a-ca', certificate: parent, message: `${describe(parent)} is no CA`, ...caWords(parent) })
  if (parent.keyUsage !== null && parent.keyUsage.length > 0 && !parent.keyUsage.includes('keyCertSign')) {
    faults.push({
      rule: 'no-cert-sign',
      certificate: parent,
      message: `${describe(parent)} may not sign certificates`,
      expected: 'keyUsage keyCertSign',
      found: parent.keyUsage.join(', '),
    })
  }
  const casBelow = chain.length - 1
  if (parent.pathLength !== null && casBelow > parent.pathLength) {
    faults.push({
      rule: 'path-length',
      certificate: parent,
      message: `too many intermediates below ${describe(parent)}`,
      expected: `pathlen of ${casBelow} or more, or none`,
      found: `pathlen:${parent.pathLength}`,
    })
  }
  return faults
}

/** What only a whole chain shows: key usages nest (checkChainForKeyUsage), and names of all below obey all above (checkChainConstraints). */
export function chainFaults(chain: readonly Certificate[], usage: string): PathFault[] {
  const usages = chain
    .filter(
      ({ extendedKeyUsage }) =>
        extendedKeyUsage !== null && extendedKeyUsage.length > 0 && !extendedKeyUsage.includes('any') && !extendedKeyUsage.includes(usage),
    )
    .map((certificate): PathFault => ({
      rule: 'extended-key-usage',
      certificate,
      message: `${describe(certificate)} does not allow ${usage}`,
      expected: `extendedKeyUsage ${usage}, or none`,
      found: (certificate.extendedKeyUsage ?? []).join(', '),
    }))
  const constraints = chain.flatMap((certificate, index) =>
    chain.slice(0, index).flatMap(({ extensions }) =>
      constraintProblems(extensions.subjectNames ?? { dns: [], uris: [] }, certificate).map((problem): PathFault => ({
        rule: 'name-constraint',
        certificate,
        message: `name constraints of ${describe(certificate)}: ${problem}`,
      })),
    ),
  )
  return [...usages, ...constraints]
}
