import { bytesOf, childrenOf, contextTagOf } from './der.ts'
import type { Der } from './der.ts'
import { asciiOf } from './go-string.ts'
import { isAddress, isDomainName, uriFault } from './go-uri.ts'

/** The names of a subjectAltName that a mesh uses. */
export interface GeneralNames {
  readonly dns: readonly string[]
  readonly uris: readonly string[]
  readonly emails: readonly string[]
  /** Hex of 4 or 16 bytes. */
  readonly ips: readonly string[]
  /** None of the four kinds: a critical extension of this sort stops Go. */
  readonly isEmpty: boolean
}

/** Subtrees of name constraints, by kind. */
export interface Subtrees extends Omit<GeneralNames, 'ips'> {
  /** Hex of address and mask. */
  readonly ips: readonly string[]
  /** Kinds that Go does not judge, such as directoryName. */
  readonly hasOthers: boolean
}

/**
 * The names of a subjectAltName.
 * @throws TypeError for those that Go refuses a certificate for (`parseSANExtension` of crypto/x509/parser.go, Go 1.26).
 */
export function namesIn(items: readonly Der[]): GeneralNames {
  const names = namesByKind(items)
  for (const uri of names.uris) {
    const fault = uriFault(uri)
    if (fault !== null) throw new TypeError(`Go does not read the URI ${JSON.stringify(uri)}: it has ${fault}`)
  }
  for (const { length } of names.ips)
    if (length !== 8 && length !== 32) throw new TypeError(`an IP address has ${length / 2} bytes, not 4 or 16`)
  return names
}

/**
 * The names of name constraints.
 * @throws TypeError for those that Go refuses a certificate for (`parseNameConstraintsExtension` of crypto/x509/parser.go, Go 1.26).
 */
export function subtreesIn(items: readonly Der[]): Subtrees {
  const bases = items.map((item) => childrenOf(item)[0]).filter((base) => base !== undefined)
  const known = new Set<number | null>(Object.values(generalName))
  const names = namesByKind(bases)
  for (const domain of [...names.dns, ...names.uris, ...names.emails.filter((email) => !email.includes('@'))])
    if (!isDomainName(domain, true)) throw new TypeError(`${JSON.stringify(domain)} is no domain name that Go reads`)
  const address = names.uris.find(isAddress)
  if (address !== undefined) throw new TypeError(`a URI cannot be constrained to the IP address ${address}`)
  for (const range of names.ips) if (!isRange(range)) throw new TypeError(`0x${range} is no IP address and its mask`)
  return { ...names, hasOthers: bases.some((base) => !known.has(contextTagOf(base))) }
}

function namesByKind(items: readonly Der[]): GeneralNames {
  const of = (kind: number): Buffer[] => items.filter((item) => contextTagOf(item) === kind).map((item) => bytesOf(item))
  const names = {
    emails: of(generalName.email).map((bytes) => asciiOf(bytes, 'an email address')),
    dns: of(generalName.dns).map((bytes) => asciiOf(bytes, 'a DNS name')),
    uris: of(generalName.uri).map((bytes) => asciiOf(bytes, 'a URI')),
    ips: of(generalName.ip).map((bytes) => bytes.toString('hex')),
  }
  return { ...names, isEmpty: Object.values(names).every((list) => list.length === 0) }
}

/** An address of 4 or 16 bytes, and a mask that is ones and then zeros. */
function isRange(hex: string): boolean {
  if (hex.length !== 16 && hex.length !== 64) return false
  const mask = BigInt(`0x${hex.slice(hex.length / 2)}`)
    .toString(2)
    .padStart(hex.length * 2, '0')
  return /^1*0*$/.test(mask)
}

/** Numbers of the choices in GeneralName (RFC 5280, 4.2.1.6). */
export const generalName = { email: 1, dns: 2, uri: 6, ip: 7 } as const
