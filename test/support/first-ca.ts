import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemEntropy } from '../../src/adapters/system.ts'
import { bundleText, generateKey, issueIntermediate, issueRoot, lint, privateKeyPem } from '../../src/pki/index.ts'
import type { Certificate, KeyAlgorithm, KeyPair } from '../../src/pki/index.ts'

/** The files of one cluster's CA, as text. */
export type CaTexts = {
  readonly 'ca-cert.pem': string
  readonly 'ca-key.pem': string
  readonly 'cert-chain.pem': string
  readonly 'root-cert.pem': string
}

export interface FirstRoot {
  readonly certificate: Certificate
  readonly key: KeyPair
}

const day = 86_400_000

export interface RootWishes {
  readonly algorithm?: KeyAlgorithm
  readonly name?: string
  /** How many days ago its life began, and how many it has left; the second may be negative. */
  readonly age?: number
  readonly left?: number
}

/** A root as somebody made it by hand years ago. */
export async function firstRoot({
  algorithm = 'ecdsa-p256',
  name = 'Root CA',
  age = 730,
  left = 2920,
}: RootWishes = {}): Promise<FirstRoot> {
  const key = await generateKey(algorithm)
  const subject = [
    { type: 'O', value: 'Istio' },
    { type: 'CN', value: name },
  ] as const
  return { certificate: issueRoot(lint({ kind: 'root', subject, ...period(age, left) }), key, systemEntropy), key }
}

/** A cluster's CA below it. */
export async function clusterCa(root: FirstRoot, cluster: string, algorithm: KeyAlgorithm = 'ecdsa-p256'): Promise<CaTexts> {
  const key = await generateKey(algorithm)
  const { notBefore, notAfter } = root.certificate
  const subject = [
    { type: 'O', value: 'Istio' },
    { type: 'CN', value: 'Intermediate CA' },
    { type: 'L', value: cluster },
  ] as const
  const template = lint({
    kind: 'intermediate',
    subject,
    notBefore,
    notAfter,
    issuer: root.certificate,
    dnsNames: ['istiod.istio-system.svc'],
  })
  const ca = issueIntermediate(template, key.publicKey, { certificate: root.certificate, key: root.key.privateKey }, systemEntropy)
  return {
    'ca-cert.pem': ca.pem,
    'ca-key.pem': privateKeyPem(key.privateKey).reveal(),
    'cert-chain.pem': bundleText([ca, root.certificate]),
    'root-cert.pem': root.certificate.pem,
  }
}

/** Lays CAs out as Istio's tools/certs does (tools/certs/common.mk): the root's files, and a folder per cluster. */
export function layOut(folder: string, root: FirstRoot, clusters: Readonly<Record<string, CaTexts>>): void {
  write(join(folder, 'root-key.pem'), privateKeyPem(root.key.privateKey).reveal())
  write(join(folder, 'root-cert.pem'), root.certificate.pem)
  for (const [cluster, texts] of Object.entries(clusters))
    for (const [name, text] of Object.entries(texts)) write(join(folder, cluster, name), text)
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { mode: 0o600 })
}

function period(age: number, left: number): { readonly notBefore: Date; readonly notAfter: Date } {
  // Whole seconds, like all dates of a certificate.
  const now = Math.floor(Date.now() / 1000) * 1000
  return { notBefore: new Date(now - age * day), notAfter: new Date(now + left * day) }
}
