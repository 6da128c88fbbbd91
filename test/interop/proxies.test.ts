import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notRolledOut, proxiesNotConnected, proxiesNotOf, proxiesOf, proxiesWithout } from '../../src/plan/index.ts'
import { onPath } from '../support/tools.ts'

// The shell lines that people run before the steps that can break a mesh, with the real programs. Only istioctl is a script, which prints what
// istiod, Envoy and ztunnel print (Istio 1.30.3: istioctl/pkg/writer, and the dumps in its tests).

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A certificate whose issuer and subject have that name; no key of it is kept. */
function certificate(name: string, organization = 'shop'): string {
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
      `/O=${organization}/CN=${name}`,
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
    // Other meshes that reroot rotates, and this one trusts too.
    const others = [
      certificate('partner root CA g2', 'partner'),
      certificate('shop root CA g2', 'partner'),
      certificate('shop root CA g20'),
    ]
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
      'till-1.shop': envoy(old, oldRoot, ...others),
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
    writeFileSync(
      join(folder, 'kubectl'),
      `#!/bin/sh
[ "$1" = --context ] && shift 2
case "$*" in
  "get pods -A --field-selector status.phase=Running -o json") cat "${folder}/answers/pods" ;;
  "get deployments,statefulsets,daemonsets -A -o json") cat "${folder}/answers/workloads" ;;
  *) exit 64 ;;
esac
`,
    )
    chmodSync(join(folder, 'kubectl'), 0o755)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const run = (lines: readonly string[], shell = 'sh'): readonly string[] => {
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` }
    return execFileSync(shell, ['-c', lines.join('\n')], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trimEnd()
      .split('\n')
  }
  const items = (name: string, list: readonly unknown[]): void =>
    writeFileSync(join(folder, 'answers', name), JSON.stringify({ kind: 'List', items: list }))
  const here = { contexts: [], ambient: true }
  const sa = 'spiffe://cluster.local/ns/shop/sa/'

  test('print what has no certificate of the signer, and how many they have looked at', () => {
    const lines = run(proxiesNotOf('g2', here))
    // Several are looked at side by side.
    expect(lines.slice(0, 2).toSorted()).toEqual([
      'broken-1.shop  none',
      expect.stringMatching(/^till-1\.shop {2}issuer=.*intermediate CA g1$/),
    ])
    expect(lines.slice(2)).toEqual([
      '3 proxies looked at',
      expect.stringMatching(new RegExp(`^ztunnel-a\\.istio-system ${sa}till {2}issuer=.*intermediate CA g1$`)),
      `ztunnel-b.istio-system ${sa}waiting  none`,
      'ztunnel-silent.istio-system nothing  none',
      '5 certificates of 3 ztunnels looked at',
    ])
  })

  test('print what has a certificate of a generation that is given up, or none', () => {
    const lines = run(proxiesOf('g1', here))
    expect(lines.slice(0, 2).toSorted()).toEqual(['broken-1.shop  none', expect.stringMatching(/^till-1\.shop .*g1$/)])
    expect(lines.slice(2)).toEqual([
      '3 proxies looked at',
      expect.stringMatching(/till .*g1$/),
      expect.stringMatching(/waiting {2}none$/),
      'ztunnel-silent.istio-system nothing  none',
      '5 certificates of 3 ztunnels looked at',
    ])
  })

  test('print what does not trust a root', () => {
    const lines = run(proxiesWithout('O=shop, CN=shop root CA g2', here))
    expect(lines.slice(0, 2).toSorted()).toEqual(['broken-1.shop  none', 'till-1.shop  none'])
    expect(lines.slice(2)).toEqual([
      '3 proxies looked at',
      `ztunnel-a.istio-system ${sa}till  none`,
      `ztunnel-b.istio-system ${sa}waiting  none`,
      'ztunnel-silent.istio-system nothing  none',
      '5 certificates of 3 ztunnels looked at',
    ])
  })

  test('look in each of several clusters, and at no ztunnel where there is none', () => {
    const lines = run(proxiesNotOf('g2', { contexts: ['eu', 'us'], ambient: false }))

    expect(lines.filter((line) => line.endsWith('looked at'))).toEqual(['3 proxies looked at', '3 proxies looked at'])
    expect(lines).toEqual(expect.arrayContaining(['eu broken-1.shop  none', 'us broken-1.shop  none']))
    expect(lines.join('\n')).not.toContain('ztunnel')
    // A line begins with the context, so that a ztunnel's name is the second word of it.
    expect(proxiesNotOf('g2', { contexts: ['eu', 'us'], ambient: true }).at(-2)).toContain('seen[$2]')
  })

  test('print every proxy of many once, and no line within another', () => {
    const list = join(folder, 'answers/list')
    const before = readFileSync(list, 'utf8')
    const many = Array.from({ length: 10 }, (_, index) => `many-${String(index).padStart(2, '0')}.shop`)
    for (const proxy of many) copyFileSync(join(folder, 'answers/till-1.shop'), join(folder, 'answers', proxy))
    writeFileSync(list, ['NAME CLUSTER', ...many.map((proxy) => `${proxy} Kubernetes`)].join('\n'))

    for (const shell of ['sh', 'zsh'].filter((one) => spawnSync(one, ['-c', 'true']).status === 0)) {
      const lines = run(proxiesNotOf('g2', { contexts: [], ambient: false }), shell)

      expect(
        lines
          .slice(0, -1)
          .toSorted()
          .map((line) => line.split('  ')[0]),
      ).toEqual(many)
      for (const line of lines.slice(0, -1)) expect(line).toMatch(/^many-\d\d\.shop {2}issuer=O ?= ?shop, CN ?= ?shop intermediate CA g1$/)
      expect(lines.at(-1)).toBe('10 proxies looked at')
    }
    writeFileSync(list, before)
  })

  test('print the running pods whose proxy istiod does not know, and how many run: sidecars, native ones, waypoints, ztunnels', () => {
    const pod = (name: string, containers: readonly string[], first: readonly string[] | null = null): unknown => {
      const named = (all: readonly string[]): unknown => all.map((one) => ({ name: one }))
      const [own = '', namespace = ''] = name.split('.')
      const spec = { containers: named(containers), ...(first === null ? {} : { initContainers: named(first) }) }
      return { metadata: { name: own, namespace }, spec, status: { phase: 'Running' } }
    }
    items('pods', [
      pod('cart-1.shop', ['cart', 'istio-proxy'], ['istio-init']),
      pod('till-1.shop', ['till'], ['istio-validation', 'istio-proxy']),
      pod('lost-1.shop', ['lost', 'istio-proxy']),
      pod('waypoint-1.shop', ['istio-proxy']),
      pod('plain-1.shop', ['plain'], ['migrate']),
      pod('ztunnel-a.istio-system', ['istio-proxy']),
      pod('ztunnel-lost.istio-system', ['istio-proxy']),
    ])

    expect(run(proxiesNotConnected(here))).toEqual([
      'lost-1.shop is not connected',
      'waypoint-1.shop is not connected',
      'ztunnel-lost.istio-system is not connected',
      '4 proxies and 2 ztunnels run',
    ])
    items('pods', [pod('lost-1.shop', ['istio-proxy'])])
    expect(run(proxiesNotConnected({ contexts: ['eu', 'us'], ambient: false }))).toEqual(
      ['eu', 'us'].flatMap((context) => [`${context}:`, 'lost-1.shop is not connected', '1 proxies run']),
    )
    items('pods', [])
    expect(run(proxiesNotConnected(here))).toEqual(['none was found: kubectl or jq has failed', '0 proxies and 0 ztunnels run'])
  })

  test('print what is not rolled out, of each kind, and nothing of what is', () => {
    const workload = (kind: string, name: string, replicas: number | null, status: Record<string, unknown>): unknown => ({
      kind,
      metadata: { namespace: 'shop', name },
      spec: replicas === null ? {} : { replicas },
      status,
    })
    const revisions = (currentRevision: string, updateRevision: string): Record<string, unknown> => ({ currentRevision, updateRevision })
    items('workloads', [
      workload('Deployment', 'fine', 2, { replicas: 2, updatedReplicas: 2, availableReplicas: 2 }),
      workload('Deployment', 'off', 0, {}),
      workload('Deployment', 'unavailable', 2, { replicas: 2, updatedReplicas: 2, availableReplicas: 1 }),
      workload('Deployment', 'down', 1, { replicas: 1, updatedReplicas: 1 }),
      workload('Deployment', 'old-pods-left', 2, { replicas: 3, updatedReplicas: 2, availableReplicas: 3 }),
      workload('StatefulSet', 'fine', 1, { readyReplicas: 1, ...revisions('a', 'a') }),
      workload('StatefulSet', 'off', 0, revisions('a', 'a')),
      workload('StatefulSet', 'unready', 1, revisions('a', 'a')),
      workload('StatefulSet', 'half', 2, { readyReplicas: 2, ...revisions('a', 'b') }),
      workload('DaemonSet', 'fine', null, { desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 }),
      workload('DaemonSet', 'nowhere', null, { desiredNumberScheduled: 0 }),
      workload('DaemonSet', 'old', null, { desiredNumberScheduled: 3, updatedNumberScheduled: 2, numberAvailable: 3 }),
      workload('DaemonSet', 'down', null, { desiredNumberScheduled: 3, updatedNumberScheduled: 3 }),
    ])
    const wrong = [
      ...['unavailable', 'down', 'old-pods-left'].map((name) => `Deployment/shop/${name}`),
      ...['unready', 'half'].map((name) => `StatefulSet/shop/${name}`),
      ...['old', 'down'].map((name) => `DaemonSet/shop/${name}`),
    ]

    expect(run(notRolledOut([]))).toEqual(wrong)
    expect(run(notRolledOut(['eu']))).toEqual(wrong)
    expect(run(notRolledOut(['eu', 'us']))).toEqual(['eu:', ...wrong, 'us:', ...wrong])
  })
})
