import type { KeyObject } from 'node:crypto'

/** The algorithms that every proxy of a mesh takes: istiod itself knows just these two curves (istio generate_cert.go:49-56). */
export const keyAlgorithms = ['rsa-2048', 'rsa-3072', 'rsa-4096', 'ecdsa-p256', 'ecdsa-p384'] as const
export type KeyAlgorithm = (typeof keyAlgorithms)[number]

const curveNames: Readonly<Record<string, string>> = {
  prime256v1: 'p256',
  secp384r1: 'p384',
  secp521r1: 'p521',
  secp224r1: 'p224',
}

/** `rsa-4096`, `ecdsa-p256`; for keys that are not ours their own name: `rsa-1024`, `ecdsa-p521`, `ed25519`. */
export function algorithmOf(key: KeyObject): string {
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss')
    return `${key.asymmetricKeyType}-${details?.modulusLength ?? 'unknown'}`
  if (key.asymmetricKeyType === 'ec') {
    const curve = details?.namedCurve ?? 'unknown'
    return `ecdsa-${curveNames[curve] ?? curve}`
  }
  return key.asymmetricKeyType ?? 'unknown'
}

/**
 * Why a CA with such a key cannot serve a mesh; `null` if it can.
 * istiod takes every key; ztunnel's rustls and Envoy's BoringSSL do not: RSA of 2048 to
 * 8192 bits, P-256 and P-384 are what all of them verify.
 */
export function algorithmProblem(algorithm: string): string | null {
  if (algorithm === 'ecdsa-p256' || algorithm === 'ecdsa-p384') return null
  const bits = /^rsa-(\d+)$/.exec(algorithm)?.[1]
  if (bits === undefined) return `${algorithm} keys are not verified by every proxy`
  if (Number(bits) < 2048) return `an RSA key of ${bits} bits is too short`
  return Number(bits) > 8192 ? `an RSA key of ${bits} bits is too long` : null
}

/** The digest that a key signs with: SHA-384 beside P-384 (RFC 5480, 4), else SHA-256, as Istio's own tools do. */
export function digestFor(algorithm: string): 'sha256' | 'sha384' {
  return algorithm === 'ecdsa-p384' ? 'sha384' : 'sha256'
}
