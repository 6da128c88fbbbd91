import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { folderFiles } from '../../src/adapters/files.ts'
import { render } from '../../src/run/index.ts'
import { expectGolden, readTree, withoutPayloads } from '../support/golden.ts'
import { exampleTree, house } from '../support/example.ts'
import { Sandbox } from '../support/sandbox.ts'
import type { Run } from '../support/warm-program.ts'

const goldens = join(house, 'test/golden')

test('each phase of a rotation of examples/flux writes what the golden files hold', async () => {
  const sandbox = await Sandbox.make({ root: { algorithm: 'rsa-2048' } })
  const phases: Record<string, ReadonlyMap<string, string>> = {}
  const phase = (name: string, { stdout }: Run): unknown => (phases[name] = changedFiles(sandbox, stdout))

  phase('init', await sandbox.takes(sandbox.initArguments(), 'mesh-ca/init', { as: sandbox.operator }))
  sandbox.forge.edit('mesh-ca/reroot.yaml', [
    ['algorithm: rsa-4096', 'algorithm: ecdsa-p256'],
    ['  tiers: []', '  tiers: [{ name: payments, namespaces: [payments, ledger] }]'],
  ])
  phase('staged', await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator }))
  phase('promoted', await sandbox.takes(['promote'], 'mesh-ca/g2-promoted'))
  phase('steady', await sandbox.takes(['retire', '--confirmed', 'istioctl shows an issuer of g2 in every proxy'], 'mesh-ca/g2-steady'))

  expectGolden(join(goldens, 'flux'), phases)
})

test('each phase of a rotation of examples/argocd, in two clusters at once, writes what the golden files hold', async () => {
  const sandbox = await Sandbox.make({ example: 'argocd', clusters: ['prod-eu', 'prod-us'], root: { algorithm: 'rsa-2048' } })
  const phases: Record<string, ReadonlyMap<string, string>> = {}
  const phase = (name: string, { stdout }: Run): unknown => (phases[name] = changedFiles(sandbox, stdout, 'argocd'))
  const word = ['--confirmed', 'both are Synced and Healthy, istioctl shows every proxy']

  phase('init', await sandbox.takes(sandbox.initArguments(), 'mesh-ca/init', { as: sandbox.operator }))
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])
  phase('staged', await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator }))
  phase('promoted', await sandbox.takes(['promote', ...word], 'mesh-ca/g2-promoted'))
  phase('steady', await sandbox.takes(['retire', ...word], 'mesh-ca/g2-steady'))

  expectGolden(join(goldens, 'argocd'), phases)
})

test.each(['flux', 'argocd'].flatMap((controller) => ['init', 'staged', 'promoted', 'steady'].map((phase) => `${controller}/${phase}`)))(
  'golden %s renders, offline and without keys, to its own bytes',
  async (phase) => {
    const written = readTree(join(goldens, phase))

    const { manifests, sealed } = await render(folderFiles(join(goldens, phase)), 'mesh-ca')

    expect(manifests.size).toBeGreaterThan(3)
    for (const [path, text] of manifests) expect(text, path).toBe(written.get(path))
    expect([...sealed].map(([path, bytes]) => [path, Buffer.from(bytes).toString('utf8')])).toEqual(
      [...sealed.keys()].map((path) => [path, written.get(path)]),
    )
  },
)

test('main.ts renders golden staged into a folder, as `cdk8s synth` calls it', async () => {
  const out = mkdtempSync(join(tmpdir(), 'reroot-dist-'))

  const { exitCode, stderr } = await execa('node', ['--import', join(house, 'scripts/typescript.js'), join(house, 'main.ts')], {
    cwd: house,
    env: { CDK8S_OUTDIR: out },
    reject: false,
  })

  const rendered = readTree(out)
  rmSync(out, { recursive: true })
  const written = readTree(join(goldens, 'flux/staged'))
  expect(exitCode, stderr).toBe(0)
  expect(rendered.size).toBeGreaterThan(10)
  for (const [path, text] of rendered) expect(text, path).toBe(written.get(path))
})

test('no golden file holds a payload of a sealed file', () => {
  for (const [path, text] of readTree(goldens)) expect(withoutPayloads(text), path).toBe(text)
})

/** What the repository has, and the example has not; the pull request’s text beside it. */
function changedFiles(sandbox: Sandbox, pullRequest: string, of: 'flux' | 'argocd' = 'flux'): ReadonlyMap<string, string> {
  const example = exampleTree(of)
  const files = [...sandbox.forge.files()].filter(([path, bytes]) => Buffer.compare(example[path] ?? Buffer.alloc(0), bytes) !== 0)
  return new Map([
    ...files.map(([path, bytes]) => [path, withoutPayloads(bytes.toString('utf8'))] as const),
    ['pull-request.md', pullRequest] as const,
  ])
}
