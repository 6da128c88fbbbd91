import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { parseBundle, parseCertificate } from '../../src/pki/index.ts'
import { readMeshRecord } from '../../src/rotation/index.ts'
import { clusterFolder, liveFile } from '../support/live-secret.ts'
import type { Reader } from '../support/example.ts'
import { sandboxIn } from '../support/states.ts'
import { onPath } from '../support/tools.ts'

type Json = Readonly<Record<string, unknown>>

const phases = ['mesh-ca/init', 'mesh-ca/g2-staged', 'mesh-ca/g2-promoted', 'mesh-ca/g2-steady'] as const
/** Who signs in a state, and who is trusted. */
const states: Readonly<Record<string, readonly [signer: string, ...trusted: string[]]>> = {
  'g1-steady': ['g1', 'g1'],
  'g2-staged': ['g1', 'g1', 'g2'],
  'g2-promoted': ['g2', 'g1', 'g2'],
  'g2-steady': ['g2', 'g2'],
}

let folder = ''
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'reroot-interop-'))))
afterAll(() => rmSync(folder, { recursive: true }))

describe.skipIf(!onPath('sops'))('sops', () => {
  const decrypt = (file: string, as: Reader): { readonly status: number | null; readonly stdout: string; readonly stderr: string } =>
    spawnSync('sops', ['decrypt', '--output-type', 'json', file], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: folder, SOPS_AGE_KEY_FILE: as.file },
    })

  test('every sealed Secret of every phase opens for the cluster and the operator, and holds what its state promises; no key of it is anywhere else', async () => {
    const sandbox = await sandboxIn('retired')
    const keys = new Set<string>()
    let opened = 0
    for (const phase of phases) {
      const { root, files } = sandbox.checkedOut(phase)
      const mesh = readMeshRecord(files.get('mesh-ca/mesh.yaml') ?? Buffer.alloc(0), 'mesh-ca/mesh.yaml')
      const rootOf = (id: string): string => mesh.generations.find((generation) => generation.id === id)?.certificate.fingerprint ?? id
      for (const path of [...files.keys()].filter((name) => name.startsWith(clusterFolder) && name.endsWith('.sops.yaml'))) {
        const { status, stdout, stderr } = decrypt(join(root, path), sandbox.cluster)
        expect(status, `${phase}:${path}: ${stderr}`).toBe(0)
        const secret = JSON.parse(stdout) as {
          readonly data: Record<string, string>
          readonly metadata: { readonly annotations: Record<string, string> }
        }
        const text = (key: string): string => Buffer.from(secret.data[key] ?? '', 'base64').toString('utf8')
        const state = secret.metadata.annotations['reroot.dev/state'] ?? ''
        if (path !== liveFile) expect(path).toBe(`${clusterFolder}/prepared/${state}.sops.yaml`)
        const [signer, ...trusted] = states[state] ?? ['none']
        expect(
          parseBundle(text('root-cert.pem')).map((one) => one.fingerprint),
          path,
        ).toEqual(trusted.map(rootOf))
        expect(parseBundle(text('cert-chain.pem')).map((one) => one.fingerprint)).toEqual([
          parseCertificate(text('ca-cert.pem')).fingerprint,
          rootOf(signer),
        ])
        expect(Object.keys(secret.data).toSorted()).toEqual(['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem'])
        keys.add(text('ca-key.pem'))
        opened += 1
      }
    }
    const live = sandbox.checkedOut('mesh-ca/g2-staged')

    expect(decrypt(join(live.root, liveFile), sandbox.operator).status).toBe(0)
    expect(decrypt(join(live.root, liveFile), sandbox.custodian).status).not.toBe(0)
    expect([opened, keys.size]).toEqual([1 + 5 + 5 + 2, 2])
    expect(sandbox.keysThatCameOut([...keys])).toEqual([])
  })

  test('an altered value fails the MAC', async () => {
    const sandbox = await sandboxIn('staged')
    const { root, files } = sandbox.checkedOut('main')
    writeFileSync(join(root, liveFile), (files.get(liveFile)?.toString() ?? '').replace('g2-staged', 'g2-Staged'))

    const { status, stderr } = decrypt(join(root, liveFile), sandbox.cluster)

    expect(status).not.toBe(0)
    expect(stderr).toContain('MAC mismatch')
  })

  test('the root’s key opens for its custodian alone, belongs to the root’s certificate, and nothing of the file is in the clear', async () => {
    const sandbox = await sandboxIn('staged')
    const { root, files } = sandbox.checkedOut('main')
    const path = 'mesh-ca/roots/g2.sops.yaml'

    const own = decrypt(join(root, path), sandbox.custodian)
    const document = JSON.parse(own.stdout) as {
      readonly mesh: string
      readonly generation: string
      readonly certificate: string
      readonly key: string
    }
    const of = (args: readonly string[], input: string): string => execFileSync('openssl', args, { input, encoding: 'utf8' })

    expect([document.mesh, document.generation]).toEqual(['shop', 'g2'])
    expect(of(['pkey', '-pubout'], document.key)).toBe(of(['x509', '-pubkey', '-noout'], document.certificate))
    for (const other of [sandbox.cluster, sandbox.operator]) expect(decrypt(join(root, path), other).status).not.toBe(0)
    for (const line of (files.get(path)?.toString() ?? '').split('\nsops:')[0]?.split('\n') ?? [])
      expect(line).toMatch(/^\w+: ENC\[AES256_GCM,/)
    expect(sandbox.keysThatCameOut([document.key])).toEqual([])
  })

  test.skipIf(!onPath('openssl'))(
    'openssl verifies the chain of each state against its own bundle, and g2’s against nothing of g1',
    async () => {
      const sandbox = await sandboxIn('staged')
      const { root } = sandbox.checkedOut('main')
      const verify = (bundle: string, chain: string, ca: string): number | null =>
        spawnSync('openssl', ['verify', '-x509_strict', '-no-CApath', '-no-CAstore', '-CAfile', bundle, '-untrusted', chain, ca]).status
      const written = (state: string): Readonly<Record<string, string>> => {
        const { data } = JSON.parse(decrypt(join(root, `${clusterFolder}/prepared/${state}.sops.yaml`), sandbox.cluster).stdout) as {
          readonly data: Record<string, string>
        }
        return Object.fromEntries(
          ['ca-cert.pem', 'cert-chain.pem', 'root-cert.pem'].map((key) => {
            const file = join(root, `${state}-${key}`)
            writeFileSync(file, Buffer.from(data[key] ?? '', 'base64'))
            return [key, file]
          }),
        )
      }
      const all = Object.keys(states).map((state) => [state, written(state)] as const)

      for (const [state, files] of all) {
        for (const [other, bundle] of all) {
          const trusts = states[other]?.slice(1).includes(states[state]?.[0] ?? '')
          expect(
            verify(bundle['root-cert.pem'] ?? '', files['cert-chain.pem'] ?? '', files['ca-cert.pem'] ?? '') === 0,
            `${state} against the bundle of ${other}`,
          ).toBe(trusts)
        }
      }
    },
  )
})

