import { bytesOf, childrenOf, contextTagOf, integerOf, isUniversal, oidOf, readDer } from './der.ts'
import type { Der } from './der.ts'
import { namesIn, subtreesIn } from './general-names.ts'
import type { GeneralNames, Subtrees } from './general-names.ts'
import { extendedKeyUsageOids, extensionOids, nameOfOid } from './oids.ts'

/** What the extensions of a certificate say. Absent ones are `null` or empty. */
export interface Extensions {
  readonly basicConstraints: { readonly isCa: boolean; readonly pathLength: number | null } | null
  readonly keyUsage: readonly string[] | null
  readonly extendedKeyUsage: readonly string[] | null
  /** Hex. */
  readonly subjectKeyId: string | null
  /** Hex. */
  readonly authorityKeyId: string | null
  readonly subjectNames: GeneralNames | null
  /** Hex of the whole subjectAltName: Go compares these bytes to find loops. */
  readonly subjectNamesHex: string | null
  readonly permittedNames: Subtrees | null
  readonly excludedNames: Subtrees | null
  /** OIDs, or names, of the extensions marked critical. */
  readonly critical: readonly string[]
  /** Critical extensions that Go's verifier does not know, and so refuses (crypto/x509, `UnhandledCriticalExtensions`). */
  readonly unhandledCritical: readonly string[]
}

/** Names of the bits, from the first (RFC 5280, 4.2.1.3). */
export const keyUsageBits = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const
export type KeyUsage = (typeof keyUsageBits)[number]

/**
 * Reads the extension list of a certificate.
 * @throws TypeError if an extension occurs twice, is critical and may not be (Go refuses such certificates), or cannot be read.
 */
export function readExtensions(list: Der | undefined): Extensions {
  const found = new Map<string, { readonly critical: boolean; readonly bytes: Buffer }>()
  for (const entry of list === undefined ? [] : childrenOf(list)) {
    const parts = childrenOf(entry)
    const name = nameOfOid(extensionOids, oidOf(parts[0]))
    if (found.has(name)) throw new TypeError(`the extension ${name} occurs twice`)
    const criticality = parts.length === 3 ? parts[1] : undefined
    const critical = criticality !== undefined && bytesOf(criticality)[0] !== 0
    if (critical && neverCritical.has(name)) throw new TypeError(`the extension ${name} is marked critical, which Go refuses`)
    found.set(name, { critical, bytes: bytesOf(parts.at(-1)) })
  }
  const read = <T>(name: keyof typeof extensionOids, parse: (der: Der) => T): T | null => {
    const extension = found.get(name)
    if (extension === undefined) return null
    try {
      return parse(readDer(extension.bytes))
    } catch (cause) {
      throw new TypeError(`the extension ${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
  }
  const constraints = read('nameConstraints', nameConstraintsOf)
  const subjectNames = read('subjectAltName', (der) => namesIn(childrenOf(der)))
  const critical = [...found].filter(([, extension]) => extension.critical).map(([name]) => name)
  const unhandled = (name: string): boolean =>
    !handledByGo.has(name) ||
    (name === 'nameConstraints' && constraints?.hasOthers === true) ||
    (name === 'subjectAltName' && subjectNames?.isEmpty === true)
  return {
    basicConstraints: read('basicConstraints', basicConstraintsOf),
    keyUsage: read('keyUsage', keyUsageOf),
    extendedKeyUsage: read('extendedKeyUsage', (der) => childrenOf(der).map((usage) => nameOfOid(extendedKeyUsageOids, oidOf(usage)))),
    subjectKeyId: read('subjectKeyIdentifier', (der) => bytesOf(der).toString('hex')),
    authorityKeyId: read('authorityKeyIdentifier', authorityKeyIdOf),
    subjectNames,
    subjectNamesHex: found.get('subjectAltName')?.bytes.toString('hex') ?? null,
    permittedNames: constraints?.permitted ?? null,
    excludedNames: constraints?.excluded ?? null,
    critical,
    unhandledCritical: critical.filter(unhandled),
  }
}

// RFC 5280 has them not critical; `processExtensions` in Go's crypto/x509/parser.go refuses the certificate (Go 1.26; not in every older Go).
const neverCritical = new Set<string>(['subjectKeyIdentifier', 'authorityKeyIdentifier', 'authorityInfoAccess'])

// The cases of `processExtensions` in Go's crypto/x509/parser.go.
const handledByGo = new Set<string>([
  'subjectKeyIdentifier',
  'keyUsage',
  'subjectAltName',
  'basicConstraints',
  'nameConstraints',
  'cRLDistributionPoints',
  'certificatePolicies',
  'policyMappings',
  'authorityKeyIdentifier',
  'policyConstraints',
  'extendedKeyUsage',
  'inhibitAnyPolicy',
])

function basicConstraintsOf(der: Der): { isCa: boolean; pathLength: number | null } {
  const [first, second] = childrenOf(der)
  const isCa = first !== undefined && isUniversal(first, 'boolean') && bytesOf(first)[0] !== 0
  const length = first !== undefined && isUniversal(first, 'integer') ? first : second
  const pathLength = length === undefined ? null : integerOf(length)
  if (pathLength !== null && pathLength < 0n) throw new TypeError(`its path length is ${pathLength}`)
  return { isCa, pathLength: pathLength === null ? null : Number(pathLength) }
}

/** Bits that are set, in the order of the RFC. */
function keyUsageOf(der: Der): string[] {
  const bytes = bytesOf(der).subarray(1)
  return keyUsageBits.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0)
}

function authorityKeyIdOf(der: Der): string | null {
  const keyId = childrenOf(der).find((part) => contextTagOf(part) === 0)
  return keyId === undefined ? null : bytesOf(keyId).toString('hex')
}

function nameConstraintsOf(der: Der): { permitted: Subtrees | null; excluded: Subtrees | null; hasOthers: boolean } {
  const parts = childrenOf(der)
  if (parts.every((part) => childrenOf(part).length === 0)) throw new TypeError('they are empty')
  const permitted = parts.find((part) => contextTagOf(part) === 0)
  const excluded = parts.find((part) => contextTagOf(part) === 1)
  const subtrees = [permitted, excluded].map((part) => (part === undefined ? null : subtreesIn(childrenOf(part))))
  return { permitted: subtrees[0] ?? null, excluded: subtrees[1] ?? null, hasOthers: subtrees.some((part) => part?.hasOthers === true) }
}
