/** Randomness, as a caller gives it. */
export interface Entropy {
  bytes(length: number): Uint8Array
}

/** A random positive serial number of 16 bytes, whose first bit is 0 (RFC 5280, 4.1.2.2) and whose second is 1, so that all are equally long. */
export function serialNumber(entropy: Entropy): bigint {
  const bytes = Uint8Array.from(entropy.bytes(16))
  if (bytes.length !== 16) throw new TypeError(`entropy gave ${bytes.length} bytes instead of 16`)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}
