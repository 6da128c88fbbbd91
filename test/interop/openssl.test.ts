import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Confidential } from '../../src/base/index.ts'
import {
  bundleText,
  generateKey,
  intermediateTemplate,
  issueIntermediate,
  issueLeaf,
  issueRoot,
  keyAlgorithms,
  leafTemplate,
  lint,
  loadPrivateKey,
  parseCertificate,
  preflight,
  privateKeyPem,
  rootTemplate,
} from '../../src/pki/index.ts'
import type { Certificate, Issuer, KeyAlgorithm, KeyPair } from '../../src/pki/index.ts'
import { at, caFiles, days, entropy, makeCa } from '../pki/made-ca.ts'
import type { MadeCa, Wishes } from '../pki/made-ca.ts'
import { onPath } from '../support/tools.ts'

const isMissing = !onPath('openssl')

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'reroot-openssl-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const purposes = ['sslserver', 'sslclient'] as const
const dnsNames = ['istiod.istio-system.svc']
const uri = 'spiffe://cluster.local/ns/default/sa/default'

function openssl(args: readonly string[], input?: string): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync('openssl', args, {
    cwd: directory,
    encoding: 'utf8',
    ...(input === undefined ? {} : { input }),
  })
  return { ok: status === 0, output: `${stdout}${stderr}` }
}

function mustRun(args: readonly string[]): void {
  const { ok, output } = openssl(args)
  if (!ok) throw new Error(`openssl ${args[0]}: ${output}`)
}

let files = 0
function file(content: string): string {
  const path = join(directory, `${++files}.pem`)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

/** `openssl verify` at the tests' moment, for one purpose. An empty chain is left out, because openssl takes an empty file for an error. */
function verify(
  leaf: Certificate,
  chain: string,
  roots: string,
  purpose: string,
  options: readonly string[] = [],
): { ok: boolean; output: string } {
  const untrusted = chain === '' ? [] : ['-untrusted', file(chain)]
  return openssl([
    'verify',
    ...options,
    '-attime',
    String(at.getTime() / 1000),
    '-purpose',
    purpose,
    '-no-CApath',
    '-no-CAstore',
    '-CAfile',
    file(roots),
    ...untrusted,
    file(leaf.pem),
  ])
}

function issuedRoot(key: KeyPair, generation: string): Issuer {
  return {
    certificate: issueRoot(lint(rootTemplate({ mesh: 'shop', generation, at, days: 3650, backdateMinutes: 60 })), key, entropy),
    key: key.privateKey,
  }
}

function issuedBelow(issuer: Issuer, key: KeyPair, generation: string): Issuer {
  const template = lint(
    intermediateTemplate({
      mesh: 'shop',
      generation,
      cluster: 'prod-eu',
      dnsNames,
      at,
      days: 1825,
      backdateMinutes: 60,
      issuer: issuer.certificate,
    }),
  )
  return { certificate: issueIntermediate(template, key.publicKey, issuer, entropy), key: key.privateKey }
}

async function workload(issuer: Issuer): Promise<Certificate> {
  const { publicKey } = await generateKey('ecdsa-p256')
  return issueLeaf(lint(leafTemplate({ uri, at, hours: 24, issuer: issuer.certificate })), publicKey, issuer, entropy)
}

describe.skipIf(isMissing)('what we issue', () => {
  test.each(keyAlgorithms)(
    '%s: root, intermediate and workload pass the strict check, and OpenSSL reads the key',
    async (algorithm: KeyAlgorithm) => {
      const [rootKey, caKey] = await Promise.all([generateKey(algorithm), generateKey(algorithm)])
      const root = issuedRoot(rootKey, 'g2')
      const intermediate = issuedBelow(root, caKey, 'g2')
      const leaf = await workload(intermediate)

      for (const purpose of purposes) {
        expect(verify(leaf, intermediate.certificate.pem, root.certificate.pem, purpose, ['-x509_strict'])).toMatchObject({ ok: true })
      }
      expect(openssl(['pkey', '-noout', '-check'], privateKeyPem(caKey.privateKey).reveal())).toMatchObject({ ok: true })
    },
  )

  test('what OpenSSL prints of an intermediate is what we say of it', async () => {
    const root = issuedRoot(await generateKey('ecdsa-p256'), 'g2')
    const { certificate } = issuedBelow(root, await generateKey('ecdsa-p256'), 'g2')

    const { output } = openssl([
      'x509',
      '-in',
      file(certificate.pem),
      '-noout',
      '-subject',
      '-issuer',
      '-serial',
      '-fingerprint',
      '-sha256',
      '-ext',
      'basicConstraints,keyUsage,subjectAltName',
    ])

    // OpenSSL 3.2 left the blanks around "=" out.
    const names = output.replaceAll(' = ', '=')
    expect(names).toContain(`subject=${certificate.subject}\n`)
    expect(names).toContain(`issuer=${certificate.issuer}\n`)
    expect(output.toLowerCase()).toContain(`serial=${certificate.serial}`)
    expect(output.replaceAll(':', '').toLowerCase()).toContain(certificate.fingerprint)
    expect(output).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/)
    expect(output).toMatch(/Key Usage: critical\s+Digital Signature, Non Repudiation, Key Encipherment, Certificate Sign\n/)
    expect(output).toMatch(/Alternative Name:\s+DNS:istiod\.istio-system\.svc/)
  })

  test('a rotation: both generations verify under the joined roots, and the old one fails once its root is gone', async () => {
    const keys = await Promise.all(Array.from({ length: 4 }, () => generateKey('ecdsa-p256')))
    const [a, b] = [issuedRoot(keys[0] as KeyPair, 'g1'), issuedRoot(keys[1] as KeyPair, 'g2')]
    const [belowA, belowB] = [issuedBelow(a, keys[2] as KeyPair, 'g1'), issuedBelow(b, keys[3] as KeyPair, 'g2')]
    const both = bundleText([a.certificate, b.certificate])

    expect(verify(await workload(belowA), belowA.certificate.pem, b.certificate.pem, 'sslserver').ok).toBe(false)
    for (const ca of [belowA, belowB]) expect(verify(await workload(ca), ca.certificate.pem, both, 'sslserver')).toMatchObject({ ok: true })
    expect(verify(await workload(belowB), belowB.certificate.pem, b.certificate.pem, 'sslserver')).toMatchObject({ ok: true })
  })
})

