import asn1 from 'node-forge/lib/asn1.js'

/** One ASN.1 value. `value` is its bytes (as characters 0 to 255), or the values inside. */
export interface Der {
  readonly tagClass: number
  readonly type: number
  readonly constructed: boolean
  readonly value: string | Der[]
}

const universal = 0x00
const contextSpecific = 0x80
const tag = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  null: 5,
  oid: 6,
  utf8: 12,
  sequence: 16,
  set: 17,
  numeric: 18,
  printable: 19,
  t61: 20,
  ia5: 22,
  utcTime: 23,
  generalizedTime: 24,
  bmp: 30,
} as const

/**
 * Reads exactly one DER value.
 * @throws TypeError if the bytes are not DER. Go's parser takes no other encoding, so neither do we: what was read must give the same bytes again.
 */
export function readDer(bytes: Uint8Array): Der {
  const text = Buffer.from(bytes).toString('latin1')
  let value: Der
  try {
    value = asn1.fromDer(text, { strict: true, parseAllBytes: true, decodeBitStrings: false })
  } catch (cause) {
    throw new TypeError('the bytes are not ASN.1', { cause })
  }
  if (asn1.toDer(value).getBytes() !== text) throw new TypeError('the bytes are ASN.1 but not DER')
  return value
}

export function writeDer(value: Der): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1')
}

export const sequence = (...items: readonly Der[]): Der => make(universal, tag.sequence, true, [...items])
export const set = (...items: readonly Der[]): Der => make(universal, tag.set, true, [...items])
export const nullValue = (): Der => make(universal, tag.null, false, '')
export const trueValue = (): Der => make(universal, tag.boolean, false, '\xff')
export const oid = (dotted: string): Der => make(universal, tag.oid, false, asn1.oidToDer(dotted).getBytes())
export const octetString = (bytes: Uint8Array): Der => make(universal, tag.octetString, false, latin1(bytes))
export const utf8String = (text: string): Der => make(universal, tag.utf8, false, latin1(Buffer.from(text, 'utf8')))
/** Wrapped: `[number] EXPLICIT value`. */
export const explicit = (number: number, value: Der): Der => make(contextSpecific, number, true, [value])
/** Bytes under another tag: `[number] IMPLICIT`. */
export const implicit = (number: number, bytes: Uint8Array): Der => make(contextSpecific, number, false, latin1(bytes))

/** A BIT STRING; `unusedBits` of its last byte do not count. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Der {
  return make(universal, tag.bitString, false, String.fromCharCode(unusedBits) + latin1(bytes))
}

/** A whole number that is not negative, in the fewest bytes. */
export function integer(number: bigint | number): Der {
  if (number < 0) throw new RangeError('negative integers are not written')
  const digits = number.toString(16)
  const hex = digits.length % 2 === 0 ? digits : `0${digits}`
  return make(universal, tag.integer, false, latin1(Buffer.from(Number.parseInt(hex.slice(0, 2), 16) >= 0x80 ? `00${hex}` : hex, 'hex')))
}

/** UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5). */
export function time(date: Date): Der {
  return date.getUTCFullYear() < 2050
    ? make(universal, tag.utcTime, false, asn1.dateToUtcTime(date))
    : make(universal, tag.generalizedTime, false, asn1.dateToGeneralizedTime(date))
}

/** @throws TypeError if the value holds bytes and not values. */
export function childrenOf(der: Der | undefined): readonly Der[] {
  if (der === undefined || typeof der.value === 'string') throw new TypeError('a constructed ASN.1 value was expected')
  return der.value
}

/** @throws TypeError if the value holds values and not bytes. */
export function bytesOf(der: Der | undefined): Buffer {
  if (der === undefined || typeof der.value !== 'string') throw new TypeError('a primitive ASN.1 value was expected')
  return Buffer.from(der.value, 'latin1')
}

/** @throws TypeError if the value is no OBJECT IDENTIFIER. */
export function oidOf(der: Der | undefined): string {
  if (der === undefined || !isUniversal(der, 'oid') || typeof der.value !== 'string' || der.value === '')
    throw new TypeError('an OBJECT IDENTIFIER was expected')
  return asn1.derToOid(der.value)
}

/** @throws TypeError if the value is no INTEGER. */
export function integerOf(der: Der | undefined): bigint {
  if (der === undefined || !isUniversal(der, 'integer')) throw new TypeError('an INTEGER was expected')
  const bytes = bytesOf(der)
  if (bytes.length === 0) throw new TypeError('an INTEGER is empty')
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
}

/** @throws TypeError unless the value is a time as certificates write it: UTC, with seconds (RFC 5280, 4.1.2.5). */
export function timeOf(der: Der | undefined): Date {
  const text = bytesOf(der).toString('latin1')
  const isUtcTime = der !== undefined && isUniversal(der, 'utcTime')
  const century = isUtcTime ? (text < '5' ? '20' : '19') : ''
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(century + text)
  const date = new Date(match === null ? Number.NaN : `${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}Z`)
  if (Number.isNaN(date.getTime())) throw new TypeError('a date was expected')
  return date
}

export function isUniversal(der: Der, name: keyof typeof tag): boolean {
  return der.tagClass === universal && der.type === tag[name]
}

/** The number of a context-specific tag; `null` for any other tag. */
export function contextTagOf(der: Der): number | null {
  return der.tagClass === contextSpecific ? der.type : null
}

function make(tagClass: number, type: number, constructed: boolean, value: string | Der[]): Der {
  return asn1.create(tagClass, type, constructed, value)
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
