import { describe, expect, test } from 'vitest'
import { Confidential, describeFinding, RerootError } from '../../src/base/index.ts'
import type { CaFiles } from '../../src/pki/index.ts'
import { bundleFindings, refuseBadBundle } from '../../src/run/live-secret.ts'
import { at, caFiles, days, entropy, makeCa, rsaKey } from '../pki/made-ca.ts'
import type { MadeCa, Wishes } from '../pki/made-ca.ts'

const root = makeCa()
const dnsNames = ['istiod.istio-system.svc']
const signer = makeCa({ issuer: root, pathLength: 0, dnsNames })
const good = caFiles(signer, [], [root.certificate])
const context = { clock: { now: () => at }, entropy }
const blockLines = root.certificate.pem.split('\n').length - 1

const withSigner = (wishes: Wishes): CaFiles => caFiles(makeCa({ issuer: root, dnsNames, ...wishes }), [], [root.certificate])
const withKey = (ca: MadeCa, passphrase?: string): CaFiles => ({
  ...good,
  caKey: new Confidential(
    ca.privateKey
      .export({ format: 'pem', type: 'pkcs8', ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }) })
      .toString(),
  ),
})
const sameName = (): CaFiles => {
  const name = [{ type: 'CN' as const, value: 'Root CA' }]
  const [mine, other] = [makeCa({ name }), makeCa({ name })]
  return caFiles(makeCa({ issuer: mine, dnsNames }), [], [mine.certificate, other.certificate])
}

describe('a CA that is refused, in the words that people read', () => {
  test.each<[string, CaFiles, { place: string; message: string; expected: string; found: string | RegExp }]>([
    [
      'glued blocks',
      { ...good, certChain: good.certChain.trimEnd() + root.certificate.pem },
      {
        place: `cert-chain.pem:${good.certChain.trimEnd().split('\n').length}`,
        message: 'two PEM blocks are joined without a line break: both are lost',
        expected: 'END and BEGIN on lines of their own',
        found: 'both on one line',
      },
    ],
    [
      'the key of another certificate',
      withKey(makeCa()),
      { place: 'ca-key.pem:1', message: 'the key does not belong to CN=made', expected: 'the key of CN=made', found: 'another key' },
    ],
    [
      'an encrypted key',
      withKey(signer, 'x'),
      {
        place: 'ca-key.pem:1',
        message: 'a PEM block of type ENCRYPTED PRIVATE KEY is not a private key that istiod reads',
        expected: 'an RSA or EC key as PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY, not encrypted',
        found: 'ENCRYPTED PRIVATE KEY',
      },
    ],
    [
      'a CA that has expired',
      withSigner({ notAfter: days(-1) }),
      { place: 'ca-cert.pem:1', message: 'has expired', expected: `valid at ${at.toISOString()}`, found: /^valid from \S+ to \S+$/ },
    ],
    [
      'a CA of tomorrow',
      withSigner({ notBefore: days(1) }),
      { place: 'ca-cert.pem:1', message: 'is not valid yet', expected: `valid at ${at.toISOString()}`, found: /^valid from \S+ to \S+$/ },
    ],
    [
      'a signature with SHA-1',
      withSigner({ digest: 'sha1' }),
      { place: 'ca-cert.pem:1', message: 'is not accepted', expected: 'SHA-256 or better', found: 'ecdsa-with-SHA1' },
    ],
    [
      'a key of 1024 bits',
      withSigner({ key: rsaKey(1024) }),
      {
        place: 'ca-cert.pem:1',
        message: 'an RSA key of 1024 bits is too short',
        expected: 'RSA of 2048 bits or more, P-256 or P-384',
        found: 'rsa-1024',
      },
    ],
    [
      'an intermediate of version 1',
      withSigner({ version: 1 }),
      {
        place: 'ca-cert.pem:1',
        message: 'is no CA',
        expected: 'basicConstraints CA:TRUE',
        found: 'an X.509 version 1 certificate, which has no extensions',
      },
    ],
    [
      'two roots of one name',
      sameName(),
      {
        place: `root-cert.pem:${blockLines + 1}`,
        message: 'two roots have the subject CN=Root CA',
        expected: 'a subject of its own for each root',
        found: `at line 1, CN=Root CA`,
      },
    ],
    [
      'bytes that are no certificate',
      { ...good, rootCert: good.rootCert + good.rootCert.replace(/\n.*\n/, '\nAAAA\n') },
      {
        place: `root-cert.pem:${blockLines + 1}`,
        message: '',
        expected: 'an X.509 certificate that Go reads',
        found: 'bytes that it refuses',
      },
    ],
  ])('%s', (_, files, { place, message, expected, found }) => {
    let caught: unknown
    try {
      refuseBadBundle(files, '../certs', 'prod', context)
    } catch (error) {
      caught = error
    }

    if (!(caught instanceof RerootError)) throw new Error('it was taken')
    expect(caught).toMatchObject({ code: 'CA_UNSUPPORTED', hint: 'mend the CA first; nothing was written' })
    const finding = caught.findings.find((one) => one.place.object === place && one.message.includes(message))
    expect(finding, caught.findings.map((one) => describeFinding(one)).join('\n')).toMatchObject({
      id: 'ca/preflight',
      severity: 'error',
      place: { cluster: 'prod', file: '../certs' },
    })
    expect(finding?.expected).toContain(expected)
    expect(finding?.found).toMatch(found)
    expect(finding?.remedy).toMatch(/\w/)
    expect(describeFinding(finding ?? fail())).toContain(`prod ../certs ${place}: `)
  })
})

test.each<[string, CaFiles, string]>([
  ['Windows line ends', { ...good, rootCert: good.rootCert.replaceAll('\n', '\r\n') }, 'root-cert.pem:1: the file has Windows line ends'],
  ['comments', { ...good, rootCert: `# our root\n${good.rootCert}` }, 'root-cert.pem:1: there is text outside the PEM blocks'],
  [
    'the wrong order',
    { ...good, certChain: root.certificate.pem + good.certChain },
    'cert-chain.pem:1: the chain does not begin with the CA that signs',
  ],
])('%s in a CA are no refusal, and are told', (_, files, words) => {
  expect(() => refuseBadBundle(files, '../certs', 'prod', context)).not.toThrow()

  expect(bundleFindings(files, '../certs', 'prod', context).map((finding) => `${finding.severity} ${describeFinding(finding)}`)).toEqual([
    expect.stringContaining(`warning prod ../certs ${words}`) as string,
  ])
})

function fail(): never {
  throw new Error('there is no finding')
}
