import { certificateFromDer } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { splitPem } from './pem.ts'

/** Text of a bundle: the blocks in the caller's order, each canonical, each ended by LF. */
// Without the newline at a join, Go's encoding/pem loses both certificates.
export function bundleText(certificates: readonly Certificate[]): string {
  return certificates.map((certificate) => certificate.pem).join('')
}

/**
 * Reads a bundle of certificates in the order of the file. Comments are left out; an empty text is an empty bundle.
 * @throws TypeError that names the line, if a block is broken, no certificate, or cannot be read.
 */
export function parseBundle(text: string): readonly Certificate[] {
  const { blocks, faults } = splitPem(text)
  const fault = faults[0]
  if (fault !== undefined) throw new TypeError(`line ${fault.line}: the PEM is broken (${fault.kind})`)
  return blocks.map((block) => {
    if (block.type !== 'CERTIFICATE') throw new TypeError(`line ${block.line}: a ${block.type} block is not a certificate`)
    try {
      return certificateFromDer(block.der)
    } catch (cause) {
      throw new TypeError(`line ${block.line}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
  })
}
