import { bytesOf, childrenOf, contextTagOf } from './der.ts'
import type { Der } from './der.ts'

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

export function namesIn(items: readonly Der[]): GeneralNames {
  const of = (kind: number): Buffer[] => items.filter((item) => contextTagOf(item) === kind).map((item) => bytesOf(item))
  const names = {
    emails: of(generalName.email).map(text),
    dns: of(generalName.dns).map(text),
    uris: of(generalName.uri).map(text),
    ips: of(generalName.ip).map((bytes) => bytes.toString('hex')),
  }
  return { ...names, isEmpty: Object.values(names).every((list) => list.length === 0) }
}

export function subtreesIn(items: readonly Der[]): Subtrees {
  const bases = items.map((item) => childrenOf(item)[0]).filter((base) => base !== undefined)
  const known = new Set<number | null>(Object.values(generalName))
  return { ...namesIn(bases), hasOthers: bases.some((base) => !known.has(contextTagOf(base))) }
}

/** Numbers of the choices in GeneralName (RFC 5280, 4.2.1.6). */
export const generalName = { email: 1, dns: 2, uri: 6, ip: 7 } as const

function text(bytes: Buffer): string {
  return bytes.toString('latin1')
}
