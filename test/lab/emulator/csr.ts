import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { join } from 'node:path'
import { credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js'
import type { Client, ServiceError } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'

/** What a proxy speaks TLS with. */
export interface Identity {
  /** The leaf, and the chain to the root that signed it, PEM. */
  readonly chain: string
  readonly key: string
  /** What it trusts until its next request: the last element of istiod's answer, PEM. */
  readonly roots: string
  readonly notAfter: Date
}

interface CaClient extends Client {
  CreateCertificate(
    request: { readonly csr: string; readonly validityDuration: number },
    metadata: Metadata,
    options: { readonly deadline: Date },
    done: (error: ServiceError | null, answer?: { readonly certChain?: readonly string[] }) => void,
  ): void
}

const definition = loadPackageDefinition(loadSync(join(import.meta.dirname, 'ca.proto')))
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

async function ask(address: string, roots: string, token: string, csr: string, hours: number): Promise<readonly string[]> {
  const Service = (definition as never as { istio: { v1: { auth: { IstioCertificateService: new (...args: unknown[]) => CaClient } } } })
    .istio.v1.auth.IstioCertificateService
  const name = 'istiod.istio-system.svc'
  const client = new Service(address, credentials.createSsl(Buffer.from(roots)), {
    'grpc.ssl_target_name_override': name,
    'grpc.default_authority': name,
  })
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${token}`)
  try {
    return await new Promise((resolve, reject) => {
      const deadline = new Date(Date.now() + 5000)
      client.CreateCertificate({ csr, validityDuration: Math.round(hours * 3600) }, metadata, { deadline }, (error, answer) => {
        const chain = answer?.certChain ?? []
        if (error !== null) reject(new Error(error.details))
        else if (chain.length < 2) reject(new Error(`istiod answered with ${chain.length} certificates`))
        else resolve(chain)
      })
    })
  } finally {
    client.close()
  }
}
