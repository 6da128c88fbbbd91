import type { FindingId } from '../base/index.ts'

/** A private key or an identity that was found in bytes. What was found is never quoted. */
export interface KeyMaterial {
  readonly id: Extract<FindingId, 'guard/private-key' | 'guard/age-identity'>
  readonly what: string
  /** Line (from 1), where the text shows it as it is. */
  readonly line: number | null
}

const pemHeader = /-----BEGIN[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----/
const ageIdentity = /AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{40,}/

/**
 * Looks for private keys (PEM, DER in base64) and age identities: in the clear, in base64, and in base64 of base64, also where
 * lines are folded or escaped. Scanners that teams use miss most of these (a PEM in `data:` starts with `LS0tLS1CRUdJTi`).
 */
export function findKeyMaterial(bytes: Uint8Array): readonly KeyMaterial[] {
  // Byte by byte, so that no encoding hides anything; without NULs, so that UTF-16 does not either.
  const text = Buffer.from(bytes).toString('latin1').replaceAll('\0', '')
  // Line breaks, indentation, quotes and escapes may stand anywhere inside of a key.
  const dense = text.replaceAll(/\\[nrt]|[\s"'#\\]+/g, '')
  const found: KeyMaterial[] = []
  const add = (id: KeyMaterial['id'], what: string, shown: RegExp | string): void => {
    const offset = typeof shown === 'string' ? text.indexOf(shown) : text.search(shown)
    found.push({ id, what, line: offset < 0 ? null : text.slice(0, offset).split('\n').length })
  }
  if (/-----BEGIN[A-Z0-9]*PRIVATEKEY(?:BLOCK)?-----/.test(dense)) add('guard/private-key', 'a PEM private key', pemHeader)
  if (ageIdentity.test(dense)) add('guard/age-identity', 'an age identity', ageIdentity)
  for (const [id, cores] of encodedMarks) {
    const core = cores.find((candidate) => dense.includes(candidate))
    if (core !== undefined) add(id, id === 'guard/private-key' ? 'a PEM private key in base64' : 'an age identity in base64', core)
  }
  if (isDerPrivateKey(bytes)) found.push({ id: 'guard/private-key', what: 'a DER private key', line: null })
  // The body of a PEM is such a DER too: once is enough.
  if (found.some(({ id }) => id === 'guard/private-key')) return found
  const runs = [...dense.matchAll(/M(?=[A-P][A-Za-z0-9+/]{40})/g)].map(({ index }) => dense.slice(index, index + 40))
  const der = runs.find((run) => isDerPrivateKey(Buffer.from(run, 'base64')))
  if (der !== undefined) add('guard/private-key', 'a DER private key in base64', der)
  return found
}

const encodedMarks: readonly (readonly [KeyMaterial['id'], readonly string[]])[] = [
  ['guard/private-key', encodings('PRIVATE KEY-----')],
  ['guard/age-identity', [...encodings('AGE-SECRET-KEY-1'), ...encodings('AGE-SECRET-KEY-PQ-1')]],
]

/** The base64 forms of a text, once and twice encoded, at each of the three alignments, in both alphabets. */
function encodings(mark: string): readonly string[] {
  const once = alignments(mark)
  const all = [...once, ...once.flatMap(alignments)]
  return [...new Set(all.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]))]
}

function alignments(text: string): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from('\0'.repeat(shift) + text, 'latin1').toString('base64')
    // Only the characters that depend on nothing but the text.
    return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + text.length) * 8) / 6))
  })
}

/**
 * Whether bytes start as a private key does: SEQUENCE { INTEGER 0 or 1, then an AlgorithmIdentifier (PKCS#8, RFC 5958), a modulus
 * (PKCS#1, RFC 8017) or an OCTET STRING (RFC 5915) }. A certificate, a request and a public key start otherwise.
 */
function isDerPrivateKey(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x30) return false
  const length = bytes[1] ?? 0
  const body = length < 0x80 ? 2 : 2 + (length & 0x7f)
  const [tag, size, version, next] = bytes.slice(body, body + 4)
  return (
    length !== 0x80 &&
    body <= 6 &&
    tag === 0x02 &&
    size === 0x01 &&
    (version === 0 || version === 1) &&
    [0x30, 0x02, 0x04].includes(next ?? 0)
  )
}
