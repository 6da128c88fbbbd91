import { bytesOf, isUniversal } from './der.ts'
import type { Der } from './der.ts'

/**
 * The text of a name's attribute, as Go reads it (`parseASN1String` of crypto/x509/parser.go, Go 1.26). OpenSSL reads more: it makes
 * `O=My_Org` a PrintableString if it is told to, and never looks at it again.
 * @throws TypeError for what Go refuses.
 */
export function stringOf(value: Der): string {
  // The reader has already made characters of a BMPString's pairs of bytes.
  if (isUniversal(value, 'bmp') && typeof value.value === 'string') return bmpText(value.value)
  const bytes = bytesOf(value)
  const text = bytes.toString('latin1')
  // As latin1, which is what nearly everybody means by T61String.
  if (isUniversal(value, 't61')) return text
  if (isUniversal(value, 'utf8')) return utf8Text(bytes)
  if (isUniversal(value, 'printable')) return only(/[A-Za-z0-9'()+,\-./ :=?*&]/, text, 'PrintableString')
  if (isUniversal(value, 'ia5')) return only(/[\0-\x7f]/, text, 'IA5String')
  if (isUniversal(value, 'numeric')) return only(/[0-9 ]/, text, 'NumericString')
  throw new TypeError(`a text is of an ASN.1 type that Go does not read (${value.type})`)
}

/** The bytes as ASCII. @throws TypeError naming what it is, if they are not. */
export function asciiOf(bytes: Buffer, what: string): string {
  if (bytes.some((byte) => byte > 0x7f)) throw new TypeError(`${what} has bytes that are not ASCII`)
  return bytes.toString('latin1')
}

function only(allowed: RegExp, text: string, type: string): string {
  const odd = [...text].find((character) => !allowed.test(character))
  if (odd !== undefined) throw new TypeError(`a ${type} holds ${JSON.stringify(odd)}, which Go does not read there`)
  return text
}

function utf8Text(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new TypeError('a UTF8String is not UTF-8')
  }
}

function bmpText(text: string): string {
  if (/[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]/.test(text)) throw new TypeError('a BMPString holds what is no character')
  return text.endsWith('\0') ? text.slice(0, -1) : text
}
