import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import { field, texts, unary } from './unary.ts'

/** What a proxy speaks TLS with. */
export interface Identity {
  /** The leaf, and the chain to the root that signed it, PEM. */
  readonly chain: string
  readonly key: string
  /** What it trusts until its next request: the last element of istiod's answer, PEM. */
  readonly roots: string
  readonly notAfter: Date
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/**
 * Asks a real istiod for a certificate, as the agent of a sidecar does (security/pkg/nodeagent/caclient/providers/citadel): verifies it with the
 * namespace's ConfigMap, sends a request with an empty subject, and takes the last element of the answer as what it trusts.
 * @param roots `root-cert.pem` of the namespace's `istio-ca-root-cert`.
 * @param token of the pod's ServiceAccount, for the audience `istio-ca`.
 */
export async function requestIdentity(address: string, roots: string, token: string, validityHours: number): Promise<Identity> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const csr = await Pkcs10CertificateRequestGenerator.create({ name: '', keys, signingAlgorithm: algorithm }, webcrypto)
  const chain = await ask(address, roots, token, csr.toString('pem'), validityHours)
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return {
    chain: chain.slice(0, -1).join(''),
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
    roots: chain.at(-1) ?? '',
    notAfter: new Date(Date.now() + validityHours * 3_600_000),
  }
}

/** The fields that the emulator uses of istio.v1.auth (istio/api, security/v1alpha1/ca.proto): csr = 1, validity_duration = 3; cert_chain = 1. */
async function ask(address: string, roots: string, token: string, csr: string, hours: number): Promise<readonly string[]> {
  const request = Buffer.concat([field(1, csr), field(3, Math.round(hours * 3600))])
  const path = '/istio.v1.auth.IstioCertificateService/CreateCertificate'
  const chain = texts(await unary({ address, name: 'istiod.istio-system.svc', roots, path, token }, request), 1)
  if (chain.length < 2) throw new Error(`istiod answered with ${chain.length} certificates`)
  return chain
}
