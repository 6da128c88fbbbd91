import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proxiesNotOf, proxiesOf, proxiesWithout } from '../../src/plan/index.ts'
import { onPath } from '../support/tools.ts'

// The shell lines that people run before the steps that can break a mesh, with the real programs. Only istioctl is a script, which prints what
// istiod, Envoy and ztunnel print (Istio 1.30.3: istioctl/pkg/writer, and the dumps in its tests).

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A certificate whose issuer and subject have that name; no key of it is kept. */
function certificate(name: string): string {
  return execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-days',
      '1',
      '-subj',
      `/O=shop/CN=${name}`,
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
}

describe.skipIf(!onPath('jq', 'openssl'))('the lines that look at every proxy', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'proxies-'))
    const [old, next] = [certificate('shop intermediate CA g1'), certificate('shop intermediate CA g2')]
    const [oldRoot, nextRoot] = [certificate('shop root CA g1'), certificate('shop root CA g2')]
    const envoy = (leaf: string, ...roots: readonly string[]): unknown => ({
      dynamicActiveSecrets: [
        { name: 'default', secret: { tlsCertificate: { certificateChain: { inlineBytes: base64(leaf + next) } } } },
        { name: 'ROOTCA', secret: { validationContext: { trustedCa: { inlineBytes: base64(roots.join('')) } } } },
      ],
    })
    const entry = (identity: string, chain: readonly string[] | null, roots: readonly string[] | null, form = base64): unknown => {
      const listed = (all: readonly string[] | null): unknown => all?.map((pem) => ({ pem: form(pem), serialNumber: '1' })) ?? null
      return {
        identity: `spiffe://cluster.local/ns/shop/sa/${identity}`,
        state: 'Available',
        certChain: listed(chain),
        rootCerts: listed(roots),
      }
    }
    const asItIs = (pem: string): string => pem
    const answers = {
      'cart-1.shop': envoy(next, oldRoot, nextRoot),
      'till-1.shop': envoy(old, oldRoot),
      'broken-1.shop': {},
      'ztunnel-a.istio-system': [entry('cart', [next, nextRoot], [oldRoot, nextRoot]), entry('till', [old, oldRoot], [oldRoot], asItIs)],
      // As ztunnel was before it told roots apart, and one that has no certificate yet.
      'ztunnel-b.istio-system': [entry('legacy', [next, nextRoot], null), entry('waiting', null, null)],
    }
    mkdirSync(join(folder, 'answers'))
    writeFileSync(join(folder, 'answers/ztunnel-silent.istio-system'), '')
    for (const [proxy, answer] of Object.entries(answers)) writeFileSync(join(folder, 'answers', proxy), JSON.stringify(answer))
    const list = [
      'NAME CLUSTER ISTIOD VERSION TYPES',
      ...[...Object.keys(answers), 'ztunnel-silent.istio-system'].map((proxy) => `${proxy} Kubernetes istiod-1 1.30.3 5`),
    ]
    writeFileSync(join(folder, 'answers/list'), `${list.join('\n')}\n`)
    writeFileSync(
      join(folder, 'istioctl'),
      `#!/bin/sh
[ "$1" = --context ] && shift 2
case "$1 $2" in
  "proxy-status ") cat "${folder}/answers/list" ;;
  "proxy-config secret") case "$3" in ztunnel-*) exit 1 ;; *) cat "${folder}/answers/$3" ;; esac ;;
  "ztunnel-config certificates") cat "${folder}/answers/$3" ;;
  *) exit 64 ;;
esac
`,
    )
    chmodSync(join(folder, 'istioctl'), 0o755)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const run = (lines: readonly string[]): readonly string[] => {
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` }
    return execFileSync('sh', ['-c', lines.join('\n')], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trimEnd()
      .split('\n')
  }
  const here = { contexts: [], ambient: true }
  const sa = 'spiffe://cluster.local/ns/shop/sa/'

  test('print what has no certificate of the signer, and how many they have looked at', () => {
    expect(run(proxiesNotOf('g2', here))).toEqual([
      expect.stringMatching(/^till-1\.shop {2}issuer=.*intermediate CA g1$/),
      'broken-1.shop  none',
      '3 proxies looked at',
      expect.stringMatching(new RegExp(`^ztunnel-a\\.istio-system ${sa}till {2}issuer=.*intermediate CA g1$`)),
      `ztunnel-b.istio-system ${sa}waiting  none`,
      'ztunnel-silent.istio-system nothing  none',
      '5 certificates of ztunnels looked at',
    ])
  })

  test('print what has a certificate of a generation that is given up, or none', () => {
    expect(run(proxiesOf('g1', here))).toEqual([
      expect.stringMatching(/^till-1\.shop .*g1$/),
      'broken-1.shop  none',
      '3 proxies looked at',
      expect.stringMatching(/till .*g1$/),
      expect.stringMatching(/waiting {2}none$/),
      'ztunnel-silent.istio-system nothing  none',
      '5 certificates of ztunnels looked at',
    ])
  })

  test('print what does not trust a root', () => {
    expect(run(proxiesWithout('g2', here))).toEqual([
      'till-1.shop  none',
      'broken-1.shop  none',
      '3 proxies looked at',
      `ztunnel-a.istio-system ${sa}till  none`,
      `ztunnel-b.istio-system ${sa}waiting  none`,
      'ztunnel-silent.istio-system nothing  none',
      '5 certificates of ztunnels looked at',
    ])
  })

  test('look in each of several clusters, and at no ztunnel where there is none', () => {
    const lines = run(proxiesNotOf('g2', { contexts: ['eu', 'us'], ambient: false }))

    expect(lines.filter((line) => line.endsWith('looked at'))).toEqual(['3 proxies looked at', '3 proxies looked at'])
    expect(lines).toEqual(expect.arrayContaining(['eu broken-1.shop  none', 'us broken-1.shop  none']))
    expect(lines.join('\n')).not.toContain('ztunnel')
  })
})