describe.skipIf(isMissing)('a CA that Istio’s tools/certs made', () => {
  const extensions =
    'basicConstraints=critical,CA:true\nkeyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment,keyCertSign\nsubjectKeyIdentifier=hash\n'

  beforeAll(() => {
    // The calls of Makefile.selfsigned.mk and common.mk, with shorter keys.
    writeFileSync(
      join(directory, 'root-ca.conf'),
      `[req]\nencrypt_key=no\nprompt=no\nutf8=yes\ndefault_md=sha256\ndistinguished_name=dn\nreq_extensions=ext\nx509_extensions=ext\n[ext]\nsubjectKeyIdentifier=hash\nbasicConstraints=critical,CA:true\nkeyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment,keyCertSign\n[dn]\nO=Istio\nCN=Root CA\n`,
    )
    writeFileSync(
      join(directory, 'intermediate.conf'),
      `[req]\nencrypt_key=no\nprompt=no\nutf8=yes\ndefault_md=sha256\ndistinguished_name=dn\nreq_extensions=ext\nx509_extensions=ext\n[ext]\n${extensions.replace('CA:true', 'CA:true,pathlen:0')}subjectAltName=DNS:istiod.istio-system.svc\n[dn]\nO=Istio\nCN=Intermediate CA\nL=prod-eu\n`,
    )
    mustRun(['genrsa', '-out', 'root-key.pem', '2048'])
    mustRun(['req', '-sha256', '-new', '-key', 'root-key.pem', '-config', 'root-ca.conf', '-out', 'root-cert.csr'])
    mustRun([
      'x509',
      '-req',
      '-sha256',
      '-days',
      '3650',
      '-signkey',
      'root-key.pem',
      '-extensions',
      'ext',
      '-extfile',
      'root-ca.conf',
      '-in',
      'root-cert.csr',
      '-out',
      'root-cert.pem',
    ])
    mustRun(['genrsa', '-out', 'ca-key.pem', '2048'])
    mustRun(['req', '-sha256', '-new', '-config', 'intermediate.conf', '-key', 'ca-key.pem', '-out', 'cluster-ca.csr'])
    mustRun([
      'x509',
      '-req',
      '-sha256',
      '-days',
      '3650',
      '-CA',
      'root-cert.pem',
      '-CAkey',
      'root-key.pem',
      '-CAcreateserial',
      '-extensions',
      'ext',
      '-extfile',
      'intermediate.conf',
      '-in',
      'cluster-ca.csr',
      '-out',
      'ca-cert.pem',
    ])
  })

  const made = (name: string): string => readFileSync(join(directory, name), 'utf8')

  test('passes the preflight without a word', () => {
    const caCert = made('ca-cert.pem')
    const rootCert = made('root-cert.pem')

    const problems = preflight(
      { caCert, caKey: new Confidential(made('ca-key.pem')), certChain: caCert + rootCert, rootCert },
      new Date(),
      { entropy },
    )

    expect(problems).toEqual([])
    expect(parseCertificate(rootCert)).toMatchObject({ subject: 'O=Istio, CN=Root CA', algorithm: 'rsa-2048', isCa: true })
  })

  test('issues a fresh intermediate whose chain OpenSSL verifies', async () => {
    const certificate = parseCertificate(made('root-cert.pem'))
    const root = { certificate, key: loadPrivateKey(new Confidential(made('root-key.pem'))) }
    const key = await generateKey('ecdsa-p256')
    const template = lint(
      intermediateTemplate({
        mesh: 'shop',
        generation: 'g1',
        cluster: 'prod-eu',
        dnsNames,
        at: new Date(),
        days: 30,
        backdateMinutes: 60,
        issuer: certificate,
      }),
    )

    const intermediate = issueIntermediate(template, key.publicKey, root, entropy)

    expect(openssl(['verify', '-x509_strict', '-CAfile', 'root-cert.pem', file(intermediate.pem)])).toMatchObject({ ok: true })
    expect(Buffer.from(intermediate.rawIssuer)).toEqual(Buffer.from(certificate.rawSubject))
    expect(intermediate.notBefore.getTime()).toBeGreaterThanOrEqual(certificate.notBefore.getTime())
  })
})

