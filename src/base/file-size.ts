/** Larger files are refused, whatever they hold (`yaml/encoding`). */
export const largestFileBytes = 5 * 1024 * 1024

const sizes = new WeakMap<Uint8Array, number>()

/** Says that these bytes are the beginning of a file of that size, read so far that it is refused. */
export function asBeginning(bytes: Uint8Array, fileBytes: number): Uint8Array {
  sizes.set(bytes, fileBytes)
  return bytes
}

/** How large the file is from which these bytes were read. */
export function fileBytesOf(bytes: Uint8Array): number {
  return sizes.get(bytes) ?? bytes.byteLength
}
