import { childrenOf, oid, oidOf, sequence, set, utf8String } from './der.ts'
import type { Der } from './der.ts'
import { stringOf } from './go-string.ts'
import { attributeOids, nameOfOid } from './oids.ts'

/** One attribute of a distinguished name that we write. */
export interface NameAttribute {
  readonly type: keyof typeof attributeOids
  readonly value: string
}

/** A distinguished name, in the order of its DER. */
export type Name = readonly NameAttribute[]

/** Writes a name: every attribute on its own, as UTF8String. */
export function nameDer(name: Name): Der {
  return sequence(...name.map(({ type, value }) => set(sequence(oid(attributeOids[type]), utf8String(value)))))
}

/** `O=Istio, CN=Root CA`: the attributes in the order of the DER, special characters escaped as in RFC 4514. @throws TypeError for what Go does not read. */
export function formatName(name: Der): string {
  return childrenOf(name)
    .map((relative) => childrenOf(relative).map(formatAttribute).join(' + '))
    .join(', ')
}

/** How a name that is not issued yet will be printed. */
export function describeName(name: Name): string {
  return formatName(nameDer(name))
}

function formatAttribute(attribute: Der): string {
  const [type, value] = childrenOf(attribute)
  if (value === undefined) throw new TypeError('an attribute of a name has no value')
  return `${nameOfOid(attributeOids, oidOf(type))}=${escape(stringOf(value))}`
}

function escape(text: string): string {
  return text
    .replace(/[,+"\\<>;]/g, (character) => `\\${character}`)
    .replace(/^[ #]| $/g, (character) => `\\${character}`)
    .replace(/[\u0000-\u001f\u007f]/g, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
