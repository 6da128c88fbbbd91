import { expect, test } from 'vitest'
import { Sandbox } from '../support/sandbox.ts'

const clusters = ['prod-eu', 'prod-us'] as const
const applicationOf = (cluster: string): string => `mesh-ca/clusters/${cluster}/argocd.yaml`

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
