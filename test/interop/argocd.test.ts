import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { parseBundle, parseCertificate } from '../../src/pki/index.ts'
import type { Reader } from '../support/example.ts'
import type { Sandbox } from '../support/sandbox.ts'
import { installKsops } from '../support/ksops.ts'
import { sandboxIn } from '../support/states.ts'
import { onPath } from '../support/tools.ts'

interface Built {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
}

const clusters = ['prod-eu', 'prod-us'] as const
const phases = ['mesh-ca/init', 'mesh-ca/g2-staged', 'mesh-ca/g2-promoted', 'mesh-ca/g2-steady'] as const

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reroot-argocd-'))
  installKsops(join(folder, 'bin'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Builds a folder as Argo CD's repo-server does, by the build options of the example's argocd-cm. */
function build(
  root: string,
  path: string,
  as: Reader | null,
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync('kustomize', ['build', '--enable-alpha-plugins', '--enable-exec', join(root, path)], {
    encoding: 'utf8',
    env: {
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      ...(as === null ? {} : { SOPS_AGE_KEY_FILE: as.file }),
    },
  })
}

const objectsOf = (text: string): readonly Built[] => parseAllDocuments(text).map((document) => document.toJS() as Built)

async function rotated(): Promise<Sandbox> {
  const sandbox = await sandboxIn('argocd')
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })
  for (const [step, id] of [
    ['promote', 'g2-promoted'],
    ['retire', 'g2-steady'],
  ] as const)
    await sandbox.takes([step, '--confirmed', 'looked at both'], `mesh-ca/${id}`)
  return sandbox
}

describe.skipIf(!onPath('kustomize') || !onPath('sops'))('kustomize with exec plugins, as Argo CD runs it', () => {
  test('each cluster’s folder builds in every phase: the Secret opened, everything else plain, and in rising sync waves', async () => {
    const sandbox = await rotated()
    const roots = { init: 1, 'g2-staged': 2, 'g2-promoted': 2, 'g2-steady': 1 }

    for (const phase of phases) {
      const { root, files } = sandbox.checkedOut(phase)
      for (const cluster of clusters) {
        const { status, stdout, stderr } = build(root, `mesh-ca/clusters/${cluster}`, sandbox.cluster)
        expect(status, `${phase} ${cluster}: ${stderr}`).toBe(0)
        const objects = objectsOf(stdout)
        const secret = objects.find(({ kind }) => kind === 'Secret')
        const state = objects.find(({ metadata }) => metadata.name === 'mesh-ca-state')
        const text = (key: string): string => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString('utf8')

        expect(secret?.metadata).toMatchObject({ name: 'cacerts', namespace: 'istio-system' })
        expect(secret?.metadata.annotations?.['reroot.dev/state']).toBe(state?.data?.['state'])
        expect(parseBundle(text('root-cert.pem'))).toHaveLength(roots[phase.replace('mesh-ca/', '') as keyof typeof roots])
        expect(parseCertificate(text('ca-cert.pem')).subject).toContain(`L=${cluster}`)
        const waves = objects.map(({ metadata }) => Number(metadata.annotations?.['argocd.argoproj.io/sync-wave']))
        expect(waves.every(Number.isInteger)).toBe(true)
        expect(Number(secret?.metadata.annotations?.['argocd.argoproj.io/sync-wave'])).toBe(1)
        if (phase !== 'mesh-ca/init')
          expect(new Set(waves)).toEqual(new Set(Array.from({ length: Math.max(...waves) + 1 }, (_, index) => index)))
      }
      const others = [...files.keys()].filter((path) => path.endsWith('/kustomization.yaml')).map(dirname)
      for (const path of others) expect(build(root, path, sandbox.cluster).status, `${phase}:${path}`).toBe(0)
    }
  })

  test('without the cluster’s identity, or with a changed sync wave, nothing builds: KSOPS checks the MAC', async () => {
    const sandbox = await sandboxIn('argocd')
    const { root, files } = sandbox.checkedOut('main')
    const path = 'mesh-ca/clusters/prod-eu'
    const live = `${path}/cacerts/cacerts.sops.yaml`

    expect(build(root, path, sandbox.custodian).status).not.toBe(0)
    expect(build(root, path, null).status).not.toBe(0)
    writeFileSync(join(root, live), (files.get(live)?.toString() ?? '').replace(/(sync-wave: )"1"/, '$1"0"'))
    const changed = build(root, path, sandbox.cluster)

    expect(changed.status).not.toBe(0)
    expect(changed.stderr).toContain('MAC mismatch')
  })

  test('with delivery owner the overlay differs in the pod templates of its workloads, and in nothing else', async () => {
    const sandbox = await sandboxIn('argocd')
    const rule = '  rules:\n    - { match: Deployment/shop/cart, clusters: [prod-eu], delivery: owner }'
    sandbox.forge.edit('mesh-ca/reroot.yaml', [['  rules: []', rule]])
    const before = sandbox.checkedOut('main')
    await sandbox.does(['stage', '--stack'], { as: sandbox.operator })
    const after = sandbox.checkedOut(
      sandbox.forge
        .branches()
        .filter((name) => name.startsWith('mesh-ca/g2-staged-2'))
        .at(-1) ?? '',
    )

    const changed = (path: string): readonly string[] => {
      const [was, is] = [before.root, after.root].map((root) => objectsOf(build(root, path, null).stdout))
      return (is ?? []).flatMap((object, index) =>
        JSON.stringify(object) === JSON.stringify(was?.[index]) ? [] : [`${object.kind} ${object.metadata.name}`],
      )
    }
    expect(changed('apps/cart/overlays/eu')).toEqual(['Deployment cart'])
    expect(changed('apps/cart/overlays/us')).toEqual([])
  })
})
