import { createHash } from 'node:crypto'

declare const brand: unique symbol

/** SHA-256 as 64 lower-case hex digits. */
export type Sha256 = string & { readonly [brand]: 'Sha256' }

/** SHA-256 of a certificate's DER bytes: 64 lower-case hex digits. */
export type Fingerprint = Sha256

/** The SHA-256 of bytes, or of a text's UTF-8 bytes. */
export function sha256(data: Uint8Array | string): Sha256 {
  return createHash('sha256').update(data).digest('hex') as Sha256
}

/** @returns the text as a SHA-256, or `null` if it is not one. */
export function parseSha256(text: string): Sha256 | null {
  return /^[0-9a-f]{64}$/.test(text) ? (text as Sha256) : null
}
