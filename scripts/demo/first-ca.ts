import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemEntropy } from '../../src/adapters/system.ts'
import { bundleText, generateKey, issueIntermediate, issueRoot, lint, privateKeyPem } from '../../src/pki/index.ts'

/**
 * Lays out a CA as Istio's tools/certs does: root-key.pem and root-cert.pem, and a folder per cluster with ca-cert.pem, ca-key.pem,
 * cert-chain.pem and root-cert.pem (istio tools/certs/common.mk).
 */
export async function makeFirstCa(folder: string, cluster: string): Promise<void> {
  const [rootKey, caKey] = await Promise.all([generateKey('rsa-4096'), generateKey('rsa-4096')])
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
  const subject = [
    { type: 'O', value: 'Istio' },
    { type: 'CN', value: 'Intermediate CA' },
    { type: 'L', value: cluster },
  ] as const
  const template = lint({ kind: 'intermediate', subject, notBefore, notAfter, issuer: root, dnsNames: ['istiod.istio-system.svc'] })
  const ca = issueIntermediate(template, caKey.publicKey, { certificate: root, key: rootKey.privateKey }, systemEntropy)

  const own = join(folder, cluster)
  await mkdir(own, { recursive: true })
  const write = (path: string, text: string): Promise<void> => writeFile(path, text, { mode: 0o600, flag: 'wx' })
  await Promise.all([
    write(join(folder, 'root-key.pem'), privateKeyPem(rootKey.privateKey).reveal()),
    write(join(folder, 'root-cert.pem'), root.pem),
    write(join(own, 'ca-key.pem'), privateKeyPem(caKey.privateKey).reveal()),
    write(join(own, 'ca-cert.pem'), ca.pem),
    write(join(own, 'cert-chain.pem'), bundleText([ca, root])),
    write(join(own, 'root-cert.pem'), root.pem),
  ])
}