test.skipIf(isMissing).each(['sha256', 'sha1'])('an RSA-PSS signature is named with its digest: %s', (digest) => {
  const name = `pss-${digest}`
  const pss = ['-sigopt', 'rsa_padding_mode:pss', `-${digest}`, '-sigopt', 'rsa_pss_saltlen:digest']
  mustRun([
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=pss',
    '-keyout',
    `${name}-key.pem`,
    '-out',
    `${name}.pem`,
    ...pss,
  ])

  expect(parseCertificate(readFileSync(join(directory, `${name}.pem`), 'utf8')).signatureAlgorithm).toBe(`rsassaPss-${digest}`)
})

describe.skipIf(isMissing)('the preflight and OpenSSL judge alike', () => {
  const root = makeCa()
  const below = (wishes: Wishes = {}, issuer: MadeCa = root): MadeCa => makeCa({ issuer, dnsNames, ...wishes })
  const namedRoot = (wishes: Wishes): [MadeCa, MadeCa] => {
    const odd = makeCa(wishes)
    return [below({}, odd), odd]
  }

  // Cases that OpenSSL without -x509_strict judges as Go does.
  test.each<[string, [MadeCa, MadeCa], boolean]>([
    ['a good CA', [below(), root], true],
    ['a root of version 1', namedRoot({ version: 1 }), true],
    ['pathlen that is enough', namedRoot({ pathLength: 1 }), true],
    ['another root', [below(), makeCa()], false],
    ['pathlen:0 above an intermediate', namedRoot({ pathLength: 0 }), false],
    ['a signer without keyCertSign', [below({ keyUsage: ['digitalSignature'] }), root], false],
    ['a signer that is no CA', [below({ isCa: false }), root], false],
    ['a signer for servers only', [below({ extendedKeyUsage: ['serverAuth'] }), root], false],
    ['an expired signer', [below({ notAfter: days(-1) }), root], false],
    ['a signer of tomorrow', [below({ notBefore: days(1) }), root], false],
    ['an expired root', namedRoot({ notAfter: days(-1) }), false],
    ['an unknown critical extension', [below({ unknownCritical: true }), root], false],
    ['a trust domain outside the constraints', namedRoot({ permitted: [['uri', 'mesh.example']] }), false],
    [
      'a trust domain inside the constraints',
      namedRoot({
        permitted: [
          ['uri', 'cluster.local'],
          ['dns', 'svc'],
        ],
      }),
      true,
    ],
    ['a DNS name outside the constraints', namedRoot({ permitted: [['dns', 'example.com']] }), false],
  ])('%s', (_, [signer, anchor], isGood) => {
    const ca = caFiles(signer, [], [anchor.certificate])
    const leaf = leafBelow(signer)

    const ours = preflight(ca, at, { entropy }).filter(({ severity }) => severity === 'error')
    const theirs = purposes.map((purpose) => verify(leaf, ca.certChain, ca.rootCert, purpose))

    expect(ours.length === 0).toBe(isGood)
    expect(theirs.every(({ ok }) => ok)).toBe(isGood)
  })

  test('two roots with one name: OpenSSL’s answer depends on their order, and we refuse both', () => {
    const name = [{ type: 'CN' as const, value: 'Root CA' }]
    const [old, young] = [makeCa({ name }), makeCa({ name })]
    const signer = below({}, old)
    const orders = [
      [old, young],
      [young, old],
    ].map((roots) =>
      caFiles(
        signer,
        [],
        roots.map(({ certificate }) => certificate),
      ),
    )

    const theirs = orders.map((ca) => verify(leafBelow(signer), ca.certChain, ca.rootCert, 'sslserver').ok)
    const ours = orders.map((ca) => preflight(ca, at, { entropy }).map(({ rule }) => rule))

    expect(theirs).toEqual([true, false])
    expect(ours).toEqual([['same-subject-roots'], ['same-subject-roots']])
  })

  /** A workload's certificate as istiod makes it, without asking whether this CA may. */
  function leafBelow(signer: MadeCa): Certificate {
    return makeCa({
      issuer: signer,
      name: [{ type: 'CN', value: 'workload' }],
      isCa: false,
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['serverAuth', 'clientAuth'],
      uris: [uri],
      notBefore: days(-0.1),
      notAfter: days(0.9),
    }).certificate
  }
})
