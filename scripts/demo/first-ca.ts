import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemEntropy } from '../../src/adapters/system.ts'
import { bundleText, generateKey, issueIntermediate, issueRoot, lint, privateKeyPem } from '../../src/pki/index.ts'
import type { Certificate, KeyPair } from '../../src/pki/index.ts'

// One in the field for two years is an RSA one.
const algorithm = 'rsa-2048'

/**
 * Lays out a CA as Istio's tools/certs does: root-key.pem and root-cert.pem, and a folder per cluster with ca-cert.pem, ca-key.pem,
 * cert-chain.pem and root-cert.pem (istio tools/certs/common.mk).
 */
export async function makeFirstCa(folder: string, clusters: readonly string[]): Promise<void> {
  const [rootKey, ...caKeys] = await Promise.all([generateKey(algorithm), ...clusters.map(() => generateKey(algorithm))])
  // Two years old: whole seconds, like all dates of a certificate.
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000 - 730 * 86_400_000)
  const notAfter = new Date(notBefore.getTime() + 3650 * 86_400_000)
  const root = issueRoot(
    lint({
      kind: 'root',
      subject: [
        { type: 'O', value: 'Istio' },
        { type: 'CN', value: 'Root CA' },
      ],
      notBefore,
      notAfter,
    }),
    rootKey,
    systemEntropy,
  )
  await mkdir(folder, { recursive: true })
  await Promise.all([
    write(join(folder, 'root-key.pem'), privateKeyPem(rootKey.privateKey).reveal()),
    write(join(folder, 'root-cert.pem'), root.pem),
  ])
  for (const [index, cluster] of clusters.entries()) {
    const key = caKeys[index]
    if (key === undefined) throw new TypeError('unreachable')
    await makeIntermediate(join(folder, cluster), cluster, { certificate: root, key: rootKey.privateKey }, key)
  }
}

async function makeIntermediate(
  folder: string,
  cluster: string,
  issuer: { readonly certificate: Certificate; readonly key: KeyPair['privateKey'] },
  key: KeyPair,
): Promise<void> {
  const subject = [
    { type: 'O', value: 'Istio' },
    { type: 'CN', value: 'Intermediate CA' },
    { type: 'L', value: cluster },
  ] as const
  const { notBefore, notAfter } = issuer.certificate
  const dnsNames = ['istiod.istio-system.svc']
  const template = lint({ kind: 'intermediate', subject, notBefore, notAfter, issuer: issuer.certificate, dnsNames })
  const ca = issueIntermediate(template, key.publicKey, issuer, systemEntropy)
  await mkdir(folder, { recursive: true })
  await Promise.all([
    write(join(folder, 'ca-key.pem'), privateKeyPem(key.privateKey).reveal()),
    write(join(folder, 'ca-cert.pem'), ca.pem),
    write(join(folder, 'cert-chain.pem'), bundleText([ca, issuer.certificate])),
    write(join(folder, 'root-cert.pem'), issuer.certificate.pem),
  ])
}

function write(path: string, text: string): Promise<void> {
  return writeFile(path, text, { mode: 0o600, flag: 'wx' })
}
