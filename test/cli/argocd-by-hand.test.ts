import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { exampleTree } from '../support/example.ts'
import { Sandbox } from '../support/sandbox.ts'

const clusters = ['prod-eu', 'prod-us'] as const
const applicationOf = (cluster: string): string => `mesh-ca/clusters/${cluster}/argocd.yaml`
const applications = Object.keys(exampleTree('argocd'))
  .filter((path) => path.startsWith('argocd/apps/'))
  .map((path) => basename(path))

test('without an app of apps somebody applies reroot’s Applications once, and every step goes on from there', async () => {
  const sandbox = await Sandbox.make({ example: 'argocd', clusters, tree: { 'argocd/root.yaml': null } })

  const { stdout, stderr } = await sandbox.takes(sandbox.initArguments(), 'mesh-ca/init', { as: sandbox.operator })

  expect(stderr).not.toContain('argocd/destination')
  const config = sandbox.forge.file('mesh-ca/reroot.yaml')
  for (const cluster of clusters) {
    expect(stdout).toContain(`kubectl apply -f ${applicationOf(cluster)}`)
    expect(config).toContain(`paths: [argocd/apps, ${applicationOf(cluster)}]`)
    expect(config).toContain(`register: ${applicationOf(cluster)}`)
    expect(sandbox.forge.file(applicationOf(cluster))).toContain(`path: mesh-ca/clusters/${cluster}\n`)
  }
  const applied = clusters.map((cluster) => sandbox.forge.file(applicationOf(cluster)))
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })
  await sandbox.takes(['promote', '--confirmed', 'istioctl shows both roots'], 'mesh-ca/g2-promoted')

  // Nobody applies them a second time.
  expect(clusters.map((cluster) => sandbox.forge.file(applicationOf(cluster)))).toEqual(applied)
  for (const cluster of clusters) expect(sandbox.forge.file(`mesh-ca/clusters/${cluster}/kustomization.yaml`)).not.toContain('argocd.yaml')
})

test('without an app of apps: an Application that is gone, or changed, stops a step', async () => {
  const sandbox = await Sandbox.make({ example: 'argocd', clusters, tree: { 'argocd/root.yaml': null } })
  await sandbox.takes(sandbox.initArguments(), 'mesh-ca/init', { as: sandbox.operator })
  const refused = { as: sandbox.operator, exitCode: 3, code: 'REFUSED' } as const
  const written = sandbox.forge.file(applicationOf('prod-us'))

  sandbox.forge.push({ [applicationOf('prod-us')]: null })
  await sandbox.refuses(['stage'], { ...refused, says: ['restart/unregistered', 'argocd/mesh-ca-prod-us'] })
  sandbox.forge.push({ [applicationOf('prod-us')]: written.replace('selfHeal: false', 'selfHeal: true') })
  await sandbox.refuses(['stage'], { ...refused, says: ['argocd/changed', 'selfHeal: true', applicationOf('prod-us')] })
})

test('init says before the merge that a patch changes reroot’s Application, and how to leave it out; then stage runs', async () => {
  const patched = (selector: string): string =>
    `resources: [${applications.join(', ')}]
patches:
  - target: { kind: Application${selector} }
    patch: '[{ op: add, path: /spec/syncPolicy/automated/selfHeal, value: true }]'
`
  const sandbox = await Sandbox.make({ example: 'argocd', clusters, tree: { 'argocd/apps/kustomization.yaml': patched('') } })

  const { stdout, stderr } = await sandbox.does(sandbox.initArguments(), { as: sandbox.operator })

  expect(stderr).toContain('argocd/changed')
  expect(stderr).toContain('managed-by!=reroot')
  expect(stdout).toContain('**blocks `stage`** prod-eu: ')
  sandbox.forge.push({ 'argocd/apps/kustomization.yaml': patched(', labelSelector: "app.kubernetes.io/managed-by!=reroot"') })
  const again = await sandbox.takes(sandbox.initArguments(), 'mesh-ca/init', { as: sandbox.operator })
  expect(again.stderr).not.toContain('argocd/changed')
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])
  await sandbox.does(['stage'], { as: sandbox.operator })
})