describe.skipIf(!onPath('kustomize'))('kustomize', () => {
  const build = (root: string, path: string): string =>
    execFileSync('kustomize', ['build', join(root, path)], { encoding: 'utf8', stdio: 'pipe' })
  const objects = (text: string): Map<string, Json> =>
    new Map(
      parseAllDocuments(text).map((document) => {
        const object = document.toJS() as {
          readonly kind: string
          readonly metadata: { readonly name: string; readonly namespace?: string }
        }
        return [`${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`, object]
      }),
    )

  test('every folder with a kustomization that reroot writes builds, in every phase', async () => {
    const sandbox = await sandboxIn('retired')
    for (const phase of phases) {
      const { root, files } = sandbox.checkedOut(phase)
      const folders = [...files.keys()].filter((path) => path.startsWith('mesh-ca/') && path.endsWith('/kustomization.yaml')).map(dirname)
      expect(folders.length).toBeGreaterThan(2)
      // The folder of the first phase's entry gate has nothing to wait for, and is empty.
      for (const path of folders) expect(() => build(root, path), `${phase}:${path}`).not.toThrow()
    }
  })

  test('with delivery owner every overlay differs in the pod templates of its workloads, and in nothing else', async () => {
    const sandbox = await sandboxIn('initialised')
    const overlays: Readonly<Record<string, readonly string[]>> = {
      'apps/cart/overlays/prod': ['Deployment/shop/cart', 'Deployment/shop/cart-worker'],
      'apps/checkout/overlays/prod': ['Deployment/shop/checkout'],
      'apps/payments': ['StatefulSet/payments/payments'],
      'apps/monitoring': ['DaemonSet/monitoring/node-agent'],
    }
    const rules = ['*/shop/*', '*/payments/*', '*/monitoring/*', '*/ledger/*']
      .map((match) => `    - { match: "${match}", delivery: owner }\n`)
      .join('')
    sandbox.forge.edit('mesh-ca/reroot.yaml', [['  rules: []\n', `  rules:\n${rules}`]])
    const before = sandbox.checkedOut('main')

    for (const [step, id, word] of [
      ['stage', 'g2-staged', []],
      ['promote', 'g2-promoted', ['--confirmed', 'looked']],
    ] as const) {
      await sandbox.does([step, '--stack', ...word], { as: sandbox.operator })
      sandbox.forge.merge(
        sandbox.forge
          .branches()
          .filter((name) => name.startsWith(`mesh-ca/${id}`))
          .at(-1) ?? '',
      )
      const after = sandbox.checkedOut('main')

      for (const [path, workloads] of Object.entries(overlays)) {
        const [was, is] = [objects(build(before.root, path)), objects(build(after.root, path))]
        expect([...is.keys()], path).toEqual([...was.keys()])
        for (const [name, object] of was) expect(is.get(name), name).toEqual(workloads.includes(name) ? annotated(object, id) : object)
      }
      const ledger = 'apps/ledger/deployment.yaml'
      const [was, is] = [before, after].map(({ files }) => objects(files.get(ledger)?.toString() ?? ''))
      expect(is?.get('Deployment/ledger/ledger')).toEqual(annotated(was?.get('Deployment/ledger/ledger') ?? {}, id))
    }
  })
})

function annotated(object: Json, id: string): Json {
  const copy = structuredClone(object) as { spec: { template: { metadata: { annotations?: Record<string, string> } } } }
  const { metadata } = copy.spec.template
  metadata.annotations = { ...metadata.annotations, 'reroot.dev/rotation': id }
  return copy
}
