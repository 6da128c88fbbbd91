import { bytesOf, childrenOf, isUniversal, oidOf } from './der.ts'
import type { Der } from './der.ts'

const rsaEncryption = '1.2.840.113549.1.1.1'
const ecPublicKey = '1.2.840.10045.2.1'
const curves = new Set(['1.3.132.0.33', '1.2.840.10045.3.1.7', '1.3.132.0.34', '1.3.132.0.35']) // P-224, P-256, P-384, P-521

/**
 * Why Go refuses a certificate with this SubjectPublicKeyInfo, which OpenSSL reads; `null` if it takes it (`parsePublicKey` of
 * crypto/x509/parser.go, Go 1.26). Keys of a kind that Go does not know it passes over, RSA-PSS among them.
 */
export function publicKeyFault(subjectPublicKeyInfo: Der): string | null {
  const [identifier, key] = childrenOf(subjectPublicKeyInfo)
  const [algorithm, parameters] = childrenOf(identifier)
  switch (oidOf(algorithm)) {
    case rsaEncryption:
      return parameters !== undefined && isUniversal(parameters, 'null') ? null : 'its RSA key has no NULL parameters'
    case ecPublicKey:
      if (parameters === undefined || !isUniversal(parameters, 'oid')) return 'the curve of its key is not given by name'
      if (!curves.has(oidOf(parameters))) return `Go does not know the curve of its key (${oidOf(parameters)})`
      return bytesOf(key)[1] === 4 ? null : 'its key is a compressed point' // after the number of unused bits
    default:
      return null
  }
}
